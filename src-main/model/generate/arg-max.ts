import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import {
  activationTensor,
  intTensor,
  randomScale,
  randomZeroPoint,
  singleOperator,
} from './random-tensors.ts';

export function generateArgMax(rng: Rng): ModelSpec {
  const shape = Array.from({ length: rng.int(1, 4) }, () => rng.int(1, 7));
  const axis = rng.int(0, shape.length - 1);
  return singleOperator('ARG_MAX', { kind: 'argMax', outputType: 'int32' }, [
    activationTensor('input', shape, randomScale(rng), randomZeroPoint(rng)),
    intTensor('axis', [rng.float() < 0.5 ? axis : axis - shape.length], []),
    {
      name: 'output',
      type: 'int32',
      shape: shape.filter((_, i) => i !== axis),
    },
  ]);
}
