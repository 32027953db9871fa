import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import {
  activationTensor,
  intTensor,
  randomScale,
  randomZeroPoint,
  singleOperator,
} from './random-tensors.ts';

export function generateExpandDims(rng: Rng): ModelSpec {
  const shape = Array.from({ length: rng.int(1, 3) }, () => rng.int(1, 6));
  const at = rng.int(0, shape.length);
  const target = [...shape.slice(0, at), 1, ...shape.slice(at)];
  const [scale, zeroPoint] = [randomScale(rng), randomZeroPoint(rng)];
  return singleOperator('EXPAND_DIMS', { kind: 'plain' }, [
    activationTensor('input', shape, scale, zeroPoint),
    intTensor('axis', [rng.float() < 0.5 ? at : at - target.length]),
    activationTensor('output', target, scale, zeroPoint),
  ]);
}

export function generateSqueeze(rng: Rng): ModelSpec {
  const shape = [1, rng.int(2, 6), 1, rng.int(2, 6)];
  const [dims, target] = rng.pick([
    [[], [shape[1]!, shape[3]!]],
    [[0], shape.slice(1)],
    [[-2], [1, shape[1]!, shape[3]!]],
    [
      [0, 2],
      [shape[1]!, shape[3]!],
    ],
  ] as [number[], number[]][]);
  const [scale, zeroPoint] = [randomScale(rng), randomZeroPoint(rng)];
  return singleOperator('SQUEEZE', { kind: 'squeeze', dims }, [
    activationTensor('input', shape, scale, zeroPoint),
    activationTensor('output', target, scale, zeroPoint),
  ]);
}
