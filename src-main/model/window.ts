import type { Padding } from './operators.ts';

/**
 * No real layer has a larger filter, stride or dilation, or a larger picture; within these bounds every coordinate the
 * kernels compute stays in 32 bits (MJ_MAX_STEP and MJ_MAX_EXTENT of firmware/engine/mj_kernels.h).
 */
export const LARGEST_STEP = 4095;
export const LARGEST_EXTENT = 65_535;

/** One dimension of a sliding window. */
export interface WindowAxis {
  readonly input: number;
  readonly filter: number;
  readonly stride: number;
  readonly dilation: number;
}

/** Elements a dilated filter spans. */
function span(axis: WindowAxis): number {
  return (axis.filter - 1) * axis.dilation + 1;
}

/** Output size; may be ≤ 0 for a filter that does not fit. (TensorFlow: nn.convolution, "same" and "valid".) */
export function windowOutput(axis: WindowAxis, padding: Padding): number {
  const { input, stride } = axis;
  return padding === 'same' ? Math.ceil(input / stride) : Math.floor((input + stride - span(axis)) / stride);
}

/** Padding before the first element; the odd one out goes behind the last. */
export function windowPadding(axis: WindowAxis, output: number): number {
  const total = (output - 1) * axis.stride + span(axis) - axis.input;
  return total > 0 ? Math.floor(total / 2) : 0;
}
