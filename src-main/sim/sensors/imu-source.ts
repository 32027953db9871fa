import { Rng } from '../../base/rng.ts';

/**
 * What an inertial sensor feels at virtual time `timeUs`: acceleration x, y, z in m/s² and angular rate x, y, z in
 * rad/s, into `out`. A pure function of time: asking twice, or in another order, gives the same.
 */
export type ImuSource = (timeUs: number, out: Float64Array) => void;

/** Sources as plain objects, so that a worker can be given one. */
export type ImuMotion =
  | {
      readonly kind: 'recording';
      /** Six values a sample, interleaved, in the units of `ImuSource`. */
      readonly samples: Float32Array;
      readonly rateHz: number;
      /** Virtual time of the first sample. Before it the first, after the end the last one holds. */
      readonly startUs?: number;
      /** Between samples: the last one, or a straight line to the next. Default: line. */
      readonly between?: 'hold' | 'line';
    }
  | { readonly kind: 'synthetic'; readonly seed: number };

export const IMU_AXES = 6;
export const STANDARD_GRAVITY = 9.80665;

export function imuSource(motion: ImuMotion): ImuSource {
  return motion.kind === 'synthetic' ? syntheticSource(motion.seed) : recordedSource(motion);
}

function recordedSource(motion: Extract<ImuMotion, { kind: 'recording' }>): ImuSource {
  const { samples, rateHz, startUs = 0, between = 'line' } = motion;
  const last = Math.max(0, Math.floor(samples.length / IMU_AXES) - 1);
  return (timeUs, out) => {
    const position = Math.min(last, Math.max(0, ((timeUs - startUs) * rateHz) / 1e6));
    const index = Math.floor(position);
    const part = between === 'line' && index < last ? position - index : 0;
    for (let axis = 0; axis < IMU_AXES; axis++) {
      const here = samples[index * IMU_AXES + axis] ?? 0;
      const next = part > 0 ? samples[(index + 1) * IMU_AXES + axis]! : here;
      out[axis] = here + part * (next - here);
    }
  };
}

/** A hand-held thing: gravity along z, three slow swings of 0.2–12 Hz on every axis. */
function syntheticSource(seed: number): ImuSource {
  const rng = new Rng(seed);
  const swings = Array.from({ length: 3 * IMU_AXES }, (_, i) => ({
    radPerUs: (2 * Math.PI * (0.2 + 11.8 * rng.float())) / 1e6,
    phase: 2 * Math.PI * rng.float(),
    size: (i % IMU_AXES < 3 ? 1.5 : 0.8) * rng.float(),
  }));
  return (timeUs, out) => {
    for (let axis = 0; axis < IMU_AXES; axis++) {
      let sum = axis === 2 ? STANDARD_GRAVITY : 0;
      for (let n = axis; n < swings.length; n += IMU_AXES) {
        const { radPerUs, phase, size } = swings[n]!;
        sum += size * Math.sin(radPerUs * timeUs + phase);
      }
      out[axis] = sum;
    }
  };
}
