/** The small graphs golden vectors are made of: chosen corners first, then seeded random ones, an operator at a time. */
import type { ModelSpec, TensorSpec } from '../../src-main/model/model-spec.ts';
import type { Activation } from '../../src-main/model/operators.ts';
import { add, constant, conv, dense, depthwise, pool, s8, unary } from './layers.ts';
import { named, random, type NamedSpec } from './named-specs.ts';
import { operatorSpecs } from './operator-specs.ts';
import { smallGraphs } from './small-graphs.ts';

export type { NamedSpec } from './named-specs.ts';

type Specs = Readonly<Record<string, ModelSpec>>;

const low = { scale: 0.05, zeroPoint: -128 };
const high = { scale: 0.05, zeroPoint: 127 };
const one = { scale: 1, zeroPoint: 0 };
/** scale · scale rounds up to a multiplier of 2^31, which must become 2^30 and one shift more. */
const almostOne = 1 - 2 ** -24;
/** Channel c has the factor 2^(3 − c): shifts from +4 down past −31, where the multiplier becomes 0. */
const everyShift = Array.from({ length: 40 }, (_, c) => 2 ** (3 - c));
const activations: readonly Activation[] = ['none', 'relu', 'relu6', 'relu_n1_to_1'];

function eachActivation(make: (activation: Activation) => ModelSpec): Specs {
  return Object.fromEntries(activations.map((a) => [`activation ${a}`, make(a)]));
}

const small = { h: 5, w: 4, c: 3, outC: 4 };

const convCorners: Specs = {
  ...eachActivation((activation) => conv(1, { ...small, activation, out: { scale: 0.05, zeroPoint: -7 } })),
  'every shift': conv(2, { h: 3, w: 3, c: 2, outC: 40, in: one, out: one, weightScales: everyShift }),
  'multiplier 2^30': conv(3, { ...small, in: one, out: one, weightScales: [2 ** -9] }),
  'multiplier rounds to 2^31': conv(4, {
    ...small,
    in: { scale: almostOne, zeroPoint: 0 },
    out: { scale: 64, zeroPoint: 0 },
    weightScales: [almostOne],
  }),
  'zero points low': conv(5, { ...small, in: low, out: { ...low, scale: 0.4 } }),
  'zero points high': conv(6, { ...small, in: high, out: { ...high, scale: 0.4 } }),
  'weights −128': conv(7, { ...small, weights: 'min', in: high, out: { scale: 2, zeroPoint: 0 } }),
  'weights 127': conv(8, { ...small, weights: 'max', in: low, out: { scale: 2, zeroPoint: 0 } }),
  'weights ±': conv(9, { ...small, weights: 'signs' }),
  'bias ±2^30': conv(10, { ...small, bias: 'extreme', in: one, out: one, weightScales: [2 ** -24] }),
  'no bias': conv(11, { ...small, bias: 'none' }),
  '1×1': conv(12, { ...small, filter: [1, 1] }),
  '1×1 stride 2': conv(13, { ...small, filter: [1, 1], stride: [2, 2] }),
  '1×1 stride 3×2 valid': conv(14, { ...small, filter: [1, 1], stride: [3, 2], padding: 'valid' }),
  '1×1 batch 3': conv(15, { ...small, filter: [1, 1], batches: 3 }),
  'one element': conv(16, { h: 1, w: 1, c: 1, outC: 1, filter: [1, 1] }),
  'filter larger than image': conv(17, { h: 2, w: 3, c: 2, outC: 3, filter: [5, 7] }),
  'filter = image': conv(18, { h: 4, w: 3, c: 2, outC: 5, filter: [4, 3], padding: 'valid' }),
  'even filter same': conv(19, { ...small, filter: [2, 4] }),
  'stride 2 same': conv(20, { h: 7, w: 6, c: 3, outC: 2, stride: [2, 2] }),
  'stride larger than filter': conv(21, {
    h: 9,
    w: 8,
    c: 2,
    outC: 3,
    filter: [2, 1],
    stride: [3, 4],
    padding: 'valid',
  }),
  'dilation 2×3': conv(22, { h: 9, w: 11, c: 2, outC: 3, dilation: [2, 3] }),
  'dilation valid': conv(23, { h: 9, w: 11, c: 2, outC: 3, dilation: [3, 2], padding: 'valid' }),
  'batch 2': conv(24, { ...small, batches: 2 }),
  'groups 2': conv(25, { h: 4, w: 5, c: 6, outC: 4, groups: 2 }),
  'groups 3 odd': conv(26, { h: 4, w: 5, c: 9, outC: 3, groups: 3 }),
  '1×1 groups': conv(27, { h: 3, w: 3, c: 4, outC: 6, groups: 2, filter: [1, 1] }),
  'first layer of a keyword spotter': conv(28, {
    h: 12,
    w: 10,
    c: 1,
    outC: 5,
    filter: [10, 4],
    stride: [2, 2],
  }),
  'odd channels': conv(29, { h: 3, w: 7, c: 17, outC: 7 }),
  'per channel': conv(30, { ...small, weightScales: [0.01, 0.002, 0.05, 0.0001] }),
};

const depthwiseCorners: Specs = {
  ...eachActivation((activation) =>
    depthwise(1, { ...small, activation, out: { scale: 0.05, zeroPoint: -7 } }),
  ),
  'every shift': depthwise(2, { h: 3, w: 3, c: 40, in: one, out: one, weightScales: everyShift }),
  'multiplier rounds to 2^31': depthwise(3, {
    ...small,
    in: { scale: almostOne, zeroPoint: 0 },
    out: { scale: 32, zeroPoint: 0 },
    weightScales: [almostOne],
  }),
  'zero points low': depthwise(4, { ...small, in: low, out: { ...low, scale: 0.2 } }),
  'zero points high': depthwise(5, { ...small, in: high, out: { ...high, scale: 0.2 } }),
  'weights −128': depthwise(6, { ...small, weights: 'min', in: high, out: { scale: 2, zeroPoint: 0 } }),
  'weights ±': depthwise(7, { ...small, weights: 'signs' }),
  'bias ±2^30': depthwise(8, { ...small, bias: 'extreme', in: one, out: one, weightScales: [2 ** -24] }),
  'no bias': depthwise(9, { ...small, bias: 'none' }),
  'multiplier 2': depthwise(10, { ...small, multiplier: 2 }),
  'multiplier 3 batch 2': depthwise(11, { ...small, multiplier: 3, batches: 2 }),
  'one input channel, multiplier 8': depthwise(12, { h: 5, w: 5, c: 1, multiplier: 8 }),
  'stride 2': depthwise(13, { h: 7, w: 6, c: 4, stride: [2, 2] }),
  'stride 2 even image': depthwise(14, { h: 6, w: 6, c: 4, stride: [2, 2] }),
  'stride 1×2': depthwise(15, { h: 6, w: 6, c: 4, stride: [1, 2] }),
  'dilation 2': depthwise(16, { h: 8, w: 9, c: 3, dilation: [2, 2] }),
  'dilation 3×2 valid': depthwise(17, { h: 9, w: 9, c: 3, dilation: [3, 2], padding: 'valid' }),
  '1×1': depthwise(18, { ...small, filter: [1, 1] }),
  '5×5 on 3×3': depthwise(19, { h: 3, w: 3, c: 4, filter: [5, 5] }),
  '2×2': depthwise(20, { ...small, filter: [2, 2] }),
  '1×7 row': depthwise(21, { h: 2, w: 9, c: 3, filter: [1, 7] }),
  '7×1 column': depthwise(22, { h: 9, w: 2, c: 3, filter: [7, 1], padding: 'valid' }),
  'one element': depthwise(23, { h: 1, w: 1, c: 1 }),
  'one column': depthwise(24, { h: 6, w: 1, c: 5 }),
  'odd channels': depthwise(25, { h: 4, w: 4, c: 13 }),
  'per channel': depthwise(26, { ...small, c: 4, weightScales: [0.01, 0.002, 0.05, 0.0001] }),
};

const denseCorners: Specs = {
  ...eachActivation((activation) =>
    dense(1, { inDepth: 20, outDepth: 6, activation, out: { scale: 0.05, zeroPoint: -7 } }),
  ),
  'every shift': dense(2, { inDepth: 9, outDepth: 40, in: one, out: one, weightScales: everyShift }),
  'multiplier rounds to 2^31': dense(3, {
    inDepth: 8,
    outDepth: 5,
    in: { scale: almostOne, zeroPoint: 0 },
    out: { scale: 64, zeroPoint: 0 },
    weightScales: [almostOne],
  }),
  'shift 0': dense(4, { inDepth: 3, outDepth: 5, in: one, out: one, weightScales: [0.75], bias: 'none' }),
  'shift left': dense(5, { inDepth: 3, outDepth: 5, in: one, out: one, weightScales: [5.5], bias: 'none' }),
  'zero points low': dense(6, { inDepth: 31, outDepth: 4, in: low, out: { ...low, scale: 0.3 } }),
  'zero points high': dense(7, { inDepth: 31, outDepth: 4, in: high, out: { ...high, scale: 0.3 } }),
  'weights −128': dense(8, {
    inDepth: 33,
    outDepth: 3,
    weights: 'min',
    in: high,
    out: { scale: 2, zeroPoint: 0 },
  }),
  'weights 127': dense(9, {
    inDepth: 33,
    outDepth: 3,
    weights: 'max',
    in: low,
    out: { scale: 2, zeroPoint: 0 },
  }),
  'bias ±2^30': dense(10, {
    inDepth: 4,
    outDepth: 6,
    bias: 'extreme',
    in: one,
    out: one,
    weightScales: [2 ** -24],
  }),
  'no bias': dense(11, { inDepth: 12, outDepth: 3, bias: 'none' }),
  'batch 5': dense(12, { inDepth: 7, outDepth: 3, batches: 5 }),
  'one to one': dense(13, { inDepth: 1, outDepth: 1 }),
  'one to many': dense(14, { inDepth: 1, outDepth: 9 }),
  'many to one': dense(15, { inDepth: 200, outDepth: 1 }),
  'autoencoder bottleneck': dense(16, { inDepth: 128, outDepth: 8, activation: 'relu' }),
};

const plane = [1, 3, 4, 5];

function sum(a: readonly number[], b: readonly number[], out: readonly number[]): ModelSpec {
  return add(
    s8('a', a, { scale: 0.04, zeroPoint: 3 }),
    s8('b', b, { scale: 0.09, zeroPoint: -11 }),
    s8('output', out, { scale: 0.11, zeroPoint: 7 }),
  );
}

const addCorners: Specs = {
  ...eachActivation((activation) =>
    add(
      s8('a', plane, { scale: 0.05, zeroPoint: -2 }),
      s8('b', plane, { scale: 0.05, zeroPoint: 9 }),
      s8('output', plane, { scale: 0.08, zeroPoint: 1 }),
      activation,
    ),
  ),
  'zero points low': add(s8('a', plane, low), s8('b', plane, low), s8('output', plane, low)),
  'zero points high': add(s8('a', plane, high), s8('b', plane, high), s8('output', plane, high)),
  'zero points apart': add(s8('a', plane, low), s8('b', plane, high), s8('output', plane, low)),
  'scales a thousandfold apart': add(
    s8('a', plane, { scale: 1e-4, zeroPoint: 5 }),
    s8('b', plane, { scale: 0.1, zeroPoint: -5 }),
    s8('output', plane, { scale: 0.1, zeroPoint: 0 }),
  ),
  'output scale small': add(
    s8('a', plane, { scale: 0.5, zeroPoint: 0 }),
    s8('b', plane, { scale: 0.25, zeroPoint: 0 }),
    s8('output', plane, { scale: 1e-3, zeroPoint: 0 }),
  ),
  'output scale large': add(
    s8('a', plane, { scale: 1e-3, zeroPoint: 0 }),
    s8('b', plane, { scale: 1e-3, zeroPoint: 0 }),
    s8('output', plane, { scale: 10, zeroPoint: 0 }),
  ),
  'powers of two': add(
    s8('a', plane, { scale: 1, zeroPoint: 0 }),
    s8('b', plane, { scale: 0.5, zeroPoint: 0 }),
    s8('output', plane, { scale: 1, zeroPoint: 0 }),
  ),
  'one element': sum([1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]),
  'scalar side': sum(plane, [1, 1, 1, 1], plane),
  'scalar first': sum([1, 1, 1, 1], plane, plane),
  'channel vector': sum(plane, [1, 1, 1, 5], plane),
  'fewer dimensions': sum(plane, [5], plane),
  'row and column': sum([1, 3, 1, 5], [1, 1, 4, 1], plane),
  'batch broadcast': sum([2, 3, 1, 2], [1, 3, 4, 2], [2, 3, 4, 2]),
  'rank 1': sum([17], [17], [17]),
  'rank 2': sum([3, 7], [3, 7], [3, 7]),
  'constant operand': add(
    s8('a', plane, { scale: 0.05, zeroPoint: -2 }),
    constant(s8('b', plane, { scale: 0.05, zeroPoint: 9 }), 77),
    s8('output', plane, { scale: 0.08, zeroPoint: 1 }),
  ),
  'constant channel vector': add(
    s8('a', plane, { scale: 0.05, zeroPoint: -2 }),
    constant(s8('b', [5], { scale: 0.02, zeroPoint: 0 }), 78),
    s8('output', plane, { scale: 0.06, zeroPoint: 1 }),
  ),
};

function poolCorners(op: 'AVERAGE_POOL_2D' | 'MAX_POOL_2D'): Specs {
  return {
    ...eachActivation((activation) => pool(op, { h: 5, w: 6, c: 3, filter: [2, 2], activation })),
    'zero point low': pool(op, { h: 4, w: 4, c: 3, filter: [3, 3], q: low, activation: 'relu' }),
    'zero point high': pool(op, { h: 4, w: 4, c: 3, filter: [3, 3], q: high, activation: 'relu6' }),
    global: pool(op, { h: 25, w: 5, c: 4, filter: [25, 5], padding: 'valid' }),
    'global 6×6': pool(op, { h: 6, w: 6, c: 7, filter: [6, 6], padding: 'valid' }),
    'larger than the image': pool(op, { h: 3, w: 2, c: 2, filter: [7, 5] }),
    'even window same': pool(op, { h: 5, w: 5, c: 2, filter: [2, 4] }),
    'stride 2': pool(op, { h: 7, w: 8, c: 3, filter: [2, 2], stride: [2, 2], padding: 'valid' }),
    'stride 2 same': pool(op, { h: 7, w: 8, c: 3, filter: [3, 3], stride: [2, 2] }),
    'stride beyond the window': pool(op, {
      h: 9,
      w: 9,
      c: 2,
      filter: [2, 2],
      stride: [3, 4],
      padding: 'valid',
    }),
    '1×1': pool(op, { h: 3, w: 3, c: 2, filter: [1, 1] }),
    'one element': pool(op, { h: 1, w: 1, c: 1, filter: [1, 1] }),
    'row window': pool(op, { h: 2, w: 9, c: 2, filter: [1, 5] }),
    'batch 2': pool(op, { h: 4, w: 5, c: 3, filter: [3, 2], batches: 2 }),
    'odd channels': pool(op, { h: 4, w: 4, c: 11, filter: [2, 2] }),
  };
}

function softmax(shape: readonly number[], scale: number, beta = 1, zeroPoint = 3): ModelSpec {
  return unary(
    'SOFTMAX',
    { kind: 'softmax', beta },
    s8('input', shape, { scale, zeroPoint }),
    s8('output', shape, { scale: 1 / 256, zeroPoint: -128 }),
  );
}

const softmaxCorners: Specs = {
  'depth 1': softmax([1, 1], 0.1),
  'depth 2': softmax([1, 2], 0.1),
  'twelve words': softmax([1, 12], 0.18),
  'ten classes': softmax([1, 10], 0.06),
  'depth 250, flat': softmax([1, 250], 0.001),
  'depth 400': softmax([1, 400], 0.05),
  'rows of three': softmax([7, 3], 0.2),
  'four dimensions': softmax([1, 2, 3, 4], 0.1),
  'one dimension': softmax([6], 0.1),
  'scale tiny': softmax([1, 12], 1e-6),
  'scale small': softmax([1, 12], 0.004),
  'scale 1': softmax([1, 12], 1),
  'scale 30': softmax([1, 12], 30),
  'beta 0.1': softmax([1, 12], 0.2, 0.1),
  'beta 4': softmax([1, 12], 0.2, 4),
  'zero point low': softmax([1, 12], 0.2, 1, -128),
  'zero point high': softmax([1, 12], 0.2, 1, 127),
};

function typed(type: 'uint8' | 'int16' | 'int8', name: string, q: Quant, count = 40): TensorSpec {
  return { ...s8(name, [1, count], q), type };
}
type Quant = Parameters<typeof s8>[2];
const float = (name: string): TensorSpec => ({ name, type: 'float32', shape: [1, 40] });

const quantizePairs: Readonly<Record<string, readonly [TensorSpec, TensorSpec]>> = {
  'float to int8': [float('input'), typed('int8', 'output', { scale: 0.1, zeroPoint: 3 })],
  'float to int8, scale 2^-3': [float('input'), typed('int8', 'output', { scale: 0.125, zeroPoint: -128 })],
  'float to int8, scale 1/3': [float('input'), typed('int8', 'output', { scale: 1 / 3, zeroPoint: 127 })],
  'float to int8, scale tiny': [float('input'), typed('int8', 'output', { scale: 1e-6, zeroPoint: 0 })],
  'float to int16': [float('input'), typed('int16', 'output', { scale: 0.001, zeroPoint: 0 })],
  'int8 to int8': [
    typed('int8', 'input', { scale: 0.1, zeroPoint: 5 }),
    typed('int8', 'output', { scale: 0.07, zeroPoint: -9 }),
  ],
  'int8 to int8, zero points apart': [
    typed('int8', 'input', { scale: 0.1, zeroPoint: -128 }),
    typed('int8', 'output', { scale: 0.1, zeroPoint: 127 }),
  ],
  'int8 to int8, finer': [
    typed('int8', 'input', { scale: 0.9, zeroPoint: 0 }),
    typed('int8', 'output', { scale: 0.01, zeroPoint: 0 }),
  ],
  'int8 to int8, coarser': [
    typed('int8', 'input', { scale: 0.001, zeroPoint: 0 }),
    typed('int8', 'output', { scale: 0.9, zeroPoint: 0 }),
  ],
  'int8 to uint8, same scale': [
    typed('int8', 'input', { scale: 0.1, zeroPoint: -8 }),
    typed('uint8', 'output', { scale: 0.1, zeroPoint: 120 }),
  ],
  'int8 to uint8': [
    typed('int8', 'input', { scale: 0.1, zeroPoint: 8 }),
    typed('uint8', 'output', { scale: 0.13, zeroPoint: 77 }),
  ],
  'uint8 to int8, same scale': [
    typed('uint8', 'input', { scale: 0.1, zeroPoint: 128 }),
    typed('int8', 'output', { scale: 0.1, zeroPoint: 0 }),
  ],
  'uint8 to int8': [
    typed('uint8', 'input', { scale: 0.02, zeroPoint: 255 }),
    typed('int8', 'output', { scale: 0.03, zeroPoint: -128 }),
  ],
  'int8 to int16': [
    typed('int8', 'input', { scale: 0.1, zeroPoint: 8 }),
    typed('int16', 'output', { scale: 0.0005, zeroPoint: 0 }),
  ],
  'int16 to int8': [
    typed('int16', 'input', { scale: 0.0005, zeroPoint: 0 }),
    typed('int8', 'output', { scale: 0.1, zeroPoint: 8 }),
  ],
  'int16 to int16': [
    typed('int16', 'input', { scale: 0.0005, zeroPoint: 0 }),
    typed('int16', 'output', { scale: 0.00071, zeroPoint: 0 }),
  ],
};

const quantizeCorners: Specs = Object.fromEntries(
  Object.entries(quantizePairs).map(([name, [a, b]]) => [
    name,
    unary('QUANTIZE', { kind: 'quantize' }, a, b),
  ]),
);

const dequantizeCorners: Specs = Object.fromEntries(
  Object.entries({
    int8: typed('int8', 'input', { scale: 0.1, zeroPoint: 3 }),
    'zero point low': typed('int8', 'input', { scale: 1 / 256, zeroPoint: -128 }),
    'zero point high': typed('int8', 'input', { scale: 1 / 3, zeroPoint: 127 }),
    'scale tiny': typed('int8', 'input', { scale: 1e-30, zeroPoint: 0 }),
    'scale huge': typed('int8', 'input', { scale: 1e30, zeroPoint: 0 }),
    uint8: typed('uint8', 'input', { scale: 0.1, zeroPoint: 200 }),
    int16: typed('int16', 'input', { scale: 1.1e-3, zeroPoint: 0 }),
  }).map(([name, input]) => [name, unary('DEQUANTIZE', { kind: 'dequantize' }, input, float('output'))]),
);

/** File name in test/golden → its graphs. */
export const goldenSpecs: Readonly<Record<string, readonly NamedSpec[]>> = {
  conv2d: [...named(convCorners), ...random('CONV_2D', 16)],
  'depthwise-conv2d': [...named(depthwiseCorners), ...random('DEPTHWISE_CONV_2D', 16)],
  'fully-connected': [...named(denseCorners), ...random('FULLY_CONNECTED', 14)],
  add: [...named(addCorners), ...random('ADD', 14)],
  'average-pool2d': [...named(poolCorners('AVERAGE_POOL_2D')), ...random('AVERAGE_POOL_2D', 8)],
  'max-pool2d': [...named(poolCorners('MAX_POOL_2D')), ...random('MAX_POOL_2D', 8)],
  softmax: [...named(softmaxCorners), ...random('SOFTMAX', 10)],
  quantize: [...named(quantizeCorners), ...random('QUANTIZE', 8)],
  dequantize: [...named(dequantizeCorners), ...random('DEQUANTIZE', 5)],
  reshape: random('RESHAPE', 6),
  ...operatorSpecs,
  graphs: named(smallGraphs),
};
