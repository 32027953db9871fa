import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import { intTensor, movedTensor, singleOperator } from './random-tensors.ts';

/** A shape, and a dimension of it as files may write it. */
function shapeAndAxis(rng: Rng): { shape: number[]; axis: number; written: number } {
  const shape = Array.from({ length: rng.int(1, 4) }, () => rng.int(1, 5));
  const axis = rng.int(0, shape.length - 1);
  return { shape, axis, written: rng.float() < 0.5 ? axis : axis - shape.length };
}

const along = (shape: readonly number[], axis: number, size: number): number[] =>
  shape.map((d, i) => (i === axis ? size : d));

export function generateSplit(rng: Rng): ModelSpec {
  const { shape, axis, written } = shapeAndAxis(rng);
  const [count, size] = [rng.int(1, 5), rng.int(1, 4)];
  const tensor = movedTensor(rng);
  const parts = Array.from({ length: count }, (_, i) => tensor(`output ${i}`, along(shape, axis, size)));
  return singleOperator(
    'SPLIT',
    { kind: 'split', count },
    [intTensor('axis', [written], []), tensor('input', along(shape, axis, count * size)), ...parts],
    count,
  );
}

export function generateSplitV(rng: Rng): ModelSpec {
  const { shape, axis, written } = shapeAndAxis(rng);
  const sizes = Array.from({ length: rng.int(1, 5) }, () => rng.int(1, 4));
  const rest = rng.float() < 0.3 ? rng.int(0, sizes.length - 1) : -1;
  const tensor = movedTensor(rng);
  return singleOperator(
    'SPLIT_V',
    { kind: 'split', count: sizes.length },
    [
      tensor(
        'input',
        along(
          shape,
          axis,
          sizes.reduce((a, b) => a + b),
        ),
      ),
      intTensor(
        'sizes',
        sizes.map((s, i) => (i === rest ? -1 : s)),
      ),
      intTensor('axis', [written], []),
      ...sizes.map((s, i) => tensor(`output ${i}`, along(shape, axis, s))),
    ],
    sizes.length,
  );
}

export function generateUnpack(rng: Rng): ModelSpec {
  const { shape, axis, written } = shapeAndAxis(rng);
  const count = shape[axis]!;
  const tensor = movedTensor(rng, ['int8', 'int8', 'int32']);
  const part = shape.filter((_, i) => i !== axis);
  return singleOperator(
    'UNPACK',
    { kind: 'unpack', count, axis: written },
    [tensor('input', shape), ...Array.from({ length: count }, (_, i) => tensor(`output ${i}`, part))],
    count,
  );
}
