import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WallClock } from '../../src-main/base/clock.ts';
import { orThrow } from '../../src-main/base/errors.ts';
import { openSerial } from '../../src-main/link/serial.ts';
import { PPK2_EXACT_TABLE_ACCURACY } from '../../src-main/monitor/ppk2/accuracy.ts';
import { ppk2Codec } from '../../src-main/monitor/ppk2/decoder.ts';
import { openPpk2 } from '../../src-main/monitor/ppk2/driver.ts';
import { windowEnergy } from '../../src-main/trace/energy.ts';
import { newTraceHeader } from '../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../src-main/trace/memory-store.ts';
import { recordTrace } from '../../src-main/trace/recording.ts';
import { describeWith, needs, python, root } from '../needs.ts';
import { decodeUa } from './ppk2-decode.ts';
import { pumpPpk2 } from './ppk2-pump.ts';
import { askOracle, ppk2Cases } from './ppk2-vectors.ts';
import type { Step } from '../unit/monitor/ppk2-bench.ts';

const VOLTS = 3.3;

/** Idle 1.2 s, a window of 0.8 s, idle 0.2 s. */
const END_US = 2_200_000;
const WINDOW_US = [1_200_003, 2_000_007] as const;

function load(highA: number, lowA: number, halfUs: number): Step[] {
  const steps: Step[] = [{ timeUs: 0, currentA: 0.01, logic: 0 }];
  for (let t: number = WINDOW_US[0], high = true; t < WINDOW_US[1]; t += halfUs, high = !high)
    steps.push({ timeUs: t, currentA: high ? highA : lowA, logic: 1 });
  steps.push({ timeUs: WINDOW_US[1], currentA: 0.01, logic: 0 });
  return steps;
}

interface ClientReading {
  readonly count: number;
  readonly first: number;
  readonly last: number;
  readonly windowMeanUa: number;
}

function readWithClient(path: string): Promise<ClientReading> {
  const script = join(root, 'test/oracle/ppk2_oracle.py');
  const child = spawn(python!, [script, 'read', path, String(VOLTS * 1000), String(END_US / 1e6)]);
  let out = '';
  let errors = '';
  child.stdout.on('data', (d: Buffer) => (out += d.toString()));
  child.stderr.on('data', (d: Buffer) => (errors += d.toString()));
  return new Promise((resolve, reject) =>
    child.on('close', (code) =>
      code === 0 ? resolve(JSON.parse(out) as ClientReading) : reject(new Error(errors)),
    ),
  );
}

async function readWithOurs(path: string) {
  const clock = new WallClock();
  await using monitor = orThrow(await openPpk2(orThrow(await openSerial({ path, baud: 115_200, clock }))));
  orThrow(await monitor.setSupply({ mode: 'source', millivolts: VOLTS * 1000 }));
  const header = newTraceHeader(monitor.streamFormat, { traceId: 't', title: 't', source: 'emulated' });
  const recording = recordTrace(monitor, new MemoryTraceStore(header), ppk2Codec);
  const window = orThrow(await recording.waitForWindow(0, clock.nowUs() + 20e6));
  const energy = orThrow(windowEnergy(recording.trace, window, { accuracy: PPK2_EXACT_TABLE_ACCURACY }));
  const end = await recording.stop();
  return { energy, end };
}

describeWith([needs.python], 'PPK2 decoder against ppk2-api, live', () => {
  it('agrees to the last bit on streams nobody committed', () => {
    for (const c of ppk2Cases(77).filter((_, i) => i % 4 === 0)) expect(decodeUa(c)).toEqual(askOracle(c));
  });
});

describeWith([needs.python, needs.socat], 'emulated PPK2 on a pseudo-terminal', () => {
  const cases = [
    { name: 'below 60 mA', highA: 0.0411, lowA: 0.0173, share: 0.005 },
    { name: 'with 80 mA', highA: 0.08, lowA: 0.003, share: Infinity },
  ];
  it.each(cases)(
    'ppk2-api and our decoder both read the world’s integral, $name',
    async ({ highA, lowA, share }) => {
      const steps = load(highA, lowA, 3_511);
      const read = async <T>(use: (path: string) => Promise<T>) => {
        await using pump = await pumpPpk2(steps, END_US);
        return { got: await use(pump.path), truthJ: pump.truth.chargeC(...WINDOW_US) * VOLTS };
      };
      const ours = await read(readWithOurs);
      const theirs = await read(readWithClient);
      expect(ours.got.end.kind).toBe('complete');
      expect(theirs.got.count).toBe(END_US / 10);
      const { gross } = ours.got.energy;
      const theirJ = theirs.got.windowMeanUa * 1e-6 * (theirs.got.last + 1 - theirs.got.first) * 1e-5 * VOLTS;
      expect(Math.abs(gross.joules / theirJ - 1)).toBeLessThan(1e-9);
      expect(Math.abs(gross.joules - ours.truthJ)).toBeLessThan(gross.systematicJ);
      expect(Math.abs(theirJ - theirs.truthJ)).toBeLessThan(gross.systematicJ);
      expect(Math.abs(gross.joules / ours.truthJ - 1)).toBeLessThan(share);
      expect(Math.abs(theirJ / theirs.truthJ - 1)).toBeLessThan(share);
    },
  );
});

describeWith([needs.socat], 'emulated PPK2 on a pseudo-terminal, faults', () => {
  it('one percent of dropped samples: counted, and inside the stated bound', async () => {
    await using pump = await pumpPpk2(load(0.0411, 0.0173, 3_511), END_US, {
      faults: { dropShare: 0.01, leftOverBytes: 37 },
    });
    const { energy, end } = await readWithOurs(pump.path);
    // the counter cannot tell what was dropped before the first and after the last sample that came
    expect(Math.abs(end.missingSamples - pump.dropped())).toBeLessThanOrEqual(2);
    expect(energy.coverage).toBeLessThan(0.995);
    expect(Math.abs(energy.gross.joules - pump.truth.chargeC(...WINDOW_US) * VOLTS)).toBeLessThan(
      energy.gross.systematicJ,
    );
  });
});
