/**
 * Cycles a MAC on a Cortex-M0+, per layer and network: the firmware's sources and flags in rp2040js, code and arena
 * in SRAM, no wait states. Deterministic, so the figures may be compared between versions to the last cycle.
 */
import { buildM0Engine, runOnM0 } from './m0-engine.ts';
import { benchModels } from './models.ts';

export const name = 'm0-cycles';

/** What CMSIS-NN takes on kws01. */
const KWS01_LIMIT = 15;

const hundredths = (x: number): number => Math.round(x * 100) / 100;

export async function bench() {
  const figures: Record<string, number> = {};
  const engine = buildM0Engine();
  figures['code bytes'] = engine.codeBytes;
  for (const { name: model, program, inputs } of benchModels()) {
    const { opCycles } = runOnM0(engine, program, inputs);
    for (const [i, op] of program.ops.entries()) {
      const cycles = opCycles[i]!;
      if (op.macs > 0) figures[`${model} ${i} ${op.name} cycles/MAC`] = hundredths(cycles / op.macs);
      else figures[`${model} ${i} ${op.name} cycles`] = cycles;
    }
    const total = opCycles.reduce((a, b) => a + b, 0);
    figures[`${model} cycles`] = total;
    figures[`${model} cycles/MAC`] = hundredths(total / program.header.macs);
  }
  const kws01 = figures['kws01 cycles/MAC'];
  const checks =
    kws01 === undefined
      ? []
      : [{ name: 'kws01 cycles/MAC', value: kws01, limit: KWS01_LIMIT, ok: kws01 <= KWS01_LIMIT }];
  return { figures, checks };
}
