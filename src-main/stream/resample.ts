import { BugError } from '../base/errors.ts';

/**
 * Change of sample rate by a windowed sinc, polyphase: y(k) = Σ x(i)·h(k·from/to − i), with
 * h(t) = c·sinc(c·t)·kaiser(t/T), c the cut-off relative to the input's Nyquist frequency. Flat up to PASS_BAND of the
 * lower of both Nyquist frequencies, STOP_BAND_DB down from that frequency on; no delay, the length is
 * ⌈n·to/from⌉. Formulas for β and length: Kaiser 1974, as in Oppenheim & Schafer, Discrete-Time Signal Processing, § 7.5.
 */
export const PASS_BAND = 0.9;
export const STOP_BAND_DB = 100;
/** Above so many coefficients they are computed as needed from a table of the kernel. */
const MOST_COEFFICIENTS = 1 << 20;
/** Points of that table between two zeros of the sinc: linear interpolation is then exact to −140 dB. */
const TABLE_STEPS = 4096;
const BETA = 0.1102 * (STOP_BAND_DB - 8.7);

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > 1e-18 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** h(t) for t in input samples. */
function kernelAt(t: number, cutoff: number, half: number): number {
  const u = t / half;
  if (Math.abs(u) >= 1) return 0;
  const x = Math.PI * cutoff * t;
  const sinc = Math.abs(x) < 1e-12 ? 1 : Math.sin(x) / x;
  return (cutoff * sinc * besselI0(BETA * Math.sqrt(1 - u * u))) / besselI0(BETA);
}

interface Kernel {
  readonly taps: number;
  /** Coefficients of phase p/up, for x[i0 − taps/2 + 1 … i0 + taps/2]; may be overwritten by the next call. */
  phase(p: number): Float64Array;
}

function tabulated(cutoff: number, half: number, taps: number, up: number): Kernel {
  const step = 1 / (cutoff * TABLE_STEPS);
  const table = Float64Array.from({ length: Math.ceil(half / step) + 2 }, (_, i) =>
    kernelAt(i * step, cutoff, half),
  );
  const row = new Float64Array(taps);
  return {
    taps,
    phase(p) {
      for (let j = 0; j < taps; j++) {
        const at = Math.abs(p / up - (j - taps / 2 + 1)) / step;
        const i = Math.floor(at);
        row[j] = i + 1 < table.length ? table[i]! + (at - i) * (table[i + 1]! - table[i]!) : 0;
      }
      return row;
    },
  };
}

function kernelOf(up: number, down: number): Kernel {
  const lower = Math.min(1, up / down);
  const cutoff = (lower * (1 + PASS_BAND)) / 2;
  // Kaiser's length for the transition band, in input samples
  const half = (STOP_BAND_DB - 7.95) / (2.285 * Math.PI * lower * (1 - PASS_BAND)) / 2;
  const taps = 2 * Math.ceil(half);
  if (taps * up > MOST_COEFFICIENTS) return tabulated(cutoff, half, taps, up);
  const all = new Float64Array(taps * up);
  for (let p = 0; p < up; p++)
    for (let j = 0; j < taps; j++) all[p * taps + j] = kernelAt(p / up - (j - taps / 2 + 1), cutoff, half);
  return { taps, phase: (p) => all.subarray(p * taps, (p + 1) * taps) };
}

/** One channel, block by block; what lies before the first and after the last sample is silence. */
export class Resampler {
  readonly fromHz: number;
  readonly toHz: number;
  readonly #up: number;
  readonly #down: number;
  readonly #kernel: Kernel;
  /** x[#first …] of the input that outputs to come still need. */
  #held: Float64Array;
  #heldLength = 0;
  #first = 0;
  #received = 0;
  /** Input position of the next output: #at + #phase/#up. */
  #at = 0;
  #phase = 0;

  constructor(fromHz: number, toHz: number) {
    if (!Number.isInteger(fromHz) || !Number.isInteger(toHz) || fromHz < 1 || toHz < 1)
      throw new BugError(`resampling from ${fromHz} to ${toHz} Hz`);
    this.fromHz = fromHz;
    this.toHz = toHz;
    const divisor = gcd(fromHz, toHz);
    this.#up = toHz / divisor;
    this.#down = fromHz / divisor;
    this.#kernel = kernelOf(this.#up, this.#down);
    this.#held = new Float64Array(this.#kernel.taps * 2);
    this.reset();
  }

  /** Forgets everything: the next sample is the first. */
  reset(): void {
    const before = this.#kernel.taps / 2;
    this.#held.fill(0);
    this.#heldLength = before;
    this.#first = -before;
    this.#received = 0;
    this.#at = 0;
    this.#phase = 0;
  }

  /** The outputs whose inputs are all there now. */
  push(samples: Float64Array): Float64Array {
    this.#append(samples);
    this.#received += samples.length;
    return this.#outputs(this.#received - this.#kernel.taps / 2);
  }

  /** The outputs that are left; begins anew after it. */
  flush(): Float64Array {
    this.#append(new Float64Array(this.#kernel.taps));
    const tail = this.#outputs(this.#received);
    this.reset();
    return tail;
  }

  #append(samples: Float64Array): void {
    const drop = this.#at - this.#kernel.taps / 2 - this.#first;
    if (drop > 0) {
      const kept = Math.max(0, this.#heldLength - drop);
      this.#held.copyWithin(0, this.#heldLength - kept, this.#heldLength);
      this.#first += this.#heldLength - kept;
      this.#heldLength = kept;
    }
    if (this.#heldLength + samples.length > this.#held.length) {
      const larger = new Float64Array(2 * (this.#heldLength + samples.length));
      larger.set(this.#held.subarray(0, this.#heldLength));
      this.#held = larger;
    }
    this.#held.set(samples, this.#heldLength);
    this.#heldLength += samples.length;
  }

  /** All outputs at input positions below `end`. */
  #outputs(end: number): Float64Array {
    const { taps } = this.#kernel;
    const steps = (end - this.#at) * this.#up - this.#phase;
    const out = new Float64Array(Math.max(0, Math.ceil(steps / this.#down)));
    for (let k = 0; k < out.length; k++) {
      const h = this.#kernel.phase(this.#phase);
      const from = this.#at - taps / 2 + 1 - this.#first;
      let sum = 0;
      for (let j = 0; j < taps; j++) sum += h[j]! * this.#held[from + j]!;
      out[k] = sum;
      this.#phase += this.#down;
      this.#at += Math.floor(this.#phase / this.#up);
      this.#phase %= this.#up;
    }
    return out;
  }
}

/** A whole signal at once. */
export function resampled(samples: Float64Array, fromHz: number, toHz: number): Float64Array {
  if (fromHz === toHz) return samples;
  const resampler = new Resampler(fromHz, toHz);
  const body = resampler.push(samples);
  const tail = resampler.flush();
  const out = new Float64Array(body.length + tail.length);
  out.set(body);
  out.set(tail, body.length);
  return out;
}
