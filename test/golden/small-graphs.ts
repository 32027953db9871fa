/** Graphs of several operators: what a plan with shared arena bytes can get wrong and one operator cannot. */
import { Rng } from '../../src-main/base/rng.ts';
import type { ModelSpec, OpSpec, TensorSpec } from '../../src-main/model/model-spec.ts';
import type { Activation, OpAttributes } from '../../src-main/model/operators.ts';
import { s8 } from './layers.ts';

/** Builds a chain or a tree tensor by tensor; every method returns the index of what it adds. */
class GraphBuilder {
  readonly tensors: TensorSpec[] = [];
  readonly ops: OpSpec[] = [];
  readonly #rng: Rng;

  constructor(seed: number) {
    this.#rng = new Rng(seed);
  }

  activation(shape: readonly number[], scale = 0.08, zeroPoint = this.#rng.int(-60, 40)): number {
    return this.tensors.push(s8(`t${this.tensors.length}`, shape, { scale, zeroPoint })) - 1;
  }

  op(name: string, attributes: OpAttributes, inputs: readonly number[], output: number): number {
    this.ops.push({ name, attributes, inputs, outputs: [output] });
    return output;
  }

  /** Weights and bias of a layer that reads tensor `x`. */
  #weights(x: number, shape: readonly number[], channels: number): [number, number] {
    const count = shape.reduce((a, b) => a * b, 1);
    const scale = Math.fround(0.9 / Math.sqrt(count / channels) / 74);
    const quantization = { scales: [scale], zeroPoints: [0] };
    const biasScale = Math.fround(this.tensors[x]!.quantization!.scales[0]! * scale);
    const data = new Int8Array(this.#rng.bytes(count).buffer);
    const weights = this.tensors.push({ name: 'w', type: 'int8', shape, quantization, data }) - 1;
    const bias = Int32Array.from({ length: channels }, () => this.#rng.int(-2000, 2000));
    const biases = this.tensors.push({
      name: 'b',
      type: 'int32',
      shape: [channels],
      data: bias,
      quantization: { scales: [biasScale], zeroPoints: [0] },
    });
    return [weights, biases - 1];
  }

  /** SAME padding, stride 1. */
  conv(x: number, outC: number, filter: number, activation: Activation): number {
    const [n, h, w, c] = this.tensors[x]!.shape as [number, number, number, number];
    const parts = this.#weights(x, [outC, filter, filter, c], outC);
    const attributes: OpAttributes = { ...window3, kind: 'conv2d', activation };
    return this.op('CONV_2D', attributes, [x, ...parts], this.activation([n, h, w, outC]));
  }

  depthwise(x: number, activation: Activation): number {
    const { shape } = this.tensors[x]!;
    const parts = this.#weights(x, [1, 3, 3, shape[3]!], shape[3]!);
    const attributes: OpAttributes = { ...window3, kind: 'depthwiseConv2d', depthMultiplier: 1, activation };
    return this.op('DEPTHWISE_CONV_2D', attributes, [x, ...parts], this.activation(shape));
  }

  add(a: number, b: number): number {
    return this.op(
      'ADD',
      { kind: 'add', activation: 'relu' },
      [a, b],
      this.activation(this.tensors[a]!.shape),
    );
  }

  globalPool(x: number): number {
    const { shape, quantization } = this.tensors[x]!;
    const attributes: OpAttributes = {
      kind: 'pool2d',
      padding: 'valid',
      strideH: 1,
      strideW: 1,
      filterH: shape[1]!,
      filterW: shape[2]!,
      activation: 'none',
    };
    const out = this.activation([1, 1, 1, shape[3]!], quantization!.scales[0], quantization!.zeroPoints[0]);
    return this.op('AVERAGE_POOL_2D', attributes, [x], out);
  }

  reshape(x: number, shape: readonly number[]): number {
    const { quantization } = this.tensors[x]!;
    const data = Int32Array.from(shape);
    const target = this.tensors.push({ name: 'shape', type: 'int32', shape: [shape.length], data }) - 1;
    const out = this.activation(shape, quantization!.scales[0], quantization!.zeroPoints[0]);
    return this.op('RESHAPE', { kind: 'reshape' }, [x, target], out);
  }

  dense(x: number, outDepth: number, scale = 0.08): number {
    const [n, depth] = this.tensors[x]!.shape as [number, number];
    const parts = this.#weights(x, [outDepth, depth], outDepth);
    const attributes: OpAttributes = { kind: 'fullyConnected', activation: 'none', keepNumDims: false };
    return this.op('FULLY_CONNECTED', attributes, [x, ...parts], this.activation([n, outDepth], scale));
  }

  softmax(x: number): number {
    const out = this.activation(this.tensors[x]!.shape, 1 / 256, -128);
    return this.op('SOFTMAX', { kind: 'softmax', beta: 1 }, [x], out);
  }

  model(inputs: readonly number[], outputs: readonly number[]): ModelSpec {
    return { name: 'main', tensors: this.tensors, ops: this.ops, inputs, outputs };
  }
}

const window3 = { padding: 'same', strideH: 1, strideW: 1, dilationH: 1, dilationW: 1 } as const;

function keywordSpotter(): ModelSpec {
  const g = new GraphBuilder(1);
  const input = g.activation([1, 6, 4, 1]);
  let x = g.conv(input, 8, 3, 'relu');
  for (let i = 0; i < 2; i++) x = g.conv(g.depthwise(x, 'relu'), 8, 1, 'relu');
  return g.model([input], [g.softmax(g.dense(g.reshape(g.globalPool(x), [1, 8]), 5, 0.02))]);
}

function residual(): ModelSpec {
  const g = new GraphBuilder(2);
  const input = g.activation([1, 5, 5, 3]);
  const trunk = g.conv(input, 6, 3, 'relu');
  const branch = g.conv(g.conv(trunk, 6, 3, 'relu'), 6, 3, 'none');
  const merged = g.add(trunk, branch);
  const shortcut = g.conv(merged, 4, 1, 'none');
  return g.model([input], [g.add(shortcut, g.conv(merged, 4, 3, 'relu6'))]);
}

function twoInputs(): ModelSpec {
  const g = new GraphBuilder(3);
  const [a, b] = [g.activation([1, 4, 4, 2]), g.activation([1, 4, 4, 2])];
  return g.model([a, b], [g.add(g.conv(a, 2, 3, 'none'), g.depthwise(b, 'relu'))]);
}

function twoOutputs(): ModelSpec {
  const g = new GraphBuilder(4);
  const input = g.activation([1, 3, 4, 2]);
  const x = g.conv(input, 5, 3, 'relu');
  return g.model([input], [g.reshape(g.conv(x, 2, 1, 'none'), [1, 24]), g.depthwise(x, 'none')]);
}

function autoencoder(): ModelSpec {
  const g = new GraphBuilder(5);
  const input = g.activation([1, 40]);
  let x = input;
  for (const depth of [24, 6, 24, 40]) x = g.dense(x, depth);
  return g.model([input], [x]);
}

function inputUsedTwice(): ModelSpec {
  const g = new GraphBuilder(6);
  const input = g.activation([1, 4, 3, 4]);
  return g.model([input], [g.add(g.depthwise(input, 'none'), input)]);
}

export const smallGraphs: Readonly<Record<string, ModelSpec>> = {
  'keyword spotter': keywordSpotter(),
  'residual blocks': residual(),
  'two inputs': twoInputs(),
  'two outputs': twoOutputs(),
  autoencoder: autoencoder(),
  'input used twice': inputUsedTwice(),
};
