import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import { activationTensor, randomScale, randomZeroPoint, singleOperator } from './random-tensors.ts';

export function generateSoftmax(rng: Rng): ModelSpec {
  const shape = [rng.float() < 0.3 ? rng.int(2, 5) : 1, rng.int(1, 40)];
  return singleOperator(
    'SOFTMAX',
    { kind: 'softmax', beta: rng.float() < 0.7 ? 1 : Math.fround(0.25 + 2 * rng.float()) },
    [
      activationTensor('input', shape, randomScale(rng, 1e-3), randomZeroPoint(rng)),
      activationTensor('output', shape, 1 / 256, -128),
    ],
  );
}
