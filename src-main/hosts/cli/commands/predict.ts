import { formatQuantity } from '../../../contract/format-quantity.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCore } from '../open-core.ts';
import { table } from '../output.ts';

export async function predict(
  model: string,
  o: { readonly target: string },
  { output, db }: CommandContext,
): Promise<number> {
  const opened = await openCore(db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const done = core.predict(model, o.target);
  if (!done.ok) return output.fail(done);
  const { prepared, full } = done.value;
  const { program, target, image } = prepared;
  const { plan } = program;
  const facts = {
    model: prepared.model.name,
    target: target.id,
    macs: program.header.macs,
    arenaBytes: plan.arenaBytes,
    arenaLowerBoundBytes: plan.lowerBoundBytes,
    flashBytes: image.flashBytes,
    prediction: full.prediction,
  };
  output.result(facts, () =>
    [
      `${facts.model} on ${target.name}: ${facts.macs.toLocaleString('en')} MACs, ${facts.flashBytes.toLocaleString('en')} bytes of flash, ` +
        `arena ${facts.arenaBytes.toLocaleString('en')} of ${target.board.image.arenaBytes.toLocaleString('en')} bytes (lower bound ${facts.arenaLowerBoundBytes.toLocaleString('en')})`,
      `latency ${formatQuantity(full.prediction.latency!).line}\nenergy  ${formatQuantity(full.prediction.energy!).line} (from the data sheet's current: wide)`,
      table(
        ['op', 'kernel', 'operator', 'MACs', 'cycles', '±'],
        full.cycles.ops.map((op) => [
          String(op.index),
          op.kernel,
          op.name.slice(0, 40),
          op.macs.toLocaleString('en'),
          Math.round(op.cycles).toLocaleString('en'),
          `${op.cycles > 0 ? ((op.plusMinus / op.cycles) * 100).toFixed(0) : 0} %${op.extrapolated ? ' extrapolated' : ''}`,
        ]),
        [0, 3, 4, 5],
      ),
      `basis: ${full.prediction.basis}`,
    ].join('\n\n'),
  );
  return exitCodes.done;
}
