/** One operator on top of what a graph has: a step gives the tensors it adds, or null where it does not fit. */
import { generateActivation } from '../../../src-main/model/generate/activation.ts';
import type { Activation, OpAttributes, Padding } from '../../../src-main/model/operators.ts';
import { windowOutput } from '../../../src-main/model/window.ts';
import type { GraphGrower } from './graph-grower.ts';

export type Step = (g: GraphGrower, x: number) => number[] | null;

const MOST_ELEMENTS = 2500;
const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const activation = (g: GraphGrower): Activation =>
  g.rng.pick(['none', 'none', 'relu', 'relu6', 'relu_n1_to_1'] as const);
const isPicture = (g: GraphGrower, x: number): boolean => g.type(x) === 'int8' && g.shape(x).length === 4;

interface Window {
  readonly filter: number;
  readonly stride: number;
  readonly dilation: number;
  readonly out: number;
}

function window(g: GraphGrower, input: number, padding: Padding, dilated: boolean): Window {
  const { rng } = g;
  const filter = rng.int(1, padding === 'valid' ? Math.min(4, input) : 4);
  const widest = filter === 1 ? 1 : Math.floor((input - 1) / (filter - 1));
  const most = padding === 'valid' ? Math.min(2, Math.max(1, widest)) : 2;
  const dilation = dilated && rng.float() < 0.2 ? rng.int(1, most) : 1;
  const stride = rng.pick([1, 1, 1, 2, 3]);
  return { filter, stride, dilation, out: windowOutput({ input, filter, stride, dilation }, padding) };
}

function convolution(g: GraphGrower, x: number, depthwise: boolean): number[] | null {
  if (!isPicture(g, x)) return null;
  const [n, inH, inW, inC] = g.shape(x) as [number, number, number, number];
  const padding = g.rng.pick(['same', 'valid'] as const);
  const pointwise = !depthwise && g.rng.float() < 0.35;
  const one: Window = { filter: 1, stride: 1, dilation: 1, out: 0 };
  const h = pointwise ? { ...one, out: inH } : window(g, inH, padding, true);
  const w = pointwise ? { ...one, out: inW } : window(g, inW, padding, true);
  const depthMultiplier = g.rng.float() < 0.2 ? g.rng.int(2, 3) : 1;
  const groups = !depthwise && inC % 2 === 0 && g.rng.float() < 0.1 ? 2 : 1;
  const channels = depthwise ? inC * depthMultiplier : groups * g.rng.int(1, groups === 2 ? 5 : 12);
  const outShape = [n, h.out, w.out, channels];
  if (product(outShape) > MOST_ELEMENTS) return null;
  const filterC = inC / groups;
  const layer = depthwise
    ? { shape: [1, h.filter, w.filter, channels], axis: 3, depth: h.filter * w.filter }
    : { shape: [channels, h.filter, w.filter, filterC], axis: 0, depth: h.filter * w.filter * filterC };
  const { operands, outScale } = g.weights(x, { ...layer, channels });
  const out = g.int8(outShape, outScale);
  const steps = {
    padding,
    strideH: h.stride,
    strideW: w.stride,
    dilationH: h.dilation,
    dilationW: w.dilation,
    activation: activation(g),
  };
  const attributes: OpAttributes = depthwise
    ? { kind: 'depthwiseConv2d', depthMultiplier, ...steps }
    : { kind: 'conv2d', ...steps };
  g.op(depthwise ? 'DEPTHWISE_CONV_2D' : 'CONV_2D', attributes, [x, ...operands], [out]);
  return [out];
}

const dense: Step = (g, x) => {
  if (g.type(x) !== 'int8') return null;
  const shape = g.shape(x);
  const inDepth = shape.at(-1);
  if (inDepth === undefined) return null;
  const channels = g.rng.int(1, 16);
  const { operands, outScale } = g.weights(x, {
    shape: [channels, inDepth],
    axis: 0,
    depth: inDepth,
    channels,
  });
  const keepNumDims = g.rng.float() < 0.2;
  const out = g.int8(
    keepNumDims ? [...shape.slice(0, -1), channels] : [product(shape) / inDepth, channels],
    outScale,
  );
  g.op(
    'FULLY_CONNECTED',
    { kind: 'fullyConnected', activation: activation(g), keepNumDims },
    [x, ...operands],
    [out],
  );
  return [out];
};

/** The other side: the tensor itself, a constant of its shape, or one that is broadcast. */
function otherSide(g: GraphGrower, x: number, alike: boolean): number {
  const shape = g.shape(x);
  const thin = shape.map((d) => (g.rng.float() < 0.5 ? 1 : d));
  const target = g.rng.pick([shape, shape, thin, shape.slice(-1), shape.map(() => 1)]);
  const kind = g.rng.float();
  if (kind < 0.3) return x;
  const scale = alike ? g.scale(x) : g.scale(x) * 8 ** (2 * g.rng.float() - 1);
  const y = g.constant(target, scale);
  if (alike) g.tensors[y] = { ...g.tensors[y]!, quantization: g.tensors[x]!.quantization! };
  return y;
}

function binary(name: 'ADD' | 'SUB' | 'MUL', kind: 'add' | 'sub' | 'mul'): Step {
  return (g, x) => {
    if (g.type(x) !== 'int8' || g.shape(x).length > 4) return null;
    const y = otherSide(g, x, false);
    const [a, b] = [g.scale(x), g.scale(y)];
    const typical = kind === 'mul' ? a * b * 74 : Math.max(a, b);
    const out = g.int8(g.shape(x), typical * 2 ** (2 * g.rng.float()));
    g.op(name, { kind, activation: activation(g) }, g.rng.float() < 0.5 ? [x, y] : [y, x], [out]);
    return [out];
  };
}

const smallerOrLarger: Step = (g, x) => {
  if (g.type(x) !== 'int8' || g.shape(x).length > 4) return null;
  const y = otherSide(g, x, true);
  const out = g.alike(x, g.shape(x));
  g.op(g.rng.pick(['MINIMUM', 'MAXIMUM']), { kind: 'plain' }, [x, y], [out]);
  return [out];
};

function pool(name: 'AVERAGE_POOL_2D' | 'MAX_POOL_2D'): Step {
  return (g, x) => {
    if (!isPicture(g, x)) return null;
    const [n, inH, inW, c] = g.shape(x) as [number, number, number, number];
    const padding = g.rng.pick(['same', 'valid'] as const);
    const [h, w] = [window(g, inH, padding, false), window(g, inW, padding, false)];
    const out = g.alike(x, [n, h.out, w.out, c]);
    const steps = { strideH: h.stride, strideW: w.stride, filterH: h.filter, filterW: w.filter };
    g.op(name, { kind: 'pool2d', padding, ...steps, activation: activation(g) }, [x], [out]);
    return [out];
  };
}

/** With the output quantisation the operator's own generator draws. */
const curve: Step = (g, x) => {
  if (g.type(x) !== 'int8') return null;
  const name = g.rng.pick(['RELU', 'RELU6', 'LEAKY_RELU', 'HARD_SWISH', 'LOGISTIC', 'TANH'] as const);
  const spec = generateActivation(g.rng, name);
  const q = spec.tensors[1]!.quantization!;
  const free = name === 'RELU' || name === 'LEAKY_RELU' || name === 'HARD_SWISH';
  const out =
    name === 'RELU6'
      ? g.alike(x, g.shape(x))
      : g.int8(g.shape(x), free ? g.scale(x) * 4 ** (2 * g.rng.float() - 1) : q.scales[0]!, q.zeroPoints[0]);
  // HARD_SWISH's 16 bits hold no factor of 128 and more to the output
  if (name === 'HARD_SWISH' && g.scale(x) > 20 * g.scale(out)) return null;
  if (g.scale(x) < 2 ** -20 || g.scale(x) > 2 ** 20) return null;
  g.op(name, spec.ops[0]!.attributes, [x], [out]);
  return [out];
};

const softmax: Step = (g, x) => {
  const depth = g.shape(x).at(-1);
  if (g.type(x) !== 'int8' || depth === undefined) return null;
  // beyond 512 equal elements TensorFlow Lite Micro aborts
  if (depth > 500) return null;
  const out = g.int8(g.shape(x), 1 / 256, -128);
  g.op('SOFTMAX', { kind: 'softmax', beta: 1 }, [x], [out]);
  return [out];
};

const requantise: Step = (g, x) => {
  if (g.type(x) !== 'int8') return null;
  const out = g.int8(g.shape(x), g.scale(x) * 4 ** (2 * g.rng.float() - 1));
  g.op('QUANTIZE', { kind: 'quantize' }, [x], [out]);
  return [out];
};

const reduce: Step = (g, x) => {
  const shape = g.shape(x);
  if (g.type(x) !== 'int8' || shape.length < 2 || shape.length > 4) return null;
  const name = g.rng.pick(['MEAN', 'MEAN', 'SUM', 'REDUCE_MAX'] as const);
  const first = g.rng.int(0, shape.length - 2);
  const axes = shape.length > 2 && g.rng.float() < 0.6 ? [first, first + 1] : [first];
  const keepDims = g.rng.float() < 0.5;
  const target = keepDims
    ? shape.map((d, i) => (axes.includes(i) ? 1 : d))
    : shape.filter((_, i) => !axes.includes(i));
  const out = name === 'REDUCE_MAX' ? g.alike(x, target) : g.int8(target, g.scale(x) * 2 ** g.rng.int(-1, 2));
  g.op(name, { kind: 'reduce', keepDims }, [x, g.ints(axes)], [out]);
  return [out];
};

const arithmetic: readonly Step[] = [
  (g, x) => convolution(g, x, false),
  (g, x) => convolution(g, x, false),
  (g, x) => convolution(g, x, false),
  (g, x) => convolution(g, x, true),
  (g, x) => convolution(g, x, true),
  dense,
  dense,
  binary('ADD', 'add'),
  binary('SUB', 'sub'),
  binary('MUL', 'mul'),
  smallerOrLarger,
  pool('AVERAGE_POOL_2D'),
  pool('MAX_POOL_2D'),
  curve,
  softmax,
  requantise,
  reduce,
];

export { arithmetic };
