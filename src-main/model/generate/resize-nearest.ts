import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import { intTensor, movedTensor, singleOperator } from './random-tensors.ts';

export function generateResizeNearest(rng: Rng): ModelSpec {
  const [batches, h, w, c] = [rng.pick([1, 1, 2]), rng.int(1, 8), rng.int(1, 8), rng.int(1, 6)];
  const [outH, outW] = [rng.pick([2 * h, rng.int(1, 17)]), rng.pick([2 * w, rng.int(1, 17)])];
  const [alignCorners, halfPixelCenters] = rng.pick([
    [false, false],
    [true, false],
    [false, true],
  ] as const);
  const tensor = movedTensor(rng, ['int8', 'int8', 'int16']);
  return singleOperator(
    'RESIZE_NEAREST_NEIGHBOR',
    { kind: 'resizeNearest', alignCorners, halfPixelCenters },
    [
      tensor('input', [batches, h, w, c]),
      intTensor('size', [outH, outW]),
      tensor('output', [batches, outH, outW, c]),
    ],
  );
}
