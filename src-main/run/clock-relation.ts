import type { ClockRelation, WindowResult } from '../contract/index.ts';

/** One moment on both clocks, µs. */
interface Moment {
  readonly dutUs: number;
  readonly monitorUs: number;
}

/** Resolution of the device's timer. */
const TIMER_US = 1;

/**
 * Monitor time as a line over device time, by least squares through the beginnings and ends of all windows that lie in
 * the newest trace. The bound is that of the longest stretch between two moments: each is known to a sample period of the
 * monitor and a µs of the timer. Null where fewer than two moments are known.
 */
export function clockRelation(windows: readonly WindowResult[]): ClockRelation | null {
  const known = windows.filter((w) => w.energy?.dut);
  const traceId = known.at(-1)?.energy?.traceId;
  const own = known.filter((w) => w.energy!.traceId === traceId);
  if (own.length === 0) return null;
  const moments = unwrapped(own);
  const first = moments[0]!;
  const last = moments.at(-1)!;
  const { slope, intercept } = line(moments);
  const energy = own[0]!.energy!;
  const periodUs = (energy.traceEndUs - energy.traceStartUs) / (energy.sampleCount + energy.lostSamples);
  return {
    ratePpm: (slope - 1) * 1e6,
    ratePlusMinusPpm: ((2 * (periodUs + TIMER_US)) / (last.dutUs - first.dutUs)) * 1e6,
    offsetUs: intercept,
    windows: own.length,
  };
}

/** The timer wraps at 2^32 µs; monitor time tells how often it did. */
function unwrapped(windows: readonly WindowResult[]): Moment[] {
  const moments: Moment[] = [];
  for (const w of windows) {
    const { dut, traceStartUs, traceEndUs } = w.energy!;
    const before = moments.at(-1);
    let startUs = dut!.startUs;
    if (before) {
      const expected = before.dutUs + traceStartUs - before.monitorUs;
      startUs += Math.round((expected - startUs) / 2 ** 32) * 2 ** 32;
    }
    moments.push({ dutUs: startUs, monitorUs: traceStartUs });
    moments.push({ dutUs: startUs + dut!.durationUs, monitorUs: traceEndUs });
  }
  return moments;
}

function line(moments: readonly Moment[]): { slope: number; intercept: number } {
  const n = moments.length;
  const meanX = moments.reduce((sum, m) => sum + m.dutUs, 0) / n;
  const meanY = moments.reduce((sum, m) => sum + m.monitorUs, 0) / n;
  let xx = 0;
  let xy = 0;
  for (const m of moments) {
    xx += (m.dutUs - meanX) ** 2;
    xy += (m.dutUs - meanX) * (m.monitorUs - meanY);
  }
  const slope = xy / xx;
  return { slope, intercept: meanY - slope * meanX };
}
