import { fail } from '../../../base/errors.ts';
import type { RunResult } from '../../../contract/index.ts';
import { formatQuantity, formatSignedPercent } from '../../../contract/format-quantity.ts';
import { comparedFigures, compareRuns } from '../../../report/comparison.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCoreToRead } from '../open-core.ts';
import { table } from '../output.ts';
import { validityText } from '../run-view.ts';
import { resultsOf } from './report.ts';

/** The figures both runs have, as values with their uncertainty. */
function texts(base: RunResult, other: RunResult): Record<string, readonly [string, string]> {
  return Object.fromEntries(
    comparedFigures.flatMap(({ figure, of }) => {
      const a = of(base);
      const b = of(other);
      return a && b ? [[figure, [formatQuantity(a).line, formatQuantity(b).line] as const]] : [];
    }),
  );
}

function verdicts(base: RunResult, other: RunResult) {
  const text = texts(base, other);
  return compareRuns(base, other).figures.map((f) => ({ ...f, text: text[f.figure]! }));
}

export async function compare(
  baseline: number,
  others: readonly number[],
  { output, db }: CommandContext,
): Promise<number> {
  const opened = await openCoreToRead(db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const results = resultsOf(core, [baseline, ...others]);
  if (!results.ok) return output.fail(results);
  const [base, ...rest] = results.value;
  const rows = rest.map((r) => ({
    run: r.runId,
    baseline,
    verdicts: verdicts(base!, r),
    validity: validityText(r),
  }));
  const any = rows.some((r) => r.verdicts.length > 0);
  if (!any)
    return output.fail(
      fail(
        'cli.nothing-to-compare',
        { baseline, others: [...others] },
        'These runs share no figure: they were made in different modes.',
        'Compare runs of one mode.',
      ),
    );
  output.result(rows, () =>
    rows
      .map((r) =>
        table(
          [`run ${r.run} against ${baseline}`, 'baseline', 'this run', 'change', 'verdict'],
          r.verdicts.map((v) => [
            v.figure,
            v.text[0],
            v.text[1],
            formatSignedPercent(v.change, 2),
            v.verdict,
          ]),
          [3],
        ),
      )
      .join('\n\n'),
  );
  return exitCodes.done;
}
