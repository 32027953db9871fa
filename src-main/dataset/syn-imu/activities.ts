import type { Rng } from '../../base/rng.ts';

/** Raise with any change of what a seed gives. */
export const SYN_IMU_VERSION = 1;

export const ACTIVITIES = ['still', 'walking', 'running', 'stairs', 'shaking'] as const;
export type Activity = (typeof ACTIVITIES)[number];

/** A sum of sines: value = Σ amplitude·sin(2π·hz·t + phase). Derivatives are exact, so gyroscope and tilt agree. */
interface Wave {
  readonly amplitude: number;
  readonly hz: number;
  readonly phase: number;
}

/**
 * How a sensor on a body moves. Angles are of a yaw-pitch-roll sequence in radians, the acceleration of the body itself in
 * g in the world's frame (x ahead, y to the left, z up).
 */
export interface Motion {
  readonly activity: Activity;
  /** Steps a second; 0 where nobody steps, the shaking frequency where a hand shakes. */
  readonly cadenceHz: number;
  readonly angles: readonly [readonly Wave[], readonly Wave[], readonly Wave[]];
  /** Constant part of pitch: going upstairs leans forward. */
  readonly leanRad: number;
  readonly body: readonly [readonly Wave[], readonly Wave[], readonly Wave[]];
  /** Height of the decaying bump a heel makes at each step, g. */
  readonly heelG: number;
}

const between = (rng: Rng, low: number, high: number) => low + (high - low) * rng.float();

/** A fundamental with harmonics that fall off, each with a phase of its own. */
function harmonics(rng: Rng, hz: number, amplitude: number, fall: readonly number[]): Wave[] {
  return fall.map((f, i) => ({
    amplitude: amplitude * f * between(rng, 0.85, 1.15),
    hz: hz * (i + 1),
    phase: 2 * Math.PI * rng.float(),
  }));
}

interface Gait {
  readonly cadenceHz: readonly [number, number];
  /** Vertical swing of the trunk, g. */
  readonly bounceG: readonly [number, number];
  readonly heelG: readonly [number, number];
  readonly swayRad: number;
  readonly leanRad: number;
}

/**
 * Of the trunk, from the literature on gait: walking 1.6–2.1 steps/s with ±0.2…0.35 g, running 2.5–3.1 steps/s with
 * ±0.9…1.4 g, stairs slower with the trunk bent forward.
 */
const gaits: Readonly<Record<'walking' | 'running' | 'stairs', Gait>> = {
  walking: { cadenceHz: [1.6, 2.1], bounceG: [0.2, 0.35], heelG: [0.15, 0.35], swayRad: 0.06, leanRad: 0.03 },
  running: { cadenceHz: [2.5, 3.1], bounceG: [0.9, 1.4], heelG: [0.6, 1.2], swayRad: 0.12, leanRad: 0.12 },
  stairs: { cadenceHz: [1.1, 1.5], bounceG: [0.12, 0.22], heelG: [0.05, 0.15], swayRad: 0.14, leanRad: 0.3 },
};

/** Vertical and forward swing go with every step, sideways and roll with every second one: left, then right. */
function stepping(rng: Rng, activity: 'walking' | 'running' | 'stairs'): Motion {
  const gait = gaits[activity];
  const cadenceHz = between(rng, ...gait.cadenceHz);
  const bounce = between(rng, ...gait.bounceG);
  const sway = gait.swayRad * between(rng, 0.8, 1.2);
  return {
    activity,
    cadenceHz,
    angles: [
      harmonics(rng, cadenceHz / 2, sway * 0.8, [1, 0.2]),
      harmonics(rng, cadenceHz, sway * 0.6, [1, 0.3]),
      harmonics(rng, cadenceHz / 2, sway, [1, 0.25, 0.1]),
    ],
    leanRad: gait.leanRad * between(rng, 0.8, 1.2),
    body: [
      harmonics(rng, cadenceHz, bounce * 0.5, [1, 0.35]),
      harmonics(rng, cadenceHz / 2, bounce * 0.35, [1, 0.2]),
      harmonics(rng, cadenceHz, bounce, [1, 0.3, 0.12]),
    ],
    heelG: between(rng, ...gait.heelG),
  };
}

function still(rng: Rng): Motion {
  const sway = () => harmonics(rng, between(rng, 0.2, 0.5), between(rng, 0.002, 0.006), [1, 0.4]);
  const rest = () => harmonics(rng, between(rng, 0.2, 0.4), 0.002, [1]);
  return {
    activity: 'still',
    cadenceHz: 0,
    angles: [sway(), sway(), sway()],
    leanRad: 0,
    body: [rest(), rest(), rest()],
    heelG: 0,
  };
}

/** A sensor in a hand that shakes it: fast, along one direction, and it turns with the wrist. */
function shaking(rng: Rng): Motion {
  const cadenceHz = between(rng, 4, 6.5);
  const strength = between(rng, 1, 1.8);
  const direction = [rng.normal(), rng.normal(), rng.normal()];
  const length = Math.hypot(...direction);
  const wrist = () => harmonics(rng, cadenceHz, between(rng, 0.06, 0.16), [1, 0.2]);
  const along = (c: number) => harmonics(rng, cadenceHz, (strength * direction[c]!) / length, [1, 0.3, 0.1]);
  return {
    activity: 'shaking',
    cadenceHz,
    angles: [wrist(), wrist(), wrist()],
    leanRad: 0,
    body: [along(0), along(1), along(2)],
    heelG: 0,
  };
}

export function drawMotion(rng: Rng, activity: Activity): Motion {
  if (activity === 'still') return still(rng);
  return activity === 'shaking' ? shaking(rng) : stepping(rng, activity);
}

function valueAt(waves: readonly Wave[], t: number): number {
  let sum = 0;
  for (const w of waves) sum += w.amplitude * Math.sin(2 * Math.PI * w.hz * t + w.phase);
  return sum;
}

function slopeAt(waves: readonly Wave[], t: number): number {
  let sum = 0;
  for (const w of waves) sum += w.amplitude * 2 * Math.PI * w.hz * Math.cos(2 * Math.PI * w.hz * t + w.phase);
  return sum;
}

/** Of the decaying oscillation that runs through the body after a heel strike: 25 Hz, gone after 60 ms. */
function heelAt(motion: Motion, t: number): number {
  if (motion.heelG === 0) return 0;
  const since = (t * motion.cadenceHz - Math.floor(t * motion.cadenceHz)) / motion.cadenceHz;
  return motion.heelG * Math.exp(-since / 0.02) * Math.sin(2 * Math.PI * 25 * since);
}

/**
 * What an ideal sensor on the body reads at time t, weighted by `share` (a movement that begins or ends): `out` gets
 * specific force in g (at rest: 1 g upwards) and turn rates in rad/s about the sensor's own axes.
 * Rates from yaw ψ, pitch θ, roll φ: p = φ' − ψ' sin θ, q = θ' cos φ + ψ' sin φ cos θ, r = ψ' cos φ cos θ − θ' sin φ.
 */
export function sense(motion: Motion, t: number, share: number, out: Float64Array): void {
  const [yawWaves, pitchWaves, rollWaves] = motion.angles;
  const yaw = share * valueAt(yawWaves, t);
  const pitch = share * (valueAt(pitchWaves, t) + motion.leanRad);
  const roll = share * valueAt(rollWaves, t);
  const dYaw = share * slopeAt(yawWaves, t);
  const dPitch = share * slopeAt(pitchWaves, t);
  const dRoll = share * slopeAt(rollWaves, t);
  const heel = heelAt(motion, t);
  const f0 = share * (valueAt(motion.body[0], t) + 0.4 * heel);
  const f1 = share * valueAt(motion.body[1], t);
  const f2 = 1 + share * (valueAt(motion.body[2], t) + heel);
  const cy = Math.cos(yaw),
    sy = Math.sin(yaw);
  const cp = Math.cos(pitch),
    sp = Math.sin(pitch);
  const cr = Math.cos(roll),
    sr = Math.sin(roll);
  // the world's vector in the sensor's frame: Rx(φ)·Ry(θ)·Rz(ψ)
  const x1 = cy * f0 + sy * f1;
  const y1 = -sy * f0 + cy * f1;
  const x2 = cp * x1 - sp * f2;
  const z2 = sp * x1 + cp * f2;
  out[0] = x2;
  out[1] = cr * y1 + sr * z2;
  out[2] = -sr * y1 + cr * z2;
  out[3] = dRoll - dYaw * sp;
  out[4] = dPitch * cr + dYaw * sr * cp;
  out[5] = dYaw * cr * cp - dPitch * sr;
}
