import type * as TensorFlow from '@tensorflow/tfjs';
import { BugError } from '../base/errors.ts';
import type { Activation, OpAttributes } from '../model/operators.ts';
import {
  argMax,
  concatenation,
  pad,
  reduce,
  resizeNearest,
  slice,
  split,
  splitV,
  stridedSlice,
  transpose,
} from './float-rearranging.ts';

type Tf = typeof TensorFlow;
type Tensor = TensorFlow.Tensor;
type Kind = OpAttributes['kind'];

/** One operator in float32 on real values; NHWC, weights in .tflite order. */
export type FloatOperator = (
  tf: Tf,
  attributes: OpAttributes,
  inputs: readonly (Tensor | null)[],
  outputShape: readonly number[],
) => Tensor | Tensor[];

type Attributes<K extends Kind> = Extract<OpAttributes, { kind: K }>;
type Convolution = Attributes<'conv2d'> | Attributes<'depthwiseConv2d'>;

function activate(tf: Tf, x: Tensor, activation: Activation): Tensor {
  switch (activation) {
    case 'none':
      return x;
    case 'relu':
      return tf.relu(x);
    case 'relu6':
      return tf.clipByValue(x, 0, 6);
    case 'relu_n1_to_1':
      return tf.clipByValue(x, -1, 1);
    case 'tanh':
      return tf.tanh(x);
    case 'sign_bit':
      return tf.cast(tf.less(x, 0), 'float32');
  }
}

/** [before, after] so that ⌈in / stride⌉ outputs come out; the odd one goes after, as in TensorFlow. */
function padding(
  mode: 'same' | 'valid',
  size: number,
  filter: number,
  stride: number,
  dilation: number,
): [number, number] {
  if (mode === 'valid') return [0, 0];
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + (filter - 1) * dilation + 1 - size);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

function padded(tf: Tf, x: Tensor, filterH: number, filterW: number, a: Convolution): TensorFlow.Tensor4D {
  const [, h, w] = x.shape as [number, number, number, number];
  return tf.pad(x as TensorFlow.Tensor4D, [
    [0, 0],
    padding(a.padding, h, filterH, a.strideH, a.dilationH),
    padding(a.padding, w, filterW, a.strideW, a.dilationW),
    [0, 0],
  ]);
}

/** tfjs refuses dilation together with stride, and unequal strides in depthwise: every output, then each n-th. */
function strided(tf: Tf, a: Convolution, compute: (stride: [number, number]) => Tensor): Tensor {
  const dilated = a.dilationH > 1 || a.dilationW > 1;
  const direct = a.strideH === a.strideW && !(dilated && a.strideH > 1);
  if (direct) return compute([a.strideH, a.strideW]);
  const all = compute([1, 1]);
  return tf.stridedSlice(all, [0, 0, 0, 0], all.shape, [1, a.strideH, a.strideW, 1]);
}

function conv2d(tf: Tf, a: Attributes<'conv2d'>, [x, filter, bias]: readonly (Tensor | null)[]): Tensor {
  const [outC, h, w, filterC] = filter!.shape as [number, number, number, number];
  const groups = x!.shape[3]! / filterC;
  const input = padded(tf, x!, h, w, a);
  const hwio = tf.transpose(filter!, [1, 2, 3, 0]) as TensorFlow.Tensor4D;
  const inputs = tf.split(input, groups, 3);
  const filters = tf.split(hwio, groups, 3);
  const y = strided(tf, a, (stride) =>
    tf.concat(
      inputs.map((g, i) =>
        tf.conv2d(g as TensorFlow.Tensor4D, filters[i] as TensorFlow.Tensor4D, stride, 'valid', 'NHWC', [
          a.dilationH,
          a.dilationW,
        ]),
      ),
      3,
    ),
  );
  if (y.shape[3] !== outC) throw new BugError(`${groups} groups of ${outC} filters`);
  return activate(tf, bias ? y.add(bias) : y, a.activation);
}

function depthwiseConv2d(
  tf: Tf,
  a: Attributes<'depthwiseConv2d'>,
  [x, filter, bias]: readonly (Tensor | null)[],
): Tensor {
  const [, h, w, outC] = filter!.shape as [number, number, number, number];
  const inC = x!.shape[3]!;
  const input = padded(tf, x!, h, w, a);
  const weights = filter!.reshape<TensorFlow.Tensor4D>([h, w, inC, outC / inC]);
  const y = strided(tf, a, (stride) =>
    tf.depthwiseConv2d(input, weights, stride, 'valid', 'NHWC', [a.dilationH, a.dilationW]),
  );
  return activate(tf, bias ? y.add(bias) : y, a.activation);
}

function fullyConnected(
  tf: Tf,
  a: Attributes<'fullyConnected'>,
  [x, weights, bias]: readonly (Tensor | null)[],
): Tensor {
  const depth = weights!.shape[1]!;
  const y = tf.matMul(x!.reshape([-1, depth]), weights!, false, true);
  return activate(tf, bias ? y.add(bias) : y, a.activation);
}

function transposeConv(
  tf: Tf,
  a: Attributes<'transposeConv'>,
  [, weights, x, bias]: readonly (Tensor | null)[],
  shape: readonly number[],
): Tensor {
  const hwoi = tf.transpose(weights!, [1, 2, 0, 3]) as TensorFlow.Tensor4D;
  const to = [...shape] as [number, number, number, number];
  const strides: [number, number] = [a.strideH, a.strideW];
  const y = tf.conv2dTranspose(x as TensorFlow.Tensor4D, hwoi, to, strides, a.padding);
  return activate(tf, bias ? y.add(bias) : y, a.activation);
}

function pool2d(tf: Tf, a: Attributes<'pool2d'>, x: Tensor, name: 'avg' | 'max'): Tensor {
  const pool = name === 'avg' ? tf.avgPool : tf.maxPool;
  const y = pool(x as TensorFlow.Tensor4D, [a.filterH, a.filterW], [a.strideH, a.strideW], a.padding);
  return activate(tf, y, a.activation);
}

type Inputs = readonly (Tensor | null)[];

/** Operators with options of their own, by those. */
const byKind: {
  readonly [K in Kind]?: (
    tf: Tf,
    a: Attributes<K>,
    inputs: Inputs,
    shape: readonly number[],
  ) => Tensor | Tensor[];
} = {
  conv2d,
  depthwiseConv2d,
  fullyConnected,
  add: (tf, a, [x, y]) => activate(tf, x!.add(y!), a.activation),
  sub: (tf, a, [x, y]) => activate(tf, x!.sub(y!), a.activation),
  mul: (tf, a, [x, y]) => activate(tf, x!.mul(y!), a.activation),
  softmax: (tf, a, [x]) => tf.softmax(x!.mul(a.beta)),
  leakyRelu: (tf, a, [x]) => tf.leakyRelu(x!, a.alpha),
  reshape: (_tf, _a, [x], shape) => x!.reshape([...shape]),
  squeeze: (_tf, _a, [x], shape) => x!.reshape([...shape]),
  // in real numbers both are the identity
  quantize: (_tf, _a, [x]) => x!.clone(),
  dequantize: (_tf, _a, [x]) => x!.clone(),
  concatenation: (tf, a, xs) => concatenation(xs, a.axis, tf),
  stridedSlice: (tf, a, xs) => stridedSlice(xs, a, tf),
  resizeNearest: (tf, a, xs, shape) => resizeNearest(xs, a, shape, tf),
  pack: (tf, a, xs) => tf.stack(xs as Tensor[], a.axis < 0 ? a.axis + xs[0]!.shape.length + 1 : a.axis),
  unpack: (tf, a, [x]) => tf.unstack(x!, a.axis < 0 ? a.axis + x!.shape.length : a.axis),
  argMax: (tf, _a, xs) => argMax(xs, tf),
  transposeConv: (tf, a, xs, shape) => transposeConv(tf, a, xs, shape),
  batchMatmul: (tf, a, [x, y]) => tf.matMul(x!, y!, a.adjX, a.adjY),
};

type Named = (tf: Tf, a: OpAttributes, inputs: Inputs, shape: readonly number[]) => Tensor | Tensor[];

const keeps = (a: OpAttributes): boolean => a.kind === 'reduce' && a.keepDims;
const parts = (a: OpAttributes): number => (a.kind === 'split' ? a.count : 0);

/** Operators that share their options with others, or have none. */
const byName: Readonly<Record<string, Named>> = {
  AVERAGE_POOL_2D: (tf, a, [x]) => pool2d(tf, a as Attributes<'pool2d'>, x!, 'avg'),
  MAX_POOL_2D: (tf, a, [x]) => pool2d(tf, a as Attributes<'pool2d'>, x!, 'max'),
  MINIMUM: (tf, _a, [x, y]) => tf.minimum(x!, y!),
  MAXIMUM: (tf, _a, [x, y]) => tf.maximum(x!, y!),
  RELU: (tf, _a, [x]) => tf.relu(x!),
  RELU6: (tf, _a, [x]) => tf.clipByValue(x!, 0, 6),
  HARD_SWISH: (tf, _a, [x]) => x!.mul(tf.clipByValue(x!.add(3), 0, 6)).div(6),
  LOGISTIC: (tf, _a, [x]) => tf.sigmoid(x!),
  TANH: (tf, _a, [x]) => tf.tanh(x!),
  EXPAND_DIMS: (_tf, _a, [x], shape) => x!.reshape([...shape]),
  TRANSPOSE: (tf, _a, xs) => transpose(xs, tf),
  SLICE: (tf, _a, xs) => slice(xs, tf),
  PAD: (tf, _a, xs) => pad(xs, tf),
  PADV2: (tf, _a, xs) => pad(xs, tf),
  SPLIT: (tf, a, xs) => split(xs, parts(a), tf),
  SPLIT_V: (tf, _a, xs) => splitV(xs, tf),
  MEAN: (tf, a, xs) => reduce(xs, keeps(a), (x, axes, keep) => tf.mean(x, axes, keep)),
  SUM: (tf, a, xs) => reduce(xs, keeps(a), (x, axes, keep) => tf.sum(x, axes, keep)),
  REDUCE_MAX: (tf, a, xs) => reduce(xs, keeps(a), (x, axes, keep) => tf.max(x, axes, keep)),
};

/** By operator name where several share their attributes. */
export function floatOperator(name: string, kind: Kind): FloatOperator | null {
  const named = Object.hasOwn(byName, name) ? byName[name]! : null;
  if (named) return named;
  const operator: unknown = Object.hasOwn(byKind, kind) ? byKind[kind] : null;
  return operator as FloatOperator | null;
}
