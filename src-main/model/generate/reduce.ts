import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import {
  activationTensor,
  intTensor,
  randomScale,
  randomZeroPoint,
  singleOperator,
} from './random-tensors.ts';

export function generateReduce(rng: Rng, name: 'MEAN' | 'SUM' | 'REDUCE_MAX'): ModelSpec {
  const shape = Array.from({ length: rng.int(1, 4) }, () => rng.int(1, 8));
  const first = rng.int(0, shape.length - 1);
  const axes = rng.float() < 0.4 || shape.length < 2 ? [first] : [first, (first + 1) % shape.length];
  const keepDims = rng.float() < 0.5;
  const target = keepDims
    ? shape.map((d, i) => (axes.includes(i) ? 1 : d))
    : shape.filter((_, i) => !axes.includes(i));
  const [scale, zeroPoint] = [randomScale(rng, 1e-3), randomZeroPoint(rng)];
  const same = name === 'REDUCE_MAX' || rng.float() < 0.3;
  const count = axes.reduce((n, axis) => n * shape[axis]!, 1);
  const typical = name === 'SUM' ? scale * count : scale;
  const out = same ? scale : Math.fround(typical * 4 ** (2 * rng.float() - 1));
  const outZeroPoint = same ? zeroPoint : randomZeroPoint(rng);
  return singleOperator(name, { kind: 'reduce', keepDims }, [
    activationTensor('input', shape, scale, zeroPoint),
    intTensor(
      'axes',
      axes.map((axis) => (rng.float() < 0.3 ? axis - shape.length : axis)),
    ),
    activationTensor('output', target, out, outZeroPoint),
  ]);
}
