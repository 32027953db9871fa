/** Graphs of the operators behind the first ten: corners of their arithmetic, then seeded random ones. */
import type { ModelSpec, TensorSpec } from '../../src-main/model/model-spec.ts';
import type { Activation, OpAttributes } from '../../src-main/model/operators.ts';
import { binary, constant, s8, unary } from './layers.ts';
import { named, random, type NamedSpec } from './named-specs.ts';

const plane = [1, 3, 4, 5];
/** Every byte occurs: the ramp among the inputs steps through all of them. */
const everyByte = [1, 256];
const low = { scale: 0.05, zeroPoint: -128 };
const high = { scale: 0.05, zeroPoint: 127 };
const plain: OpAttributes = { kind: 'plain' };

type Specs = Readonly<Record<string, ModelSpec>>;
type Quant = Parameters<typeof s8>[2];

const activations: readonly Activation[] = ['none', 'relu', 'relu6', 'relu_n1_to_1'];

function arithmetic(name: 'MUL' | 'SUB', kind: 'mul' | 'sub'): Specs {
  const op = (a: TensorSpec, b: TensorSpec, out: Quant, activation: Activation = 'none', shape = plane) =>
    binary(name, { kind, activation }, a, b, s8('output', shape, out));
  const q = { scale: 0.05, zeroPoint: -2 };
  return {
    ...Object.fromEntries(
      activations.map((a) => [
        `activation ${a}`,
        op(s8('a', plane, q), s8('b', plane, { ...q, zeroPoint: 9 }), { scale: 0.08, zeroPoint: 1 }, a),
      ]),
    ),
    'zero points low': op(s8('a', plane, low), s8('b', plane, low), low),
    'zero points high': op(s8('a', plane, high), s8('b', plane, high), high),
    'zero points apart': op(s8('a', plane, low), s8('b', plane, high), low),
    'scales a thousandfold apart': op(
      s8('a', plane, { scale: 1e-4, zeroPoint: 5 }),
      s8('b', plane, { scale: 0.1, zeroPoint: -5 }),
      { scale: 0.01, zeroPoint: 0 },
    ),
    'powers of two': op(
      s8('a', plane, { scale: 1, zeroPoint: 0 }),
      s8('b', plane, { scale: 0.5, zeroPoint: 0 }),
      { scale: 1, zeroPoint: 0 },
    ),
    'scalar side': op(s8('a', plane, q), s8('b', [1, 1, 1, 1], q), { scale: 0.1, zeroPoint: 0 }),
    'scalar first': op(s8('a', [1, 1, 1, 1], q), s8('b', plane, q), { scale: 0.1, zeroPoint: 0 }),
    'channel vector': op(s8('a', plane, q), s8('b', [5], q), { scale: 0.1, zeroPoint: 0 }),
    'row and column': op(s8('a', [1, 3, 1, 5], q), s8('b', [1, 1, 4, 1], q), { scale: 0.1, zeroPoint: 0 }),
    'constant channel vector': op(s8('a', plane, q), constant(s8('b', [5], q), 78), {
      scale: 0.1,
      zeroPoint: 0,
    }),
    'constant first': op(constant(s8('a', plane, q), 79), s8('b', plane, q), { scale: 0.1, zeroPoint: 0 }),
  };
}

const mulEdges: Specs = {
  'factor above 1': binary(
    'MUL',
    { kind: 'mul', activation: 'none' },
    s8('a', plane, { scale: 4, zeroPoint: 0 }),
    s8('b', plane, { scale: 2, zeroPoint: 0 }),
    s8('output', plane, { scale: 0.5, zeroPoint: 0 }),
  ),
  'factor vanishes': binary(
    'MUL',
    { kind: 'mul', activation: 'none' },
    s8('a', plane, { scale: 1e-6, zeroPoint: 0 }),
    s8('b', plane, { scale: 1e-6, zeroPoint: 0 }),
    s8('output', plane, { scale: 1e3, zeroPoint: -7 }),
  ),
};

function curve(name: string, attributes: OpAttributes, input: Quant, output: Quant): ModelSpec {
  return unary(name, attributes, s8('input', everyByte, input), s8('output', everyByte, output));
}

/** The same function for many input scales; `output` tells its quantisation. */
function curves(name: string, attributes: OpAttributes, output: (input: Quant) => Quant): Specs {
  const scales = [1 / 4096, 0.004, 0.0235, 0.05, 0.1, 0.125, 0.3, 1, 7.5];
  const zeroPoints = [-128, -3, 0, 127];
  return Object.fromEntries(
    scales.flatMap((scale) =>
      zeroPoints.map((zeroPoint) => [
        `scale ${scale}, zero point ${zeroPoint}`,
        curve(name, attributes, { scale, zeroPoint }, output({ scale, zeroPoint })),
      ]),
    ),
  );
}

const half = (input: Quant): Quant => ({ scale: input.scale * 0.77, zeroPoint: -20 });
const same = (input: Quant): Quant => input;

/** Those with int16 activations among many. */
const wide = (operator: string, drawn: number): NamedSpec[] =>
  random(operator, drawn, operator).filter(({ spec }) => spec.tensors[0]!.type === 'int16');

/** File name in test/golden → its graphs. */
export const operatorSpecs: Readonly<Record<string, readonly NamedSpec[]>> = {
  mul: [...named({ ...arithmetic('MUL', 'mul'), ...mulEdges }), ...random('MUL', 12)],
  sub: [...named(arithmetic('SUB', 'sub')), ...random('SUB', 12)],
  minimum: random('MINIMUM', 14),
  maximum: random('MAXIMUM', 14),
  relu: [...named(curves('RELU', plain, half)), ...random('RELU', 6)],
  relu6: [...named(curves('RELU6', plain, same)), ...random('RELU6', 6)],
  'leaky-relu': [
    ...named(curves('LEAKY_RELU', { kind: 'leakyRelu', alpha: Math.fround(0.1) }, half)),
    ...random('LEAKY_RELU', 10),
  ],
  'hard-swish': [
    ...named(curves('HARD_SWISH', plain, ({ scale }) => ({ scale: scale * 0.6, zeroPoint: -100 }))),
    ...random('HARD_SWISH', 10),
  ],
  logistic: [
    ...named(curves('LOGISTIC', plain, () => ({ scale: 1 / 256, zeroPoint: -128 }))),
    ...random('LOGISTIC', 6),
  ],
  tanh: [...named(curves('TANH', plain, () => ({ scale: 1 / 128, zeroPoint: 0 }))), ...random('TANH', 6)],
  'expand-dims': random('EXPAND_DIMS', 6),
  squeeze: random('SQUEEZE', 6),
  slice: random('SLICE', 20),
  'strided-slice': random('STRIDED_SLICE', 30),
  transpose: random('TRANSPOSE', 24),
  pad: [...random('PAD', 16), ...random('PADV2', 10, 'PADV2')],
  concatenation: [...random('CONCATENATION', 20), ...random('PACK', 10, 'PACK')],
  split: [...random('SPLIT', 12), ...random('SPLIT_V', 12, 'SPLIT_V'), ...random('UNPACK', 8, 'UNPACK')],
  reduce: [...random('MEAN', 24), ...random('SUM', 14, 'SUM'), ...random('REDUCE_MAX', 10, 'REDUCE_MAX')],
  'resize-nearest': random('RESIZE_NEAREST_NEIGHBOR', 20),
  'arg-max': random('ARG_MAX', 12),
  'transpose-conv': random('TRANSPOSE_CONV', 30),
  'batch-matmul': random('BATCH_MATMUL', 30),
  svdf: random('SVDF', 30),
  lstm: random('UNIDIRECTIONAL_SEQUENCE_LSTM', 30),
  variables: random('READ_VARIABLE', 12),
  'int16-activations': [
    ...wide('CONV_2D', 90),
    ...wide('DEPTHWISE_CONV_2D', 60),
    ...wide('FULLY_CONNECTED', 60),
  ],
};
