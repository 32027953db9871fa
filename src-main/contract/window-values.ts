import { median, tInterval, type MeanInterval } from '../base/statistics.ts';
import type { Mode } from './plan.ts';
import type { WindowResult } from './window.ts';

/** What the finished windows of a run say together. */
export interface WindowValues {
  readonly unit: 'us' | 'uJ/inf';
  /** Of one inference: latency in µs, or energy in µJ in an energy run. One a finished window, in their order. */
  readonly values: readonly number[];
  readonly median: number;
  /** Student's t on the window means, 95 %. */
  readonly interval: MeanInterval;
  /** Half the interval over the median: 0 where all are identical, null for one window. */
  readonly halfRel: number | null;
}

/** null before the first finished window. */
export function windowValues(mode: Mode, windows: readonly WindowResult[]): WindowValues | null {
  const values = windows
    .filter((w) => w.status === 'finished' && w.inferences > 0)
    .map((w) => (mode === 'energy' ? (w.energy?.energyUj ?? NaN) : (w.durationUs ?? NaN)) / w.inferences)
    .filter(Number.isFinite);
  if (values.length === 0) return null;
  const interval = tInterval(values);
  const { low, high } = interval;
  const middle = median(values);
  const halfRel = low === null || high === null ? null : (high - low) / 2 / Math.abs(middle);
  return { unit: mode === 'energy' ? 'uJ/inf' : 'us', values, median: middle, interval, halfRel };
}
