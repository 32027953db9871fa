/** What can be known of requantisation when the weights are. */
import type { FixedMultiplier } from '../../fixed-point.ts';
import type { PackedChannel, PackedLayer } from './layer.ts';

/** Least and largest accumulator any int8 input can give, as if there were no limit. */
export interface AccRange {
  readonly low: number;
  readonly high: number;
}

export function accRange({ weights, bias }: PackedChannel): AccRange {
  let low = bias;
  let high = bias;
  for (const w of weights) {
    low += w > 0 ? -128 * w : 127 * w;
    high += w > 0 ? 127 * w : -128 * w;
  }
  return { low, high };
}

/** No input makes the sum wrap. */
export function fitsWord({ low, high }: AccRange): boolean {
  return low > -(2 ** 31) && high < 2 ** 31;
}

/** floor((a · b + 2^30) / 2^31) for a in 32 bits and b in 31, in doubles without losing a bit. */
function highMul(a: number, b: number): number {
  const bHigh = Math.floor(b / 0x1_0000);
  const bLow = b - bHigh * 0x1_0000;
  return Math.floor((a * bHigh + Math.floor((a * bLow + 0x4000_0000) / 0x1_0000)) / 0x8000);
}

/** mj_requantize of mj_fixed.h and the saturation to int8, for a factor that does not shift left. */
export function requantized(
  acc: number,
  { multiplier, shift }: FixedMultiplier,
  outputOffset: number,
): number {
  const high = highMul(acc, multiplier);
  const half = shift < 0 ? 2 ** (-shift - 1) : 0;
  const nudged = shift < 0 && high < 0 ? high - 1 : high;
  const rounded = Math.floor((nudged + half) / 2 ** -shift);
  return Math.min(127, Math.max(-128, rounded + outputOffset));
}

/** The output where it is the same for every input; requantisation is monotonic, so its ends decide. */
export function constantOutput(
  range: AccRange,
  factor: FixedMultiplier,
  outputOffset: number,
): number | null {
  if (factor.shift > 0) return null;
  const low = requantized(range.low, factor, outputOffset);
  return low === requantized(range.high, factor, outputOffset) ? low : null;
}

/** Nothing below the zero point survives the clamp: a fused ReLU. */
export function isPositive(layer: PackedLayer): boolean {
  return layer.clamp.actMin >= layer.outputOffset;
}
