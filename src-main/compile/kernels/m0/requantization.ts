/**
 * Requantisation on a core that has a 32-bit product only. TensorFlow Lite Micro's two roundings are a step function of
 * the accumulator: at most 255 thresholds. A kernel computes floor((acc · M + C) / 2^S) from pieces of M and is exact when
 * each of its thresholds is the same accumulator. All constants are found and proven here, at compile time.
 */

/** Accumulators a channel can reach, both included. */
export interface AccRange {
  readonly low: number;
  readonly high: number;
}

/** TensorFlow Lite Micro's factor of one channel; the clamp is −128…127. */
export interface Scaling {
  /** Q31, 0 or in [2^30, 2^31). */
  readonly multiplier: number;
  /** Positive = left. */
  readonly shift: number;
  readonly outputOffset: number;
}

/** floor((…(acc·m₀ ≫ bits) + acc·m₁ … + constant) / 2^shift), clamped to 0…255: the output plus 128. */
export interface Pieces {
  /** From the least significant; all but the last have `bits` bits. */
  readonly multipliers: readonly number[];
  readonly bits: number;
  readonly constant: number;
  readonly shift: number;
}

/** floor((a · b + 2^30) / 2^31), exact: a in 32 bits, b in 31. */
export function highMul(a: number, b: number): number {
  const bHigh = Math.floor(b / 0x1_0000);
  const bLow = b - bHigh * 0x1_0000;
  return Math.floor((a * bHigh + Math.floor((a * bLow + 0x4000_0000) / 0x1_0000)) / 0x8000);
}

/** The output plus 128 as TensorFlow Lite Micro computes it, for accumulators whose left shift does not overflow. */
export function requantizedByte(acc: number, s: Scaling): number {
  const left = s.shift > 0 ? acc * 2 ** s.shift : acc;
  const high = highMul(left, s.multiplier);
  const right = s.shift < 0 ? -s.shift : 0;
  // halves away from zero
  const rounded =
    right === 0 ? high : Math.floor(((high < 0 ? high - 1 : high) + 2 ** (right - 1)) / 2 ** right);
  return Math.min(255, Math.max(0, rounded + s.outputOffset + 128));
}

/** Index j (1…255): the least accumulator of the range whose output plus 128 is at least j, or high + 1 when none is. */
export function thresholds(range: AccRange, s: Scaling): Float64Array {
  const found = new Float64Array(256);
  const perStep = 2 ** (31 - s.shift) / s.multiplier;
  let from = range.low;
  for (let j = 1; j < 256; j++) {
    const guess = Math.floor((j - 128.5 - s.outputOffset) * perStep);
    let low = from;
    let high = range.high + 1;
    // the guess is off by a few at most; otherwise halving finds it
    for (const near of [guess - 3, guess + 4]) {
      if (near <= low || near >= high) continue;
      if (requantizedByte(near, s) >= j) high = near;
      else low = near + 1;
    }
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (requantizedByte(middle, s) >= j) high = middle;
      else low = middle + 1;
    }
    found[j] = from = low;
  }
  return found;
}

/** Same output over the whole range: nothing need be computed. */
export function constantByte(range: AccRange, s: Scaling): number | null {
  const low = requantizedByte(range.low, s);
  return low === requantizedByte(range.high, s) ? low : null;
}

const INT32 = 2 ** 31;
const EXACT = 2 ** 53;

/** Bits b such that every accumulator of the range lies in −2^b … 2^b. */
export function magnitudeBits(ranges: readonly AccRange[]): number {
  const most = Math.max(1, ...ranges.map((r) => Math.max(-r.low, r.high)));
  return Math.ceil(Math.log2(most + 1));
}

/**
 * A form with `count` pieces whose thresholds are TensorFlow Lite Micro's, or null when none was found. For a given M
 * the feasible constants are an interval, the intersection over all thresholds, so trying one of it decides M.
 * `start` is what the accumulator has beyond the range: the kernel's C then holds its part of it.
 */
export function solvePieces(
  count: 2 | 3,
  bits: number,
  range: AccRange,
  s: Scaling,
  start = 0,
): Pieces | null {
  if (s.multiplier < 2 ** 30) return null;
  const at = thresholds({ low: range.low + start, high: range.high + start }, s).map((t) => t - start);
  const wholeBits = count * bits;
  const unit = 2 ** ((count - 1) * bits);
  for (let drop = Math.max(0, 31 - wholeBits); drop < 26; drop++) {
    const power = 31 - s.shift - drop;
    const shift = power - (count - 1) * bits;
    if (shift < 1 || shift > 30) continue;
    for (const nudge of [0, 1, -1, 2, -2, 3, -3]) {
      const whole = Math.round(s.multiplier / 2 ** drop) + nudge;
      if (whole <= 0 || whole >= 2 ** wholeBits) continue;
      const constant = constantFor(whole, power, unit, at, range);
      if (constant === null) continue;
      const pieces = { multipliers: split(whole, bits, count), bits, constant, shift };
      if (fitsWords(pieces, range)) return pieces;
    }
  }
  return null;
}

/** C / unit such that acc · M + C ≥ j · 2^power from exactly the j-th threshold on. */
function constantFor(
  whole: number,
  power: number,
  unit: number,
  at: Float64Array,
  range: AccRange,
): number | null {
  let least = -Infinity;
  let most = Infinity;
  for (let j = 1; j < 256; j++) {
    const product = at[j]! * whole;
    if (Math.abs(product) > EXACT) return null;
    const needed = j * 2 ** power - product;
    if (at[j]! <= range.high) least = Math.max(least, needed);
    if (at[j]! > range.low) most = Math.min(most, needed + whole - 1);
    if (least > most) return null;
  }
  const constant = Math.ceil((Number.isFinite(least) ? least : most - unit) / unit);
  return Number.isFinite(constant) && constant * unit <= most && Math.abs(constant) < INT32 ? constant : null;
}

function split(whole: number, bits: number, count: number): number[] {
  const size = 2 ** bits;
  const pieces: number[] = [];
  let left = whole;
  for (let i = 0; i < count - 1; i++) {
    pieces.push(left % size);
    left = Math.floor(left / size);
  }
  return [...pieces, left];
}

/** Every value that is shifted right lies in 32 bits: the partial sums are linear up to one unit of rounding. */
function fitsWords({ multipliers, bits, constant }: Pieces, range: AccRange): boolean {
  return [range.low, range.high].every((acc) => {
    let sum = 0;
    for (const [i, m] of multipliers.entries()) {
      const last = i === multipliers.length - 1;
      sum = Math.floor(sum) + acc * m + (last ? constant : 0);
      if (Math.abs(sum) >= INT32 - 2) return false;
      sum /= 2 ** bits;
    }
    return true;
  });
}

/** What the kernels compute: for tests, and for the last check of a found form. */
export function byPieces(acc: number, { multipliers, bits, constant, shift }: Pieces): number {
  let sum = 0;
  for (const [i, m] of multipliers.entries()) {
    sum += acc * m;
    if (i < multipliers.length - 1) sum = Math.floor(sum / 2 ** bits);
  }
  return Math.min(255, Math.max(0, Math.floor((sum + constant) / 2 ** shift)));
}

/** The two roundings themselves, with the Q31 product from bytes of the multiplier: for any |acc| < 2^23, shifts −1…−22. */
export interface TwoRoundings {
  /** Bytes of the multiplier, least significant first. */
  readonly bytes: readonly number[];
  /** Half of the last shift and the offset, already shifted. */
  readonly rounding: number;
  readonly shift: number;
}

export function twoRoundings(range: AccRange, s: Scaling): TwoRoundings | null {
  const right = -s.shift;
  if (right < 1 || right > 22 || magnitudeBits([range]) > 23) return null;
  return {
    bytes: [0, 8, 16, 24].map((at) => (s.multiplier >>> at) & 0xff),
    rounding: 2 ** (right - 1) + (s.outputOffset + 128) * 2 ** right,
    shift: right,
  };
}
