/** Sample-rate conversion, levels and filters on mono Float64Array signals (full scale = 1). */

/** Zero crossings of the interpolation kernel on each side, and its tabulated steps between two of them. */
const HALF_TAPS = 16;
const STEPS = 512;

/** Hann-windowed sinc at multiples of 1/STEPS, one value beyond the end for the interpolation. */
const kernel = Float64Array.from({ length: HALF_TAPS * STEPS + 2 }, (_, i) => {
  const d = i / STEPS;
  if (d >= HALF_TAPS) return 0;
  return (
    (d === 0 ? 1 : Math.sin(Math.PI * d) / (Math.PI * d)) * (0.5 + 0.5 * Math.cos((Math.PI * d) / HALF_TAPS))
  );
});

/** Resampled by `ratio` = output rate / input rate with a windowed sinc, low-passed below both Nyquists. */
export function resample(input: Float64Array, ratio: number): Float64Array {
  const out = new Float64Array(Math.floor(input.length * ratio));
  const cutoff = Math.min(1, ratio) * 0.94;
  const reach = HALF_TAPS / cutoff;
  for (let i = 0; i < out.length; i++) {
    const at = i / ratio;
    const last = Math.min(input.length - 1, Math.floor(at + reach));
    let sum = 0;
    for (let j = Math.max(0, Math.ceil(at - reach)); j <= last; j++) {
      const step = Math.abs(at - j) * cutoff * STEPS;
      const below = Math.floor(step);
      sum += input[j]! * (kernel[below]! + (step - below) * (kernel[below + 1]! - kernel[below]!));
    }
    out[i] = sum * cutoff;
  }
  return out;
}

/** From the first to the last sample above `fraction` of the peak, with `margin` samples around. */
export function trim(input: Float64Array, fraction: number, margin: number): Float64Array {
  let peak = 0;
  for (const x of input) peak = Math.max(peak, Math.abs(x));
  const above = (x: number) => Math.abs(x) > fraction * peak;
  const first = input.findIndex(above);
  if (first < 0) return new Float64Array(0);
  return input.slice(Math.max(0, first - margin), input.findLastIndex(above) + 1 + margin);
}

export function rms(x: Float64Array): number {
  let sum = 0;
  for (const v of x) sum += v * v;
  return x.length ? Math.sqrt(sum / x.length) : 0;
}

export const amplitudeOfDb = (db: number) => 10 ** (db / 20);

/** Adds `source` · gain to `target` from sample `at` on; what lies outside is cut. */
export function mixInto(target: Float64Array, source: Float64Array, gain: number, at: number): void {
  const from = Math.max(0, -at);
  const to = Math.min(source.length, target.length - at);
  for (let i = from; i < to; i++) target[at + i]! += source[i]! * gain;
}

/** Second-order Butterworth sections by the bilinear transform (Bristow-Johnson's cookbook), in place. */
export function biquad(kind: 'low-pass' | 'high-pass', x: Float64Array, hz: number, rateHz: number): void {
  const w = (2 * Math.PI * hz) / rateHz;
  const c = Math.cos(w);
  const alpha = Math.sin(w) / Math.SQRT2;
  const a0 = 1 + alpha;
  const b1 = (kind === 'low-pass' ? 1 - c : -(1 + c)) / a0;
  const b0 = (kind === 'low-pass' ? b1 : -b1) / 2;
  const a1 = (-2 * c) / a0;
  const a2 = (1 - alpha) / a0;
  let s1 = 0;
  let s2 = 0;
  for (let i = 0; i < x.length; i++) {
    const y = b0 * x[i]! + s1;
    s1 = b1 * x[i]! - a1 * y + s2;
    s2 = b0 * x[i]! - a2 * y;
    x[i] = y;
  }
}

/** Rounded to 16 bits; what exceeds full scale is clipped. */
export function toInt16(x: Float64Array): Int16Array {
  return Int16Array.from(x, (v) => Math.max(-32768, Math.min(32767, Math.round(v * 32767))));
}
