import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import { intTensor, movedTensor, singleOperator } from './random-tensors.ts';

export function generateTranspose(rng: Rng): ModelSpec {
  const shape = Array.from({ length: rng.int(1, 5) }, () => rng.int(1, 5));
  const left = shape.map((_, i) => i);
  const order = shape.map(() => left.splice(rng.int(0, left.length - 1), 1)[0]!);
  const tensor = movedTensor(rng, ['int8', 'int8', 'int16']);
  return singleOperator('TRANSPOSE', { kind: 'plain' }, [
    tensor('input', shape),
    intTensor('order', order),
    tensor(
      'output',
      order.map((axis) => shape[axis]!),
    ),
  ]);
}
