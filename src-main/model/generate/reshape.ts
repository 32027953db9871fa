import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import { activationTensor, randomScale, randomZeroPoint, singleOperator } from './random-tensors.ts';

export function generateReshape(rng: Rng): ModelSpec {
  const [a, b, c] = [rng.int(1, 6), rng.int(1, 6), rng.int(1, 6)];
  const target = rng.pick([[1, a * b * c], [1, a, b * c], [a * b * c], [1, c, b, a]]);
  const [scale, zeroPoint] = [randomScale(rng), randomZeroPoint(rng)];
  return singleOperator('RESHAPE', { kind: 'reshape' }, [
    activationTensor('input', [1, a, b, c], scale, zeroPoint),
    { name: 'shape', type: 'int32', shape: [target.length], data: new Int32Array(target) },
    activationTensor('output', target, scale, zeroPoint),
  ]);
}
