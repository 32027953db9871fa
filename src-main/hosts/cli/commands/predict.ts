import { formatQuantity } from '../../../contract/format-quantity.ts';
import type { KernelChoice } from '../../../contract/index.ts';
import { explainChoice, type ExplainedChoice, type ExplainedLayer } from '../../../core/explain-choice.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCore } from '../open-core.ts';
import { table } from '../output.ts';

export interface PredictOptions {
  readonly target: string;
  readonly kernels: KernelChoice;
  readonly explain?: boolean;
}

const n = (x: number) => Math.round(x).toLocaleString('en');

export async function predict(
  model: string,
  o: PredictOptions,
  { output, db }: CommandContext,
): Promise<number> {
  const opened = await openCore(db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const done = core.predict(model, o.target, undefined, o.kernels);
  if (!done.ok) return output.fail(done);
  const { prepared, full } = done.value;
  const { program, target, image } = prepared;
  const { plan } = program;
  const explained = o.explain ? explainChoice(prepared) : null;
  const facts = {
    model: prepared.model.name,
    target: target.id,
    kernels: o.kernels,
    macs: program.header.macs,
    arenaBytes: plan.arenaBytes,
    arenaLowerBoundBytes: plan.lowerBoundBytes,
    copiedBytes: plan.copiedBytes,
    flashBytes: image.flashBytes,
    prediction: full.prediction,
    ...(explained ? { explained } : {}),
  };
  const copied = plan.copiedBytes > 0 ? `, ${n(plan.copiedBytes)} of constants copied to RAM` : '';
  output.result(facts, () =>
    [
      `${facts.model} on ${target.name}: ${n(facts.macs)} MACs, ${n(facts.flashBytes)} bytes of flash, ` +
        `arena ${n(facts.arenaBytes)} of ${n(target.board.image.arenaBytes)} bytes (lower bound ${n(facts.arenaLowerBoundBytes)})${copied}`,
      `latency ${formatQuantity(full.prediction.latency!).line}\nenergy  ${formatQuantity(full.prediction.energy!).line} (from the data sheet's current: wide)`,
      table(
        ['op', 'kernel', 'operator', 'MACs', 'cycles', '±'],
        full.cycles.ops.map((op) => [
          String(op.index),
          op.kernel,
          op.name.slice(0, 40),
          n(op.macs),
          n(op.cycles),
          `${op.cycles > 0 ? ((op.plusMinus / op.cycles) * 100).toFixed(0) : 0} %${op.extrapolated ? ' extrapolated' : ''}`,
        ]),
        [0, 3, 4, 5],
      ),
      `basis: ${full.prediction.basis}`,
      ...(explained ? [explainedText(explained)] : []),
    ].join('\n\n'),
  );
  return exitCodes.done;
}

const reasons: Readonly<Record<ExplainedLayer['decidedBy'], string>> = {
  cycles: '',
  flash: 'flash is short for a faster one',
  compact: 'constants may not be larger (--kernels compact)',
  arena: "a faster one's scratch would make the arena larger than an interpreter's",
  ram: 'RAM is short for a faster one',
};

/** Every kernel of every layer; `*` is the one that was taken. */
function explainedText(e: ExplainedChoice): string {
  const rows = e.layers.flatMap((layer) =>
    layer.kernels.map((k, i) => [
      i === 0 ? String(layer.index) : '',
      i === 0 ? layer.name.slice(0, 24) : '',
      `${k.chosen ? '*' : ' '} ${k.kernel}`,
      k.constants ?? '',
      ...[k.cycles, k.waitCycles, k.constantBytes, k.codeBytes, k.arenaBytes, k.copiedBytes].map((x) =>
        x === null ? '' : n(x),
      ),
      k.refused ?? (k.chosen ? reasons[layer.decidedBy] : ''),
    ]),
  );
  const shares = e.cycles > e.boundCycles ? `, at most ${n(e.cycles - e.boundCycles)} from the fewest` : '';
  return [
    'Why these kernels: estimates by which they are chosen; the prediction above has measured coefficients.',
    table(
      ['op', 'operator', 'kernel', 'constants', 'cycles', 'waits', 'bytes', 'code', 'arena', 'copied', ''],
      rows,
      [0, 4, 5, 6, 7, 8, 9],
    ),
    `${n(e.cycles)} cycles${shares}; constants ${n(e.constantBytes)} and code ${n(e.codeBytes)} of ${n(e.flashLimitBytes)} bytes of flash; ` +
      `arena ${n(e.arenaBytes)} and copies ${n(e.copiedBytes)} of ${n(e.ramLimitBytes)} bytes of RAM`,
  ].join('\n');
}
