import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import { intTensor, movedTensor, singleOperator } from './random-tensors.ts';

export function generatePad(rng: Rng, name: 'PAD' | 'PADV2'): ModelSpec {
  const shape = Array.from({ length: rng.int(1, 4) }, () => rng.int(1, 6));
  const paddings = shape.map(
    () => [rng.pick([0, 0, rng.int(0, 3)]), rng.pick([0, 0, rng.int(0, 3)])] as const,
  );
  const tensor = movedTensor(rng, ['int8', 'int8', 'int16']);
  const value = tensor('value', []);
  const data = value.type === 'int8' ? Int8Array.of(rng.int(-128, 127)) : Int16Array.of(rng.int(-3000, 3000));
  return singleOperator(name, { kind: 'plain' }, [
    tensor('input', shape),
    intTensor('paddings', paddings.flat(), [shape.length, 2]),
    ...(name === 'PADV2' ? [{ ...value, data }] : []),
    tensor(
      'output',
      shape.map((d, i) => d + paddings[i]![0] + paddings[i]![1]),
    ),
  ]);
}
