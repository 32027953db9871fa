import { fail } from '../../../base/errors.ts';
import type { Quantity, RunResult } from '../../../contract/index.ts';
import { formatQuantity, formatSignedPercent } from '../../../contract/format-quantity.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCoreToRead } from '../open-core.ts';
import { table } from '../output.ts';
import { validityText } from '../run-view.ts';
import { resultsOf } from './report.ts';

export interface Verdict {
  readonly figure: string;
  readonly baseline: number;
  readonly other: number;
  readonly change: number;
  readonly verdict: 'better' | 'worse' | 'equal' | "can't tell";
}

/** Half-width of all that is known to be uncertain of a value when two runs of one bench are compared. */
function slack(q: Quantity): number {
  const { low, high } = q.interval;
  return low !== null && high !== null ? (high - low) / 2 : 0;
}

/** One window does not tell how windows differ, whatever the noise of its samples. */
function windowsCompared({ interval }: Quantity): boolean {
  return interval.method !== 'none' && interval.method !== 'samples';
}

/** A serial number that nobody could read does not make two benches one; nor are two simulated worlds one. */
export function sameBenchOf(a: RunResult, b: RunResult): boolean {
  const serials = (r: RunResult) => [r.monitor?.serial, r.identity?.boardSerial];
  const [monitor, board] = serials(a);
  const [otherMonitor, otherBoard] = serials(b);
  return (
    a.source === b.source &&
    monitor === otherMonitor &&
    board === otherBoard &&
    monitor !== 'unknown' &&
    board !== 'unknown' &&
    a.plan.worldSeed === b.plan.worldSeed
  );
}

/**
 * The systematic part is common to runs on one bench and does not blur their difference; across benches it does.
 * A verdict needs intervals that do not touch.
 */
export function verdictOf(
  figure: string,
  a: Quantity,
  b: Quantity,
  sameBench: boolean,
  higherIsBetter: boolean,
): Verdict {
  const systematic = sameBench ? 0 : (a.systematic?.plusMinus ?? 0) + (b.systematic?.plusMinus ?? 0);
  const gap = slack(a) + slack(b) + systematic;
  const difference = b.value - a.value;
  const known = windowsCompared(a) && windowsCompared(b);
  const verdict =
    difference === 0 && known
      ? 'equal'
      : !known || Math.abs(difference) <= gap
        ? "can't tell"
        : difference > 0 === higherIsBetter
          ? 'better'
          : 'worse';
  return { figure, baseline: a.value, other: b.value, change: difference / a.value, verdict };
}

function verdicts(
  base: RunResult,
  other: RunResult,
): (Verdict & { readonly text: readonly [string, string] })[] {
  const sameBench = sameBenchOf(base, other);
  const pairs: readonly (readonly [string, Quantity | null, Quantity | null, boolean])[] = [
    ['latency', base.latency, other.latency, false],
    ['energy per inference', base.energyPerInference, other.energyPerInference, false],
    ['net energy per inference', base.netEnergyPerInference, other.netEnergyPerInference, false],
    ['accuracy', base.accuracy?.score ?? null, other.accuracy?.score ?? null, true],
  ];
  return pairs.flatMap(([figure, a, b, higher]) =>
    a && b
      ? [
          {
            ...verdictOf(figure, a, b, sameBench, higher),
            text: [formatQuantity(a).line, formatQuantity(b).line] as const,
          },
        ]
      : [],
  );
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
