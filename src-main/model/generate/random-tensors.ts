import type { Rng } from '../../base/rng.ts';
import type { ModelSpec, TensorSpec } from '../model-spec.ts';
import type { Activation, OpAttributes } from '../operators.ts';
import { elementCount } from '../tensor-type.ts';

/**
 * Random quantised tensors for the operators' generators. Corners are drawn often on purpose: zero points at the ends
 * of the range, weights of −128, one element a dimension, multipliers that saturate or vanish.
 */
export function randomZeroPoint(rng: Rng): number {
  return rng.float() < 0.4 ? rng.pick([-128, 127, 0]) : rng.int(-128, 127);
}

/** float32 values as files hold them, over a few decades. */
export function randomScale(rng: Rng, least = 1e-4, most = 1): number {
  return Math.fround(least * (most / least) ** rng.float());
}

export function randomActivation(rng: Rng): Activation {
  return rng.pick(['none', 'none', 'relu', 'relu6', 'relu_n1_to_1'] as const);
}

export function activationTensor(
  name: string,
  shape: readonly number[],
  scale: number,
  zeroPoint: number,
): TensorSpec {
  return { name, type: 'int8', shape, quantization: { scales: [scale], zeroPoints: [zeroPoint] } };
}

export interface WeightedLayer {
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  readonly weightShape: readonly number[];
  /** Dimension of the weights that counts output channels. */
  readonly channelAxis: number;
  /** Products summed up for one output element. */
  readonly depth: number;
  readonly perChannel: boolean;
  readonly bias: boolean;
}

/** Input 0, weights 1, bias 2 (if any), output last; scales such that most outputs fall inside int8. */
export function weightedTensors(rng: Rng, layer: WeightedLayer): TensorSpec[] {
  const channels = layer.weightShape[layer.channelAxis]!;
  const inScale = randomScale(rng, 1e-3);
  const scales = Array.from({ length: layer.perChannel ? channels : 1 }, () => randomScale(rng, 1e-3, 0.1));
  const typical = inScale * scales[0]! * Math.sqrt(layer.depth) * 74 * 74;
  const outScale = Math.fround((typical / 64) * 4 ** (2 * rng.float() - 1));
  const weights = new Int8Array(elementCount(layer.weightShape)).map(() => rng.int(-128, 127));
  const tensors: TensorSpec[] = [
    activationTensor('input', layer.inputShape, inScale, randomZeroPoint(rng)),
    {
      name: 'weights',
      type: 'int8',
      shape: layer.weightShape,
      data: weights,
      quantization: {
        scales,
        zeroPoints: scales.map(() => 0),
        axis: layer.perChannel ? layer.channelAxis : 0,
      },
    },
  ];
  if (layer.bias) tensors.push(biasTensor(rng, channels, inScale, scales, layer.depth));
  tensors.push(activationTensor('output', layer.outputShape, outScale, randomZeroPoint(rng)));
  return tensors;
}

function biasTensor(
  rng: Rng,
  channels: number,
  inScale: number,
  weightScales: readonly number[],
  depth: number,
): TensorSpec {
  const spread = Math.ceil(Math.sqrt(depth) * 74 * 74);
  const scales = weightScales.map((s) => Math.fround(inScale * s));
  return {
    name: 'bias',
    type: 'int32',
    shape: [channels],
    data: new Int32Array(channels).map(() => rng.int(-spread, spread)),
    quantization: { scales, zeroPoints: scales.map(() => 0) },
  };
}

/** A model of one operator: activations without data are its inputs, the last tensor its output. */
export function singleOperator(
  name: string,
  attributes: OpAttributes,
  tensors: readonly TensorSpec[],
): ModelSpec {
  const last = tensors.length - 1;
  const all = tensors.map((_, i) => i).slice(0, last);
  return {
    name: 'main',
    description: `one ${name}`,
    tensors,
    ops: [{ name, attributes, inputs: all, outputs: [last] }],
    inputs: all.filter((i) => !tensors[i]!.data),
    outputs: [last],
  };
}
