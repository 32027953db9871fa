import { windowEnergyColumn } from '../../../contract/window-energy.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCoreToRead } from '../open-core.ts';
import { table } from '../output.ts';
import { layersText, profileText, runText } from '../run-view.ts';
import { resultsOf } from './report.ts';

/** A list has no room for uncertainties: no digit that a monitor's systematic part would not carry. */
const coarse = (x: number | null) => (x === null ? '' : String(Number(x.toPrecision(3))));
const or = (x: number | null, digits: number) => (x === null ? '' : x.toFixed(digits));

export async function runs({ output, db }: CommandContext): Promise<number> {
  const opened = await openCoreToRead(db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const list = core.runs();
  if (!list.ok) return output.fail(list);
  output.result(list.value, () =>
    list.value.length === 0
      ? `No runs in ${core.store.path}. Begin with: microjoule demo`
      : table(
          [
            'run',
            'started',
            'model',
            'target',
            'mode',
            'status',
            'windows',
            'ms/inf',
            'µJ/inf',
            'score',
            'source',
          ],
          list.value.map((r) => [
            String(r.runId),
            r.startedAt.slice(0, 16).replace('T', ' '),
            r.modelName,
            r.targetId,
            r.mode,
            r.status,
            r.mode === 'accuracy' ? '' : `${r.windowsFinished}/${r.windowsPlanned}`,
            or(r.latencyUs === null ? null : r.latencyUs / 1000, 3),
            coarse(r.energyUjPerInference),
            or(r.score, 3),
            r.source,
          ]),
          [0, 7, 8, 9],
        ),
  );
  return exitCodes.done;
}

export async function show(id: number, { output, db }: CommandContext): Promise<number> {
  const opened = await openCoreToRead(db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const found = resultsOf(core, [id]);
  if (!found.ok) return output.fail(found);
  const run = found.value[0]!;
  output.result(run, () => {
    const energy = windowEnergyColumn(run);
    const windows = run.windows.map((w, i) => [
      `${w.index + 1}${w.attempt ? `.${w.attempt + 1}` : ''}`,
      w.inputName,
      String(w.inferences),
      w.durationUs === null || !w.inferences ? '' : (w.durationUs / w.inferences / 1000).toFixed(4),
      energy.cells[i]!,
      w.outputCheck,
      w.status === 'finished' ? '' : `excluded: ${w.exclusion?.id ?? ''}`,
    ]);
    const rules = run.validity.rules.map((r) => `${r.kept ? '✓' : '✗'} ${r.rule}: ${r.reason}`).join('\n');
    return [
      runText(run),
      windows.length
        ? table(['window', 'input', 'N', 'ms/inf', energy.head, 'device = host', ''], windows, [2, 3, 4])
        : '',
      profileText(run),
      layersText(run),
      rules,
    ]
      .filter(Boolean)
      .join('\n\n');
  });
  return exitCodes.done;
}
