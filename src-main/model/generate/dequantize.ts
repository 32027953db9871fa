import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import { activationTensor, randomScale, randomZeroPoint, singleOperator } from './random-tensors.ts';

export function generateDequantize(rng: Rng): ModelSpec {
  const shape = [1, rng.int(1, 60)];
  return singleOperator('DEQUANTIZE', { kind: 'dequantize' }, [
    activationTensor('input', shape, randomScale(rng, 1e-3), randomZeroPoint(rng)),
    { name: 'output', type: 'float32', shape },
  ]);
}
