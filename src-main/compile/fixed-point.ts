import { BugError } from '../base/errors.ts';
import type { Tensor } from '../model/graph.ts';
import { scaleOf, zeroPointOf } from '../model/op-view.ts';
import type { Activation } from '../model/operators.ts';
import { integerRange } from '../model/tensor-type.ts';

/**
 * Requantisation constants exactly as TensorFlow Lite computes them on the device when it prepares a model
 * (kernels/internal/quantization_util, kernels/kernel_util): IEEE doubles, one rounding, half away from zero.
 */

/** real ≈ multiplier · 2^(shift − 31); multiplier in [2^30, 2^31), or 0 with shift 0. Positive shift = left. */
export interface FixedMultiplier {
  readonly multiplier: number;
  readonly shift: number;
}

/** Half away from zero, as C's round(). */
export function roundAway(x: number): number {
  return x < 0 ? -Math.floor(0.5 - x) : Math.floor(x + 0.5);
}

const scratch = new DataView(new ArrayBuffer(8));

/** x = fraction · 2^exponent with 0.5 ≤ fraction < 1, as C's frexp(), for finite x > 0. */
function splitDouble(x: number): { fraction: number; exponent: number } {
  const subnormal = x < 2 ** -1022;
  scratch.setFloat64(0, subnormal ? x * 2 ** 64 : x);
  const high = scratch.getUint32(0);
  const exponent = ((high >>> 20) & 0x7ff) - 1022 - (subnormal ? 64 : 0);
  scratch.setUint32(0, (high & 0x800f_ffff) | (1022 << 20));
  return { fraction: scratch.getFloat64(0), exponent };
}

/** Below this exponent every bit would be shifted out; TensorFlow Lite makes the factor 0. */
const SMALLEST_SHIFT = -31;

export function quantizeMultiplier(real: number): FixedMultiplier {
  if (real === 0) return { multiplier: 0, shift: 0 };
  if (!(real > 0) || !Number.isFinite(real)) throw new BugError(`multiplier ${real}`);
  const { fraction, exponent } = splitDouble(real);
  const rounded = roundAway(fraction * 2 ** 31);
  const carried = rounded === 2 ** 31;
  const shift = carried ? exponent + 1 : exponent;
  if (shift < SMALLEST_SHIFT) return { multiplier: 0, shift: 0 };
  return { multiplier: carried ? 2 ** 30 : rounded, shift };
}

export interface ClampRange {
  readonly actMin: number;
  readonly actMax: number;
}

/** A real bound in the tensor's own integers; the division is a float32 one. */
function quantized(tensor: Tensor, real: number): number {
  return zeroPointOf(tensor) + roundAway(Math.fround(real / scaleOf(tensor)));
}

/** The output's clamp: the type's range, narrowed by a fused ReLU. */
export function activationRange(tensor: Tensor, activation: Activation): ClampRange {
  const { min, max } = integerRange(tensor.type)!;
  const least = (real: number) => Math.max(min, quantized(tensor, real));
  const most = (real: number) => Math.min(max, quantized(tensor, real));
  switch (activation) {
    case 'none':
      return { actMin: min, actMax: max };
    case 'relu':
      return { actMin: least(0), actMax: max };
    case 'relu6':
      return { actMin: least(0), actMax: most(6) };
    case 'relu_n1_to_1':
      return { actMin: least(-1), actMax: most(1) };
    default:
      throw new BugError(`no clamp for ${activation}`);
  }
}

/** Differences to the largest logit are kept with this many integer bits. */
const SOFTMAX_DIFF_INTEGER_BITS = 5;
const TOTAL_SIGNED_BITS = 31;

export interface SoftmaxScaling extends FixedMultiplier {
  /** Logits further below the largest than this contribute nothing. */
  readonly diffMin: number;
}

export function softmaxScaling(beta: number, inputScale: number): SoftmaxScaling {
  const real = Math.min(beta * inputScale * 2 ** (31 - SOFTMAX_DIFF_INTEGER_BITS), 2 ** 31 - 1);
  const { multiplier, shift } = quantizeMultiplier(real);
  const radius =
    ((2 ** SOFTMAX_DIFF_INTEGER_BITS - 1) * 2 ** (TOTAL_SIGNED_BITS - SOFTMAX_DIFF_INTEGER_BITS)) /
    2 ** shift;
  return { multiplier, shift, diffMin: 0 - Math.floor(radius) };
}
