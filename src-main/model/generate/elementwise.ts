import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import {
  activationTensor,
  randomActivation,
  randomScale,
  randomZeroPoint,
  singleOperator,
} from './random-tensors.ts';

/** Same shapes mostly; else one side has ones, or fewer dimensions. The first is also the output's. */
function randomShapes(rng: Rng): [number[], number[]] {
  const shape = [1, rng.int(1, 6), rng.int(1, 6), rng.int(1, 9)];
  let second = [...shape];
  if (rng.float() < 0.4) second = second.map((d) => (rng.float() < 0.5 ? 1 : d));
  if (rng.float() < 0.15) second = shape.slice(rng.int(1, 3));
  return [shape, second];
}

/** ADD, SUB, MUL: three quantisations. */
export function generateBinary(
  rng: Rng,
  name: 'ADD' | 'SUB' | 'MUL',
  kind: 'add' | 'sub' | 'mul',
): ModelSpec {
  const [shape, second] = randomShapes(rng);
  const scale = randomScale(rng, 1e-2);
  const other = Math.fround(scale * 8 ** (2 * rng.float() - 1));
  const typical = kind === 'mul' ? scale * other * 74 : Math.max(scale, other);
  const out = Math.fround(typical * 2 ** (2 * rng.float()));
  return singleOperator(name, { kind, activation: randomActivation(rng) }, [
    activationTensor('a', shape, scale, randomZeroPoint(rng)),
    activationTensor('b', second, other, randomZeroPoint(rng)),
    activationTensor('output', shape, out, randomZeroPoint(rng)),
  ]);
}

/** One quantisation for all. */
export function generateMinMax(rng: Rng, name: 'MINIMUM' | 'MAXIMUM'): ModelSpec {
  const [shape, second] = randomShapes(rng);
  const [scale, zeroPoint] = [randomScale(rng), randomZeroPoint(rng)];
  return singleOperator(name, { kind: 'plain' }, [
    activationTensor('a', shape, scale, zeroPoint),
    activationTensor('b', second, scale, zeroPoint),
    activationTensor('output', shape, scale, zeroPoint),
  ]);
}
