/** Operators that only move or reduce values, in float32 by TensorFlow.js; .tflite's operands in their order. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { OpAttributes } from '../model/operators.ts';

type Tf = typeof TensorFlow;
type Tensor = TensorFlow.Tensor;
type Attributes<K extends OpAttributes['kind']> = Extract<OpAttributes, { kind: K }>;

const ints = (t: Tensor | null | undefined): number[] => [...t!.dataSync()];
const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

export function transpose([x, order]: readonly (Tensor | null)[], tf: Tf): Tensor {
  return tf.transpose(x!, ints(order));
}

export function slice([x, begin, size]: readonly (Tensor | null)[], tf: Tf): Tensor {
  return tf.slice(x!, ints(begin), ints(size));
}

export function stridedSlice(
  [x, begin, end, strides]: readonly (Tensor | null)[],
  a: Attributes<'stridedSlice'>,
  tf: Tf,
): Tensor {
  return tf.stridedSlice(
    x!,
    ints(begin),
    ints(end),
    ints(strides),
    a.beginMask,
    a.endMask,
    0,
    0,
    a.shrinkAxisMask,
  );
}

/** What lies outside is 0, or the third operand. */
export function pad([x, paddings, value]: readonly (Tensor | null)[], tf: Tf): Tensor {
  const flat = ints(paddings);
  const pairs = x!.shape.map((_, i): [number, number] => [flat[2 * i]!, flat[2 * i + 1]!]);
  return tf.pad(x!, pairs, value ? value.dataSync()[0] : 0);
}

export function concatenation(xs: readonly (Tensor | null)[], axis: number, tf: Tf): Tensor {
  return tf.concat(xs as Tensor[], fromFront(axis, xs[0]!.shape.length));
}

export function split([axis, x]: readonly (Tensor | null)[], count: number, tf: Tf): Tensor[] {
  return tf.split(x!, count, fromFront(ints(axis)[0]!, x!.shape.length));
}

export function splitV([x, sizes, axis]: readonly (Tensor | null)[], tf: Tf): Tensor[] {
  return tf.split(x!, ints(sizes), fromFront(ints(axis)[0]!, x!.shape.length));
}

type Reduction = (x: Tensor, axes: number[], keepDims: boolean) => Tensor;

export function reduce([x, axes]: readonly (Tensor | null)[], keepDims: boolean, by: Reduction): Tensor {
  const rank = x!.shape.length;
  return by(x!, [...new Set(ints(axes).map((axis) => fromFront(axis, rank)))], keepDims);
}

export function resizeNearest(
  [x]: readonly (Tensor | null)[],
  a: Attributes<'resizeNearest'>,
  [, h, w]: readonly number[],
  tf: Tf,
): Tensor {
  return tf.image.resizeNearestNeighbor(
    x as TensorFlow.Tensor4D,
    [h!, w!],
    a.alignCorners,
    a.halfPixelCenters,
  );
}

export function argMax([x, axis]: readonly (Tensor | null)[], tf: Tf): Tensor {
  return tf.cast(tf.argMax(x!, fromFront(ints(axis)[0]!, x!.shape.length)), 'float32');
}
