import FFT from 'fft.js';
import { fail, ok, type Result } from '../base/errors.ts';
import { wholeSpan } from './navigation-envelope.ts';
import { eachRaw } from './navigation-histogram.ts';
import type { Trace } from './trace.ts';

/** What repeats in a stretch of current: inferences that no pin marks. */
export interface Repetition {
  readonly periodS: number;
  /** How well the place of the peak is known. */
  readonly periodPlusMinusS: number;
  /** Autocorrelation at the period, 0…1: the share of the current's variance that repeats. */
  readonly confidence: number;
  readonly repetitions: number;
  /** Supply · mean current · period: it does not depend on where an inference begins. */
  readonly energyPerPeriodJ: number;
}

export interface RepetitionOptions {
  /** Periods to look between, s. Default: 16 samples to a third of the stretch. */
  readonly shortestS?: number;
  readonly longestS?: number;
  /** Below this the stretch is refused. Default 0.5. */
  readonly leastConfidence?: number;
}

/** Points the autocorrelation is computed from at most; a longer stretch is averaged down to them. */
const MOST_POINTS = 1 << 18;
/** A peak this near to the highest one is taken for the same repetition: the earliest of them is the period. */
const SAME_PEAK = 0.95;

/**
 * Finds the period of the current by its autocorrelation (Wiener–Khinchin, unbiased by the number of pairs, so that late
 * peaks are not smaller for being late). The period is the earliest peak among the highest ones; its value comes from the
 * latest multiple of it. `trace.no-repetition` where less than `leastConfidence` of the variance repeats;
 * `trace.bad-span`, `trace.no-supply`, `trace.window-empty`, `trace.damaged`.
 */
export function findRepetition(
  trace: Trace,
  from: number,
  to: number,
  options: RepetitionOptions = {},
): Result<Repetition> {
  const span = wholeSpan(trace, from, to);
  if (!span.ok) return span;
  const series = readSeries(trace, from, to);
  if (!series.ok) return series;
  const { values, stepSamples } = series.value;
  const stepS = stepSamples * trace.samplePeriodS;
  const r = autocorrelation(values, series.value.meanA);
  const first = Math.max(2, Math.floor((options.shortestS ?? 16 * trace.samplePeriodS) / stepS));
  const last = Math.min(Math.ceil((options.longestS ?? Infinity) / stepS), Math.floor(values.length / 3));
  const lag = r ? earliestPeak(r, first, last) : 0;
  const confidence = r && lag ? Math.max(0, r[lag]!) : 0;
  if (!r || confidence < (options.leastConfidence ?? 0.5))
    return fail(
      'trace.no-repetition',
      { confidence: Number(confidence.toPrecision(3)), shortestS: first * stepS, longestS: last * stepS },
      'The current does not repeat clearly enough in this stretch to tell one inference from the next.',
      'Choose a stretch inside a window of many inferences, or wire the sync pin.',
    );
  const supply = trace.supply(from, to);
  if (!supply.ok) return supply;
  const sums = trace.span(from, to);
  if (!sums.ok) return sums;
  const { periodSteps, multiple } = refine(r, lag, Math.floor(values.length / 2));
  const periodS = periodSteps * stepS;
  const meanA = sums.value.ampereSamples / sums.value.coveredSamples;
  return ok({
    periodS,
    periodPlusMinusS: (0.5 * stepS) / multiple,
    confidence,
    repetitions: ((to - from) * trace.samplePeriodS) / periodS,
    energyPerPeriodJ: supply.value.volts * meanA * periodS,
  });
}

/** Means of `stepSamples` samples each; missing ones take the mean of all, so that they say nothing. */
function readSeries(
  trace: Trace,
  from: number,
  to: number,
): Result<{ values: Float64Array; stepSamples: number; meanA: number }> {
  const stepSamples = Math.ceil((to - from) / MOST_POINTS);
  const values = new Float64Array(Math.floor((to - from) / stepSamples));
  const counts = new Uint32Array(values.length);
  const end = from + values.length * stepSamples;
  const read = eachRaw(trace, from, end, (amperes, begin, finish, firstSample) => {
    for (let i = begin; i < finish; i++) {
      const a = amperes[i]!;
      if (a !== a) continue;
      const slot = Math.floor((firstSample + i - begin - from) / stepSamples);
      values[slot]! += a;
      counts[slot]!++;
    }
  });
  if (!read.ok) return read;
  let sum = 0;
  let covered = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i]!;
    covered += counts[i]!;
  }
  if (covered === 0)
    return fail(
      'trace.window-empty',
      { fromSample: from, toSample: to },
      'No sample of this stretch arrived.',
      'Choose another stretch.',
    );
  const mean = sum / covered;
  for (let i = 0; i < values.length; i++) values[i] = counts[i] ? values[i]! / counts[i]! - mean : 0;
  return ok({ values, stepSamples, meanA: mean });
}

/** Less than this share of the mean is rounding, not a signal. */
const ROUNDING = 1e-9;

/** r[k] for lags up to half the length, 1 at lag 0; null for a constant. */
function autocorrelation(values: Float64Array, meanA: number): Float64Array | null {
  const n = values.length;
  if (n < 8) return null;
  const size = 2 ** Math.ceil(Math.log2(2 * n));
  const fft = new FFT(size);
  const input = new Float64Array(size);
  input.set(values);
  const spectrum = new Float64Array(2 * size);
  fft.realTransform(spectrum, input);
  fft.completeSpectrum(spectrum);
  for (let i = 0; i < size; i++) {
    spectrum[2 * i] = spectrum[2 * i]! ** 2 + spectrum[2 * i + 1]! ** 2;
    spectrum[2 * i + 1] = 0;
  }
  const back = new Float64Array(2 * size);
  fft.inverseTransform(back, spectrum);
  const power = back[0]!;
  if (!(power > n * (ROUNDING * meanA) ** 2)) return null;
  return Float64Array.from(
    { length: Math.floor(n / 2) + 1 },
    (_, k) => (back[2 * k]! / power) * (n / (n - k)),
  );
}

/** The earliest local maximum that comes near the highest; 0 where none is. */
function earliestPeak(r: Float64Array, first: number, last: number): number {
  const peaks: number[] = [];
  // over a period the autocorrelation of what has no mean sums to 0: before the first zero there is only the hill of lag 0
  let valley = 1;
  while (valley < last && r[valley]! > 0) valley++;
  for (let k = Math.max(first, valley + 1); k < last; k++)
    if (r[k]! >= r[k - 1]! && r[k]! > r[k + 1]!) peaks.push(k);
  const heights = peaks.map((k) => heightBetween(r, k));
  const highest = heights.reduce((most, h) => Math.max(most, h), 0);
  return peaks[heights.findIndex((h) => h >= SAME_PEAK * highest)] ?? 0;
}

/**
 * Height of a peak whose top lies between two lags: where the lines through the two points on each side meet. Of a
 * period of 43.5 samples the lag 87 is hit and 43 and 44 are missed, and a current with sharp edges has sharp peaks:
 * without this the double period would win.
 */
function heightBetween(r: Float64Array, k: number): number {
  if (k < 2 || k + 2 >= r.length) return r[k]!;
  const left = r[k + 1]! >= r[k - 1]! ? k : k - 1;
  const rise = r[left]! - r[left - 1]!;
  const fall = r[left + 1]! - r[left + 2]!;
  if (!(rise > 0 && fall > 0)) return r[k]!;
  // r[left] + rise·x = r[left + 1] + fall·(1 − x)
  const x = Math.min(1, Math.max(0, (r[left + 1]! + fall - r[left]!) / (rise + fall)));
  return Math.max(r[k]!, r[left]! + rise * x);
}

/** Follows the peak over doubled multiples of the lag: the m-th is known m times better. */
function refine(r: Float64Array, lag: number, longest: number): { periodSteps: number; multiple: number } {
  let multiple = 1;
  let periodSteps = vertex(r, lag);
  while (2 * multiple * periodSteps + 2 < Math.min(longest, r.length - 2)) {
    const next = 2 * multiple;
    const reach = Math.max(2, Math.round(0.1 * periodSteps));
    const peak = highestNear(r, Math.round(next * periodSteps), Math.min(reach, Math.floor(lag / 3)));
    if (r[peak]! < 0.5 * r[lag]!) break;
    multiple = next;
    periodSteps = vertex(r, peak) / multiple;
  }
  return { periodSteps, multiple };
}

function highestNear(r: Float64Array, at: number, reach: number): number {
  let best = at;
  for (let k = Math.max(1, at - reach); k <= Math.min(r.length - 2, at + reach); k++)
    if (r[k]! > r[best]!) best = k;
  return best;
}

/** Top of the parabola through three points. */
function vertex(r: Float64Array, k: number): number {
  const [a, b, c] = [r[k - 1]!, r[k]!, r[k + 1]!];
  const bend = a - 2 * b + c;
  return bend < 0 ? k + (0.5 * (a - c)) / bend : k;
}
