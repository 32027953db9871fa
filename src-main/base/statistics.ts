import { BugError } from './errors.ts';
import type { Rng } from './rng.ts';

/** Statistics of repeated measurements. Empty or non-finite input is a bug of the caller. */

function demand(values: ArrayLike<number>): void {
  if (values.length === 0) throw new BugError('statistics of no values');
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i])) throw new BugError(`statistics of a non-finite value at ${i}`);
}

/** Arithmetic mean with Neumaier's compensated sum. */
export function mean(values: ArrayLike<number>): number {
  demand(values);
  let sum = 0;
  let lost = 0;
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    const next = sum + v;
    lost += Math.abs(sum) >= Math.abs(v) ? sum - next + v : v - next + sum;
    sum = next;
  }
  return (sum + lost) / values.length;
}

/** The middle value; of an even count the mean of the middle two. */
export function median(values: ArrayLike<number>): number {
  demand(values);
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Sample standard deviation, divisor n − 1 (two passes). One value has none: NaN is never returned, it is a bug. */
export function sampleStd(values: ArrayLike<number>): number {
  demand(values);
  if (values.length < 2) throw new BugError('standard deviation of one value');
  const m = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - m) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}

export interface MeanInterval {
  readonly mean: number;
  /** null for a single value: one repetition says nothing about spread. */
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
  /** `deterministic`: all repetitions were identical, so no interval is claimed (low = high = mean). */
  readonly method: 't' | 'deterministic' | 'single';
}

/** Student's t interval for the mean. */
export function tInterval(values: ArrayLike<number>, confidence = 0.95): MeanInterval {
  const n = values.length;
  demand(values);
  const first = values[0]!;
  if (n === 1) return { mean: first, low: null, high: null, n, method: 'single' };
  let identical = true;
  for (let i = 1; i < n; i++) identical &&= values[i] === first;
  if (identical) return { mean: first, low: first, high: first, n, method: 'deterministic' };
  const m = mean(values);
  const half = (tCritical(n - 1, confidence) * sampleStd(values)) / Math.sqrt(n);
  return { mean: m, low: m - half, high: m + half, n, method: 't' };
}

/**
 * ln Γ(a + ½) − ln Γ(a), a > 0: the asymptotic series in 1/a (Tricomi & Erdélyi 1951) from a ≥ 20 on, below that
 * by Γ(a+1) = a·Γ(a). Truncation < 1e-16; no cancellation at large a, which lgamma differences have.
 */
function lnGammaHalfStep(a: number): number {
  let shift = 0;
  while (a < 20) {
    shift += Math.log(a / (a + 0.5));
    a += 1;
  }
  const r = 1 / (a * a);
  const series = (-1 / 8 + r * (1 / 192 + r * (-1 / 640 + r * (17 / 14336 - (r * 31) / 18432)))) / a;
  return shift + 0.5 * Math.log(a) + series;
}

/** The continued fraction of the incomplete beta function (DLMF 8.17.22) by Lentz's method. */
function betaFraction(a: number, b: number, x: number): number {
  const tiny = 1e-300;
  let c = 1;
  let d = 1 - ((a + b) * x) / (a + 1);
  d = 1 / (Math.abs(d) < tiny ? tiny : d);
  let h = d;
  for (let m = 1; m <= 100_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 + even * d;
    c = 1 + even / c;
    d = 1 / (Math.abs(d) < tiny ? tiny : d);
    if (Math.abs(c) < tiny) c = tiny;
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + odd * d;
    c = 1 + odd / c;
    d = 1 / (Math.abs(d) < tiny ? tiny : d);
    if (Math.abs(c) < tiny) c = tiny;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return h;
}

/** P(|T| > t) of Student's t with `dof` degrees of freedom: I_x(dof/2, ½) with x = dof/(dof + t²). */
export function tTwoSidedTail(t: number, dof: number): number {
  const a = dof / 2;
  const t2 = t * t;
  const x = dof / (dof + t2);
  const y = t2 / (dof + t2);
  if (y === 0) return 1;
  // x^a · y^½ / B(a, ½)
  const lnFront =
    -a * Math.log1p(t2 / dof) + 0.5 * Math.log(y) + lnGammaHalfStep(a) - 0.5 * Math.log(Math.PI);
  const front = Math.exp(lnFront);
  if (x < (a + 1) / (a + 2.5)) return (front * betaFraction(a, 0.5, x)) / a;
  return 1 - (front * betaFraction(0.5, a, y)) / 0.5;
}

/** The t with P(|T| ≤ t) = confidence, to ≤ 1e-12 relative, by bisection. */
export function tCritical(dof: number, confidence: number): number {
  if (!(dof >= 1) || !(confidence > 0 && confidence < 1))
    throw new BugError(`tCritical(${dof}, ${confidence})`);
  const tail = 1 - confidence;
  let low = 0;
  let high = 1;
  while (tTwoSidedTail(high, dof) > tail) high *= 2;
  for (let i = 0; i < 200 && high - low > 1e-15 * high; i++) {
    const middle = (low + high) / 2;
    if (tTwoSidedTail(middle, dof) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Φ(z) − ½ for z ≥ 0 by Marsaglia's series (2004); absolute error ≤ 1e-16 for z < 7. */
function normalHalf(z: number): number {
  let sum = z;
  let term = z;
  for (let i = 3; i < 1000; i += 2) {
    term *= (z * z) / i;
    const next = sum + term;
    if (next === sum) break;
    sum = next;
  }
  return sum * Math.exp(-0.5 * z * z - 0.5 * Math.log(2 * Math.PI));
}

/** The z with P(|Z| ≤ z) = confidence of a standard normal. */
export function zCritical(confidence: number): number {
  if (!(confidence > 0 && confidence < 1)) throw new BugError(`zCritical(${confidence})`);
  let low = 0;
  let high = 8;
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (2 * normalHalf(middle) < confidence) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

export interface Proportion {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
  readonly method: 'wilson';
}

/** Wilson's score interval (1927) for k successes of n, without continuity correction. */
export function wilson(k: number, n: number, confidence = 0.95): Proportion {
  if (!(Number.isInteger(k) && Number.isInteger(n) && n > 0 && k >= 0 && k <= n))
    throw new BugError(`wilson(${k}, ${n})`);
  const z = zCritical(confidence);
  const p = k / n;
  const scale = 1 / (1 + (z * z) / n);
  const centre = (p + (z * z) / (2 * n)) * scale;
  const half = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n)) * scale;
  // exact at the ends, where rounding would leave 1e-17
  const low = k === 0 ? 0 : Math.max(0, centre - half);
  const high = k === n ? 1 : Math.min(1, centre + half);
  return { value: p, low, high, n, method: 'wilson' };
}

export interface MedianInterval {
  readonly median: number;
  /** null below 10 values: resampling so few does not reach the nominal confidence. */
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
  readonly method: 'bootstrap' | 'deterministic' | 'too-few';
}

/** Percentile bootstrap of the median (Efron 1979). For five windows use `tInterval`. */
export function bootstrapMedian(
  values: ArrayLike<number>,
  rng: Rng,
  options: { readonly confidence?: number; readonly resamples?: number } = {},
): MedianInterval {
  const { confidence = 0.95, resamples = 2000 } = options;
  const n = values.length;
  const m = median(values);
  const sorted = Float64Array.from(values).sort();
  if (n > 1 && sorted[0] === sorted[n - 1]) return { median: m, low: m, high: m, n, method: 'deterministic' };
  if (n < 10) return { median: m, low: null, high: null, n, method: 'too-few' };
  const draw = new Float64Array(n);
  const medians = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < n; i++) draw[i] = sorted[rng.int(0, n - 1)]!;
    medians[r] = median(draw);
  }
  medians.sort();
  const tail = (1 - confidence) / 2;
  return {
    median: m,
    low: quantileOfSorted(medians, tail),
    high: quantileOfSorted(medians, 1 - tail),
    n,
    method: 'bootstrap',
  };
}

/** Linear interpolation between order statistics (Hyndman & Fan type 7, NumPy's default). */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number): number {
  demand(sorted);
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const a = sorted[below]!;
  const b = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return a + (at - below) * (b - a);
}

/**
 * Area under the ROC curve as the Mann–Whitney statistic with mid-ranks for ties; a label ≠ 0 is positive.
 * null where one class is missing: there is no curve then.
 */
export function rocAuc(scores: ArrayLike<number>, labels: ArrayLike<number>): number | null {
  if (scores.length !== labels.length) throw new BugError('rocAuc: lengths differ');
  demand(scores);
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((i, j) => scores[i]! - scores[j]!);
  let positives = 0;
  let rankSum = 0;
  for (let i = 0; i < order.length;) {
    let j = i;
    while (j < order.length && scores[order[j]!] === scores[order[i]!]) j++;
    const midRank = (i + 1 + j) / 2;
    for (let k = i; k < j; k++)
      if (labels[order[k]!] !== 0) {
        positives++;
        rankSum += midRank;
      }
    i = j;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

export interface MultiClassAuc {
  /** Unweighted mean over the classes that have a curve; null when none has. */
  readonly macro: number | null;
  /** null for a class that no item, or every item, belongs to. */
  readonly perClass: readonly (number | null)[];
}

/**
 * One-vs-rest AUC on row-normalised scores, as the MLPerf Tiny runner computes it (PROTOCOLS §2).
 * `rows`: one array of class scores an item; `classes`: the true class index of each.
 */
export function rocAucOneVsRest(
  rows: readonly ArrayLike<number>[],
  classes: ArrayLike<number>,
): MultiClassAuc {
  if (rows.length === 0 || rows.length !== classes.length)
    throw new BugError('rocAucOneVsRest: no or unequal rows');
  const count = rows[0]!.length;
  const sums = rows.map((r) => {
    let s = 0;
    for (let i = 0; i < count; i++) s += r[i]!;
    return s === 0 ? 1 : s;
  });
  const perClass: (number | null)[] = [];
  for (let c = 0; c < count; c++) {
    const scores = Float64Array.from(rows, (r, i) => r[c]! / sums[i]!);
    const labels = Uint8Array.from(rows, (_, i) => (classes[i] === c ? 1 : 0));
    perClass.push(rocAuc(scores, labels));
  }
  const defined = perClass.filter((a): a is number => a !== null);
  return { macro: defined.length > 0 ? mean(defined) : null, perClass };
}

/**
 * `12.41 ± 0.06`: the uncertainty by the Particle Data Group's rule (two digits where its leading digits are
 * 100–354, one for 355–949, 950–999 go up to 1000), the value to the same place and never finer.
 * A zero uncertainty is a claim of exactness: the value is printed as it is, without ±.
 */
export function formatWithUncertainty(value: number, uncertainty: number): string {
  if (!Number.isFinite(value) || !Number.isFinite(uncertainty) || uncertainty < 0)
    throw new BugError(`formatWithUncertainty(${value}, ${uncertainty})`);
  if (uncertainty === 0) return String(value);
  const place = uncertaintyPlace(uncertainty);
  if (place <= 0) return `${value.toFixed(-place)} ± ${uncertainty.toFixed(-place)}`;
  const step = 10 ** place;
  return `${roundTo(value, step)} ± ${roundTo(uncertainty, step)}`;
}

/** The decimal place (power of ten) to which a value with this uncertainty is printed: 0.06 → −2, 340 → 1. */
export function uncertaintyPlace(uncertainty: number): number {
  const [mantissa, exponent] = uncertainty.toExponential(2).split('e') as [string, string];
  const leading = Math.round(Number(mantissa) * 100);
  const power = Math.max(Number(exponent), -99);
  if (leading < 355) return power - 1;
  return power;
}

function roundTo(value: number, step: number): string {
  const rounded = Math.round(value / step) * step;
  return String(rounded === 0 ? 0 : rounded);
}
