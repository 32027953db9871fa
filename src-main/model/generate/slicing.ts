import type { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../model-spec.ts';
import { intTensor, movedTensor, singleOperator } from './random-tensors.ts';

export function generateSlice(rng: Rng): ModelSpec {
  const shape = Array.from({ length: rng.int(1, 5) }, () => rng.int(1, 6));
  const begins = shape.map((d) => rng.int(0, d - 1));
  const counts = shape.map((d, i) => rng.int(1, d - begins[i]!));
  const sizes = counts.map((n, i) => (begins[i]! + n === shape[i] && rng.float() < 0.5 ? -1 : n));
  const tensor = movedTensor(rng);
  return singleOperator('SLICE', { kind: 'plain' }, [
    tensor('input', shape),
    intTensor('begin', begins),
    intTensor('size', sizes),
    tensor('output', counts),
  ]);
}

interface Axis {
  readonly begin: number;
  readonly end: number;
  readonly step: number;
  readonly count: number;
  readonly masks: readonly [begin: boolean, end: boolean, shrink: boolean];
}

/** A non-empty walk along `size` elements, written in one of the ways TensorFlow allows. */
function randomAxis(rng: Rng, size: number): Axis {
  if (rng.float() < 0.15) {
    const at = rng.int(0, size - 1);
    const begin = rng.float() < 0.5 ? at : at - size;
    return { begin, end: rng.int(-3, 3), step: 1, count: 1, masks: [false, false, true] };
  }
  const back = rng.float() < 0.3;
  const step = (back ? -1 : 1) * rng.pick([1, 1, 2, 3]);
  const masks = [rng.float() < 0.3, rng.float() < 0.3, false] as const;
  const a = rng.int(0, size - 1);
  const first = masks[0] ? (back ? size - 1 : 0) : a;
  // one past the last element of the walk, in its direction
  const stop = back ? rng.int(-1, first - 1) : rng.int(first + 1, size);
  const last = masks[1] ? (back ? -1 : size) : stop;
  // −1 as an end would mean the last element; beyond the front it is clamped
  const end = stop < 0 ? -size - rng.int(1, 3) : stop === size && rng.float() < 0.5 ? size + 4 : stop;
  const begin = rng.float() < 0.3 ? a - size : a;
  return { begin, end, step, count: Math.ceil((last - first) / step), masks };
}

export function generateStridedSlice(rng: Rng): ModelSpec {
  const shape = Array.from({ length: rng.int(1, 4) }, () => rng.int(1, 7));
  const axes = shape.map((d) => randomAxis(rng, d));
  const bits = (n: 0 | 1 | 2) => axes.reduce((mask, a, i) => mask | (a.masks[n] ? 1 << i : 0), 0);
  const tensor = movedTensor(rng);
  return singleOperator(
    'STRIDED_SLICE',
    { kind: 'stridedSlice', beginMask: bits(0), endMask: bits(1), shrinkAxisMask: bits(2) },
    [
      tensor('input', shape),
      intTensor(
        'begin',
        axes.map((a) => a.begin),
      ),
      intTensor(
        'end',
        axes.map((a) => a.end),
      ),
      intTensor(
        'strides',
        axes.map((a) => a.step),
      ),
      tensor(
        'output',
        axes.filter((a) => !a.masks[2]).map((a) => a.count),
      ),
    ],
  );
}
