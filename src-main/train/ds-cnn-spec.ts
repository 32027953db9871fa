import type { ModelSpec, OpSpec, TensorSpec } from '../model/model-spec.ts';
import type { OpAttributes } from '../model/operators.ts';
import { STRIDE, type DsCnnShape } from './ds-cnn.ts';
import type { FoldedLayer } from './fold-batch-norm.ts';
import { quantiseBias, quantiseWeights, type AffineRange } from './quantise.ts';

/** Ranges of what the network's tensors hold: the input, every convolution's output after ReLU, the logits. */
export interface DsCnnRanges {
  readonly input: AffineRange;
  readonly activations: readonly AffineRange[];
  readonly logits: AffineRange;
}

const SOFTMAX_RANGE: AffineRange = { scale: 1 / 256, zeroPoint: -128 };

/** The int8 network for the .tflite writer: per-channel weights in convolutions, per-tensor in the classifier. */
export function dsCnnSpec(
  name: string,
  description: string,
  shape: DsCnnShape,
  layers: readonly FoldedLayer[],
  ranges: DsCnnRanges,
): ModelSpec {
  const builder = new SpecBuilder();
  let x = builder.activation('input', [1, shape.frames, shape.coefficients, 1], ranges.input);
  const input = x;
  layers.slice(0, -1).forEach((layer, i) => {
    x = builder.convolution(layer, x, i === 0 ? STRIDE : 1, ranges.activations[i]!);
  });
  x = builder.globalAverage(x);
  x = builder.flatten(x);
  x = builder.dense(layers.at(-1)!, x, ranges.logits);
  x = builder.softmax(x);
  return { name, description, tensors: builder.tensors, ops: builder.ops, inputs: [input], outputs: [x] };
}

interface Placed {
  readonly index: number;
  readonly shape: readonly number[];
  readonly range: AffineRange;
}

class SpecBuilder {
  readonly tensors: TensorSpec[] = [];
  readonly ops: OpSpec[] = [];
  readonly #ranges = new Map<number, AffineRange>();

  activation(name: string, shape: readonly number[], range: AffineRange): number {
    const index = this.#push({
      name,
      type: 'int8',
      shape,
      quantization: { scales: [range.scale], zeroPoints: [range.zeroPoint] },
    });
    this.#ranges.set(index, range);
    return index;
  }

  convolution(layer: FoldedLayer, input: number, stride: number, range: AffineRange): number {
    const depthwise = layer.kind === 'depthwise';
    const [, h, w] = this.#at(input).shape;
    const channels = depthwise ? layer.shape[3]! : layer.shape[0]!;
    const perFilter = layer.weights.length / channels;
    const channelOf = depthwise ? (i: number) => i % channels : (i: number) => Math.floor(i / perFilter);
    const { data, scales } = quantiseWeights(layer.weights, channels, channelOf);
    const weights = this.#constant(
      `${layer.name}/weights`,
      'int8',
      layer.shape,
      data,
      scales,
      depthwise ? 3 : 0,
    );
    const bias = this.#bias(layer, input, scales);
    const shape = [1, Math.ceil(h! / stride), Math.ceil(w! / stride), channels];
    const output = this.activation(layer.name, shape, range);
    const common = {
      padding: 'same',
      strideH: stride,
      strideW: stride,
      dilationH: 1,
      dilationW: 1,
      activation: 'relu',
    } as const;
    if (depthwise)
      this.#op(
        'DEPTHWISE_CONV_2D',
        { kind: 'depthwiseConv2d', depthMultiplier: 1, ...common },
        [input, weights, bias],
        output,
      );
    else this.#op('CONV_2D', { kind: 'conv2d', ...common }, [input, weights, bias], output);
    return output;
  }

  globalAverage(input: number): number {
    const { shape, range } = this.#at(input);
    const [, h, w, channels] = shape as [number, number, number, number];
    const output = this.activation('average', [1, 1, 1, channels], range);
    const attributes = {
      padding: 'valid',
      strideH: h,
      strideW: w,
      filterH: h,
      filterW: w,
      activation: 'none',
    } as const;
    this.#op('AVERAGE_POOL_2D', { kind: 'pool2d', ...attributes }, [input], output);
    return output;
  }

  flatten(input: number): number {
    const { shape, range } = this.#at(input);
    const flat = [1, shape.reduce((a, b) => a * b, 1)];
    const target = this.#push({ name: 'flat/shape', type: 'int32', shape: [2], data: Int32Array.from(flat) });
    const output = this.activation('flat', flat, range);
    this.#op('RESHAPE', { kind: 'reshape' }, [input, target], output);
    return output;
  }

  dense(layer: FoldedLayer, input: number, range: AffineRange): number {
    const { data, scales } = quantiseWeights(layer.weights, 1, () => 0);
    const weights = this.#constant(`${layer.name}/weights`, 'int8', layer.shape, data, scales, 0);
    const bias = this.#bias(layer, input, scales);
    const output = this.activation(layer.name, [1, layer.shape[0]!], range);
    this.#op(
      'FULLY_CONNECTED',
      { kind: 'fullyConnected', activation: 'none', keepNumDims: false },
      [input, weights, bias],
      output,
    );
    return output;
  }

  softmax(input: number): number {
    const output = this.activation('scores', this.#at(input).shape, SOFTMAX_RANGE);
    this.#op('SOFTMAX', { kind: 'softmax', beta: 1 }, [input], output);
    return output;
  }

  #at(index: number): Placed {
    return { index, shape: this.tensors[index]!.shape, range: this.#ranges.get(index)! };
  }

  #bias(layer: FoldedLayer, input: number, weightScales: readonly number[]): number {
    const { scale } = this.#at(input).range;
    const data = quantiseBias(layer.bias, scale, weightScales);
    const scales = weightScales.map((s) => Math.fround(scale * s));
    return this.#constant(`${layer.name}/bias`, 'int32', [layer.bias.length], data, scales, 0);
  }

  #constant(
    name: string,
    type: 'int8' | 'int32',
    shape: readonly number[],
    data: Int8Array | Int32Array,
    scales: readonly number[],
    axis: number,
  ): number {
    return this.#push({
      name,
      type,
      shape,
      data,
      quantization: { scales, zeroPoints: scales.map(() => 0), axis },
    });
  }

  #push(tensor: TensorSpec): number {
    return this.tensors.push(tensor) - 1;
  }

  #op(name: string, attributes: OpAttributes, inputs: readonly number[], output: number): void {
    this.ops.push({ name, attributes, inputs, outputs: [output] });
  }
}
