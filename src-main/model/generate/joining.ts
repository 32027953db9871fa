import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import { movedTensor, singleOperator } from './random-tensors.ts';

export function generateConcatenation(rng: Rng): ModelSpec {
  const shape = Array.from({ length: rng.int(1, 4) }, () => rng.int(1, 5));
  const axis = rng.int(0, shape.length - 1);
  const sizes = Array.from({ length: rng.int(2, 6) }, () => rng.int(1, 5));
  const along = (size: number) => shape.map((d, i) => (i === axis ? size : d));
  const tensor = movedTensor(rng);
  return singleOperator(
    'CONCATENATION',
    {
      kind: 'concatenation',
      axis: rng.float() < 0.5 ? axis : axis - shape.length,
      activation: 'none',
    },
    [
      ...sizes.map((size, i) => tensor(`input ${i}`, along(size))),
      tensor('output', along(sizes.reduce((a, b) => a + b))),
    ],
  );
}

export function generatePack(rng: Rng): ModelSpec {
  const shape = Array.from({ length: rng.int(1, 3) }, () => rng.int(1, 5));
  const axis = rng.int(0, shape.length);
  const count = rng.int(1, 5);
  const tensor = movedTensor(rng, ['int8', 'int8', 'int32']);
  return singleOperator(
    'PACK',
    { kind: 'pack', count, axis: rng.float() < 0.5 ? axis : axis - shape.length - 1 },
    [
      ...Array.from({ length: count }, (_, i) => tensor(`input ${i}`, shape)),
      tensor('output', [...shape.slice(0, axis), count, ...shape.slice(axis)]),
    ],
  );
}
