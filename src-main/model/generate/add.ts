import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import {
  activationTensor,
  randomActivation,
  randomScale,
  randomZeroPoint,
  singleOperator,
} from './random-tensors.ts';

/** Same shapes mostly; else one side has ones, or fewer dimensions. */
export function generateAdd(rng: Rng): ModelSpec {
  const shape = [1, rng.int(1, 6), rng.int(1, 6), rng.int(1, 9)];
  let second = [...shape];
  if (rng.float() < 0.4) second = second.map((d) => (rng.float() < 0.5 ? 1 : d));
  if (rng.float() < 0.15) second = shape.slice(rng.int(1, 3));
  const scale = randomScale(rng, 1e-2);
  const other = Math.fround(scale * 8 ** (2 * rng.float() - 1));
  const out = Math.fround(Math.max(scale, other) * 2 ** (2 * rng.float()));
  return singleOperator('ADD', { kind: 'add', activation: randomActivation(rng) }, [
    activationTensor('a', shape, scale, randomZeroPoint(rng)),
    activationTensor('b', second, other, randomZeroPoint(rng)),
    activationTensor('output', shape, out, randomZeroPoint(rng)),
  ]);
}
