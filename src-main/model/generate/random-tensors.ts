import type { Rng } from '../../base/rng.ts';
import type { ModelSpec, TensorSpec } from '../model-spec.ts';
import type { Activation, OpAttributes } from '../operators.ts';
import type { TensorType } from '../graph.ts';
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

/** Makes tensors of one type and quantisation, for operators that only move values; mostly int8. */
export function movedTensor(
  rng: Rng,
  types: readonly TensorType[] = ['int8', 'int8', 'int8', 'int16', 'int32'],
): (name: string, shape: readonly number[]) => TensorSpec {
  const type = rng.pick(types);
  const [scale, zeroPoint] = [randomScale(rng), type === 'int8' ? randomZeroPoint(rng) : 0];
  const quantization = type === 'int32' ? null : { scales: [scale], zeroPoints: [zeroPoint] };
  return (name, shape) => ({ name, type, shape, quantization });
}

/** A constant that says how an operator works: axes, sizes, paddings. */
export function intTensor(name: string, values: readonly number[], shape = [values.length]): TensorSpec {
  return { name, type: 'int32', shape, data: Int32Array.from(values) };
}

/** A model of one operator: activations without data are its inputs, the last tensors its outputs. */
export function singleOperator(
  name: string,
  attributes: OpAttributes,
  tensors: readonly TensorSpec[],
  outputs = 1,
): ModelSpec {
  const order = tensors.map((_, i) => i);
  const all = order.slice(0, -outputs);
  const last = order.slice(-outputs);
  return {
    name: 'main',
    description: `one ${name}`,
    tensors,
    ops: [{ name, attributes, inputs: all, outputs: last }],
    inputs: all.filter((i) => !tensors[i]!.data && !tensors[i]!.isVariable),
    outputs: last,
  };
}
