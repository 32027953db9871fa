import { fail, ok, type Result } from '../base/errors.ts';
import type { ClockPoint } from './format.ts';

/** How a trace's sample clock runs against the clock of the computer that recorded it. */
export interface ClockRelation {
  /** Time on the computer's clock when sample period 0 began, less the least delivery delay, µs. */
  readonly originUs: number;
  readonly usPerSample: number;
  /** Sample clock against its nominal rate: above 0 it runs fast. */
  readonly ratePpm: number;
  /** How far the earliest deliveries of each commit lie above the line at most, µs: the jitter of delivery. */
  readonly jitterUs: number;
  /** Bound of `ratePpm` from that jitter over the length of the recording. */
  readonly ratePlusMinusPpm: number;
  readonly points: number;
}

/**
 * The line below all points that lies closest to them: deliveries come late, never early. Of the lower convex hull the
 * side under the middle of the points has the least sum of distances.
 * `trace.no-clock` below three points.
 */
export function clockRelation(points: readonly ClockPoint[], nominalRateHz: number): Result<ClockRelation> {
  if (points.length < 3)
    return fail(
      'trace.no-clock',
      { points: points.length },
      'The recording is too short to relate its clock to the computer’s.',
      'Record for a few seconds.',
    );
  const hull = lowerHull(points);
  const middle = points.reduce((sum, p) => sum + p.sample, 0) / points.length;
  const right = Math.max(
    1,
    hull.findIndex((p) => p.sample >= middle),
  );
  const a = hull[right - 1]!;
  const b = hull[right]!;
  const usPerSample = (b.hostUs - a.hostUs) / (b.sample - a.sample);
  const originUs = a.hostUs - a.sample * usPerSample;
  const jitterUs = points.reduce(
    (most, p) => Math.max(most, p.hostUs - (originUs + p.sample * usPerSample)),
    0,
  );
  const lengthUs = points.at(-1)!.hostUs - points[0]!.hostUs;
  return ok({
    originUs,
    usPerSample,
    ratePpm: (1e6 / nominalRateHz / usPerSample - 1) * 1e6,
    jitterUs,
    ratePlusMinusPpm: lengthUs > 0 ? (2 * jitterUs * 1e6) / lengthUs : Infinity,
    points: points.length,
  });
}

/** Where a sample of one trace lies on the timeline of another that the same computer recorded at the same time. */
export function sampleOnOther(one: ClockRelation, sample: number, other: ClockRelation): number {
  return (one.originUs + sample * one.usPerSample - other.originUs) / other.usPerSample;
}

/** Andrew 1979, from left to right. */
function lowerHull(points: readonly ClockPoint[]): ClockPoint[] {
  const hull: ClockPoint[] = [];
  for (const p of points) {
    while (hull.length >= 2 && !turnsLeft(hull.at(-2)!, hull.at(-1)!, p)) hull.pop();
    hull.push(p);
  }
  return hull;
}

function turnsLeft(a: ClockPoint, b: ClockPoint, c: ClockPoint): boolean {
  return (b.sample - a.sample) * (c.hostUs - a.hostUs) - (b.hostUs - a.hostUs) * (c.sample - a.sample) > 0;
}
