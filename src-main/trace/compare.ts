import { ok, type Result } from '../base/errors.ts';
import { tInterval } from '../base/statistics.ts';
import { envelope } from './navigation-envelope.ts';
import { statistics, type SpanStatistics } from './navigation-statistics.ts';
import type { Trace } from './trace.ts';

/** Consecutive stretches whose means give the interval: their spread holds slow changes too, which sample noise does not. */
const BLOCKS = 20;
/** Fewer say nothing about spread. */
const LEAST_BLOCKS = 5;

export interface TraceSpan {
  readonly trace: Trace;
  readonly from: number;
  readonly to: number;
}

/** A figure of one trace with what is uncertain of it, in the unit of the figure. */
export interface ComparedValue {
  readonly value: number;
  /** Half of the 95 % t interval on the means of 20 consecutive stretches; null where there are too few. */
  readonly statistical: number | null;
  /** Half width of the bound; null where nobody stated the monitor's. */
  readonly systematic: number | null;
}

export type Verdict = 'lower' | 'higher' | 'equal' | "can't tell";

export interface ComparedFigure {
  readonly figure: 'mean current' | 'mean power' | 'duration' | 'energy';
  readonly unit: 'A' | 'W' | 's' | 'J';
  readonly a: ComparedValue;
  readonly b: ComparedValue;
  /** (b − a) / a. */
  readonly change: number;
  /** Of b against a. A difference counts where it is larger than all that is uncertain of both together. */
  readonly verdict: Verdict;
}

export interface TraceComparison {
  readonly a: SpanStatistics;
  readonly b: SpanStatistics;
  /** One monitor with one calibration measured both: its systematic error is common and does not blur the difference. */
  readonly sameMonitor: boolean;
  readonly figures: readonly ComparedFigure[];
}

/** Side by side, with intervals and a verdict. `trace.bad-span`, `trace.window-empty`, `trace.damaged`. */
export function compareSpans(a: TraceSpan, b: TraceSpan): Result<TraceComparison> {
  const left = sideOf(a);
  if (!left.ok) return left;
  const right = sideOf(b);
  if (!right.ok) return right;
  const same = sameMonitor(a.trace, b.trace);
  const figures: ComparedFigure[] = [];
  const add = (figure: ComparedFigure['figure'], unit: ComparedFigure['unit']) => {
    const one = left.value.values.get(figure);
    const other = right.value.values.get(figure);
    if (one && other) figures.push(compared(figure, unit, one, other, same));
  };
  add('mean current', 'A');
  add('mean power', 'W');
  add('duration', 's');
  add('energy', 'J');
  return ok({ a: left.value.statistics, b: right.value.statistics, sameMonitor: same, figures });
}

function sameMonitor(a: Trace, b: Trace): boolean {
  const [one, other] = [a.header, b.header];
  const serial = one.monitor.serial;
  return (
    serial !== null &&
    one.monitor.kind === other.monitor.kind &&
    serial === other.monitor.serial &&
    one.source === other.source &&
    JSON.stringify(one.accuracy) === JSON.stringify(other.accuracy)
  );
}

interface Side {
  readonly statistics: SpanStatistics;
  readonly values: ReadonlyMap<ComparedFigure['figure'], ComparedValue>;
}

function sideOf({ trace, from, to }: TraceSpan): Result<Side> {
  const found = statistics(trace, from, to);
  if (!found.ok) return found;
  const relative = blockSpread(trace, from, to);
  if (!relative.ok) return relative;
  const s = found.value;
  const spread = (value: number) => (relative.value === null ? null : Math.abs(value) * relative.value);
  const values = new Map<ComparedFigure['figure'], ComparedValue>();
  values.set('mean current', { value: s.meanA, statistical: spread(s.meanA), systematic: s.systematicA });
  values.set('duration', { value: s.durationS, statistical: 0, systematic: 0 });
  if (s.energy) {
    const { joules, systematicJ } = s.energy;
    const watts = joules / s.durationS;
    values.set('mean power', {
      value: watts,
      statistical: spread(watts),
      systematic: systematicJ / s.durationS,
    });
    values.set('energy', { value: joules, statistical: spread(joules), systematic: systematicJ });
  }
  return ok({ statistics: s, values });
}

/** Half of the t interval on the stretches' means against the mean of all. */
function blockSpread(trace: Trace, from: number, to: number): Result<number | null> {
  const columns = envelope(trace, Math.ceil(from), Math.floor(to), BLOCKS);
  if (!columns.ok) return columns;
  const { mean, coverage } = columns.value;
  const means = [...mean].filter((_, k) => coverage[k]! > 0.5);
  if (means.length < LEAST_BLOCKS) return ok(null);
  const t = tInterval(means);
  if (t.low === null || t.high === null || t.mean === 0) return ok(null);
  return ok((t.high - t.low) / 2 / Math.abs(t.mean));
}

function compared(
  figure: ComparedFigure['figure'],
  unit: ComparedFigure['unit'],
  a: ComparedValue,
  b: ComparedValue,
  same: boolean,
): ComparedFigure {
  const difference = b.value - a.value;
  return { figure, unit, a, b, change: difference / a.value, verdict: verdictOf(a, b, same) };
}

function verdictOf(a: ComparedValue, b: ComparedValue, same: boolean): Verdict {
  const difference = b.value - a.value;
  if (a.statistical === null || b.statistical === null) return "can't tell";
  if (difference === 0) return 'equal';
  if (!same && (a.systematic === null || b.systematic === null)) return "can't tell";
  const bound = same ? 0 : a.systematic! + b.systematic!;
  if (Math.abs(difference) <= Math.hypot(a.statistical, b.statistical) + bound) return "can't tell";
  return difference < 0 ? 'lower' : 'higher';
}
