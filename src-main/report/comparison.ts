import type { Figure, FigureComparison, RunComparison } from '../contract/comparison.ts';
import type { Quantity } from '../contract/quantity.ts';
import type { RunResult } from '../contract/result.ts';

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
  figure: Figure,
  a: Quantity,
  b: Quantity,
  sameBench: boolean,
  higherIsBetter: boolean,
): FigureComparison {
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
  return { figure, baseline: a.value, other: b.value, change: difference / a.value, gap, verdict };
}

export interface ComparedFigure {
  readonly figure: Figure;
  readonly of: (run: RunResult) => Quantity | null;
  readonly higherIsBetter: boolean;
}

/** What runs are compared by, in the order of every table. */
export const comparedFigures: readonly ComparedFigure[] = [
  { figure: 'latency', of: (r) => r.latency, higherIsBetter: false },
  { figure: 'energy per inference', of: (r) => r.energyPerInference, higherIsBetter: false },
  { figure: 'net energy per inference', of: (r) => r.netEnergyPerInference, higherIsBetter: false },
  { figure: 'accuracy', of: (r) => r.accuracy?.score ?? null, higherIsBetter: true },
];

/** Every figure that both runs have. */
export function compareRuns(base: RunResult, other: RunResult): RunComparison {
  const sameBench = sameBenchOf(base, other);
  return {
    baseline: base.runId,
    runId: other.runId,
    sameBench,
    figures: comparedFigures.flatMap(({ figure, of, higherIsBetter }) => {
      const a = of(base);
      const b = of(other);
      return a && b ? [verdictOf(figure, a, b, sameBench, higherIsBetter)] : [];
    }),
  };
}
