import { Rng } from '../../base/rng.ts';
import { itemSeed, type Episode } from '../episode.ts';
import { ACTIVITIES, drawMotion, sense, type Activity, type Motion } from './activities.ts';

export interface ImuStreamOptions {
  readonly seed: number;
  readonly sampleRateHz: number;
  /** Of one count, in g and in °/s: full scale is 32768 of them. */
  readonly gPerCount: number;
  readonly dpsPerCount: number;
}

/** Sensor errors, of the order of a consumer MEMS part's data sheet. */
const sensor = {
  accelerometerGPerRootHz: 200e-6,
  gyroscopeDpsPerRootHz: 0.01,
  accelerometerBiasG: 0.01,
  gyroscopeBiasDps: 0.5,
  /** Wander of the gyroscope's zero, °/s in one second. */
  gyroscopeWalkDps: 0.01,
} as const;

/** A movement takes so long to begin and to end; the label holds in between. */
const TRANSITION_S = 0.75;
const SEGMENT_S: readonly [number, number] = [5, 12];
const DEG = 180 / Math.PI;

/** How the sensor is fixed to the body: one rotation for the whole stream, row-major. */
function mounting(rng: Rng): Float64Array {
  // a uniform random quaternion (Marsaglia 1972) turned into a matrix
  const q = [rng.normal(), rng.normal(), rng.normal(), rng.normal()];
  const n = Math.hypot(...q);
  const [w, x, y, z] = q.map((v) => v / n) as [number, number, number, number];
  return Float64Array.of(
    1 - 2 * (y * y + z * z),
    2 * (x * y - z * w),
    2 * (x * z + y * w),
    2 * (x * y + z * w),
    1 - 2 * (x * x + z * z),
    2 * (y * z - x * w),
    2 * (x * z - y * w),
    2 * (y * z + x * w),
    1 - 2 * (x * x + y * y),
  );
}

/** Each activity once in every five, in a random order. */
function activityAt(seed: number, index: number): Activity {
  const order = [...ACTIVITIES];
  const rng = new Rng(itemSeed(seed, 2, Math.floor(index / order.length)));
  for (let i = order.length - 1; i > 0; i--) {
    const j = rng.int(0, i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order[index % order.length]!;
}

export interface ImuEpisode extends Episode {
  readonly motion: Motion;
}

/** Six axes (ax ay az gx gy gz) of a sensor on somebody who does one thing after the other. Without end. */
export function* imuStream(options: ImuStreamOptions): Generator<ImuEpisode> {
  const { seed, sampleRateHz, gPerCount, dpsPerCount } = options;
  const rng = new Rng(itemSeed(seed, 0, 0));
  const mount = mounting(rng);
  const accelerometerBias = [0, 0, 0].map(() => sensor.accelerometerBiasG * rng.normal());
  const gyroscopeBias = [0, 0, 0].map(() => sensor.gyroscopeBiasDps * rng.normal());
  const accelerometerNoise = sensor.accelerometerGPerRootHz * Math.sqrt(sampleRateHz / 2);
  const gyroscopeNoise = sensor.gyroscopeDpsPerRootHz * Math.sqrt(sampleRateHz / 2);
  const walk = sensor.gyroscopeWalkDps / Math.sqrt(sampleRateHz);
  const real = new Float64Array(6);
  const turned = (at: number, axis: number) =>
    mount[axis * 3]! * real[at]! +
    mount[axis * 3 + 1]! * real[at + 1]! +
    mount[axis * 3 + 2]! * real[at + 2]!;
  const clip = (v: number) => Math.max(-32768, Math.min(32767, Math.round(v)));
  for (let index = 0; ; index++) {
    const own = new Rng(itemSeed(seed, 1, index));
    const motion = drawMotion(own, activityAt(seed, index));
    const frames = Math.round((SEGMENT_S[0] + (SEGMENT_S[1] - SEGMENT_S[0]) * own.float()) * sampleRateHz);
    const edge = Math.round(TRANSITION_S * sampleRateHz);
    const samples = new Int16Array(frames * 6);
    for (let i = 0; i < frames; i++) {
      const ramp = Math.min(1, i / edge, (frames - 1 - i) / edge);
      sense(motion, i / sampleRateHz, ramp * ramp * (3 - 2 * ramp), real);
      for (let axis = 0; axis < 3; axis++) {
        const g = turned(0, axis) + accelerometerBias[axis]! + accelerometerNoise * own.normal();
        gyroscopeBias[axis]! += walk * own.normal();
        const dps = turned(3, axis) * DEG + gyroscopeBias[axis]! + gyroscopeNoise * own.normal();
        samples[i * 6 + axis] = clip(g / gPerCount);
        samples[i * 6 + 3 + axis] = clip(dps / dpsPerCount);
      }
    }
    yield { samples, spans: [{ label: motion.activity, start: edge, end: frames - edge }], motion };
  }
}
