import type { OpView } from '../../model/op-view.ts';
import { inputOf, outputOf, quantizationOf, scaleOf } from '../../model/op-view.ts';
import { quantizeMultiplier, type FixedMultiplier } from '../fixed-point.ts';
import { i32Bytes } from '../kernel-record.ts';

/**
 * Requantisation factors of a convolution, one an output channel: input · weight / output scale in doubles
 * (TensorFlow Lite's PopulateConvolutionQuantizationParams).
 */
export function channelFactors(view: OpView, channels: number): FixedMultiplier[] {
  const { scales } = quantizationOf(inputOf(view, 1));
  const input = scaleOf(inputOf(view, 0));
  const output = scaleOf(outputOf(view));
  return Array.from({ length: channels }, (_, c) =>
    quantizeMultiplier((input * (scales.length > 1 ? scales[c]! : scales[0]!)) / output),
  );
}

export interface FactorBytes {
  readonly multipliers: Uint8Array;
  readonly shifts: Uint8Array;
}

export function factorBytes(each: readonly FixedMultiplier[]): FactorBytes {
  return { multipliers: i32Bytes(each.map((m) => m.multiplier)), shifts: i32Bytes(each.map((m) => m.shift)) };
}

/** Weights and bias as they are in the file; the bias is left out where the model has none. */
export function plainConstants(view: OpView): Record<string, Uint8Array> {
  const bias = view.inputs[2]?.data;
  return { weights: inputOf(view, 1).data!, ...(bias ? { bias } : {}) };
}

/** int16 activations: 0 where the bias is int32, and sums too; 1 where they have 64 bits, or there is no bias. */
export function wideBias(view: OpView): number {
  return view.inputs[2]?.type === 'int32' ? 0 : 1;
}
