import type { Rng } from '../base/rng.ts';
import { generateLstm } from '../model/generate/lstm.ts';
import { activationTensor, intTensor, singleOperator } from '../model/generate/random-tensors.ts';
import { generateSvdf } from '../model/generate/svdf.ts';
import { widened } from '../model/generate/widened.ts';
import type { ModelSpec } from '../model/model-spec.ts';
import { elementCount } from '../model/tensor-type.ts';

/** One generated layer as a model of its own. */
export interface CalibrationLayer {
  readonly name: string;
  readonly spec: ModelSpec;
}

/** Layers of each kind: four coefficients are fitted and judged on them. */
const EACH = 6;

/** Operators beside the convolutional ones, sized as small networks have them. */
const kinds: readonly (readonly [string, (rng: Rng) => ModelSpec])[] = [
  ['sub', (r) => binary(r, 'SUB', 'sub')],
  ['mul', (r) => binary(r, 'MUL', 'mul')],
  ['minimum', (r) => same(r, 'MINIMUM', 2)],
  ['maximum', (r) => same(r, 'MAXIMUM', 2)],
  ['relu', (r) => same(r, 'RELU', 1)],
  ['logistic', logistic],
  ['transpose', transpose],
  ['pad', pad],
  ['concatenation', concatenation],
  ['split', split],
  ['mean', (r) => reduce(r, 'MEAN')],
  ['reduce max', (r) => reduce(r, 'REDUCE_MAX')],
  ['resize', resize],
  ['arg max', argMax],
  ['copy', copy],
  ['transpose convolution', transposeConvolution],
  ['batch matmul', batchMatmul],
  ['svdf', svdf],
  ['lstm', lstm],
];

export function operatorLayers(rng: Rng): CalibrationLayer[] {
  return kinds.flatMap(([kind, make]) =>
    Array.from({ length: EACH }, (_, i) => ({ name: `${kind} ${i}`, spec: make(rng) })),
  );
}

/** The smallest of these layers with int16 activations: the input of a device is bounded. */
export function widenedLayers(layers: readonly CalibrationLayer[]): CalibrationLayer[] {
  return ['convolution', 'depthwise', 'fully connected'].flatMap((kind) =>
    layers
      .filter(({ name }) => name.startsWith(`${kind} `))
      .sort((a, b) => elementCount(a.spec.tensors[0]!.shape) - elementCount(b.spec.tensors[0]!.shape))
      .slice(0, EACH)
      .map(({ name, spec }) => ({ name: `int16 ${name}`, spec: widened(spec, 'int64') })),
  );
}

const image = (rng: Rng): number[] => [1, rng.int(4, 20), rng.int(4, 20), rng.int(4, 32)];
const tensor = (name: string, shape: readonly number[], scale = 0.05, zeroPoint = -3) =>
  activationTensor(name, shape, Math.fround(scale), zeroPoint);

function binary(rng: Rng, name: 'SUB' | 'MUL', kind: 'sub' | 'mul'): ModelSpec {
  const shape = image(rng);
  return singleOperator(name, { kind, activation: 'none' }, [
    tensor('left', shape),
    tensor('right', shape, 0.07, 9),
    tensor('output', shape, 0.1, -20),
  ]);
}

function same(rng: Rng, name: string, inputs: number): ModelSpec {
  const shape = image(rng);
  const all = Array.from({ length: inputs + 1 }, (_, i) => tensor(`tensor ${i}`, shape));
  return singleOperator(name, { kind: 'plain' }, all);
}

function logistic(rng: Rng): ModelSpec {
  const shape = image(rng);
  return singleOperator('LOGISTIC', { kind: 'plain' }, [
    tensor('input', shape),
    tensor('output', shape, 1 / 256, -128),
  ]);
}

function transpose(rng: Rng): ModelSpec {
  const [, h, w, c] = image(rng) as [number, number, number, number];
  return singleOperator('TRANSPOSE', { kind: 'plain' }, [
    tensor('input', [1, h, w, c]),
    intTensor('order', [0, 3, 1, 2]),
    tensor('output', [1, c, h, w]),
  ]);
}

function pad(rng: Rng): ModelSpec {
  const [, h, w, c] = image(rng) as [number, number, number, number];
  return singleOperator('PAD', { kind: 'plain' }, [
    tensor('input', [1, h, w, c]),
    intTensor('paddings', [0, 0, 1, 1, 1, 1, 0, 0], [4, 2]),
    tensor('output', [1, h + 2, w + 2, c]),
  ]);
}

function concatenation(rng: Rng): ModelSpec {
  const [, h, w, c] = image(rng) as [number, number, number, number];
  const other = rng.int(4, 32);
  return singleOperator('CONCATENATION', { kind: 'concatenation', axis: 3, activation: 'none' }, [
    tensor('left', [1, h, w, c]),
    tensor('right', [1, h, w, other]),
    tensor('output', [1, h, w, c + other]),
  ]);
}

function split(rng: Rng): ModelSpec {
  const [, h, w, c] = image(rng) as [number, number, number, number];
  return singleOperator(
    'SPLIT',
    { kind: 'split', count: 2 },
    [
      intTensor('axis', [3], []),
      tensor('input', [1, h, w, 2 * c]),
      tensor('first', [1, h, w, c]),
      tensor('second', [1, h, w, c]),
    ],
    2,
  );
}

function reduce(rng: Rng, name: 'MEAN' | 'REDUCE_MAX'): ModelSpec {
  const [, h, w, c] = image(rng) as [number, number, number, number];
  return singleOperator(name, { kind: 'reduce', keepDims: false }, [
    tensor('input', [1, h, w, c]),
    intTensor('axes', [1, 2]),
    tensor('output', [1, c]),
  ]);
}

function resize(rng: Rng): ModelSpec {
  const [h, w, c] = [rng.int(2, 10), rng.int(2, 10), rng.int(4, 32)];
  return singleOperator(
    'RESIZE_NEAREST_NEIGHBOR',
    { kind: 'resizeNearest', alignCorners: false, halfPixelCenters: false },
    [
      tensor('input', [1, h, w, c]),
      intTensor('size', [2 * h, 2 * w]),
      tensor('output', [1, 2 * h, 2 * w, c]),
    ],
  );
}

function argMax(rng: Rng): ModelSpec {
  const [rows, depth] = [rng.int(1, 40), rng.int(4, 64)];
  return singleOperator('ARG_MAX', { kind: 'argMax', outputType: 'int32' }, [
    tensor('input', [rows, depth]),
    intTensor('axis', [1], []),
    { name: 'output', type: 'int32', shape: [rows] },
  ]);
}

/** From the model's input to its output, where the two cannot be one storage. */
function copy(rng: Rng): ModelSpec {
  const [, h, w, c] = image(rng) as [number, number, number, number];
  return singleOperator('RESHAPE', { kind: 'reshape' }, [
    tensor('input', [1, h, w, c]),
    intTensor('shape', [1, h * w * c]),
    tensor('output', [1, h * w * c]),
  ]);
}

function weights(rng: Rng, shape: readonly number[], channels: number) {
  const count = shape.reduce((a, b) => a * b, 1);
  const scales = Array.from({ length: channels }, () => Math.fround(0.002 + 0.004 * rng.float()));
  return {
    name: 'weights',
    type: 'int8' as const,
    shape,
    data: Int8Array.from({ length: count }, () => rng.int(-127, 127)),
    quantization: { scales, zeroPoints: scales.map(() => 0), axis: 0 },
  };
}

function transposeConvolution(rng: Rng): ModelSpec {
  const [h, w, inC, outC] = [rng.int(3, 10), rng.int(3, 10), 4 * rng.int(1, 4), 4 * rng.int(1, 4)];
  const attributes = { padding: 'same', strideH: 2, strideW: 2, activation: 'none' } as const;
  return singleOperator('TRANSPOSE_CONV', { kind: 'transposeConv', ...attributes }, [
    intTensor('shape', [1, 2 * h, 2 * w, outC]),
    weights(rng, [outC, 3, 3, inC], outC),
    tensor('input', [1, h, w, inC]),
    tensor('output', [1, 2 * h, 2 * w, outC], 0.08, 4),
  ]);
}

function batchMatmul(rng: Rng): ModelSpec {
  const [rows, depth, columns] = [rng.int(4, 24), rng.int(8, 48), rng.int(4, 24)];
  return singleOperator('BATCH_MATMUL', { kind: 'batchMatmul', adjX: false, adjY: false }, [
    tensor('left', [1, rows, depth]),
    tensor('right', [1, depth, columns], 0.07, 9),
    tensor('output', [1, rows, columns], 0.6, 4),
  ]);
}

function svdf(rng: Rng): ModelSpec {
  const [inputs, units, memory] = [rng.int(8, 40), rng.int(8, 48), rng.int(4, 16)];
  return generateSvdf(rng, { batches: 1, inputs, units, rank: rng.int(1, 2), memory });
}

function lstm(rng: Rng): ModelSpec {
  return generateLstm(rng, {
    batches: 1,
    steps: rng.int(4, 20),
    inputs: rng.int(8, 40),
    cells: rng.int(8, 24),
  });
}
