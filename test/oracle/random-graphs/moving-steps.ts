/** Steps that move values without changing them. */
import type { GraphGrower } from './graph-grower.ts';
import type { Step } from './steps.ts';

const MOST_ELEMENTS = 2500;
const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** One operand list, one output alike. */
function moved(
  g: GraphGrower,
  name: string,
  attributes: Parameters<GraphGrower['op']>[1],
  inputs: readonly number[],
  shape: readonly number[],
): number[] | null {
  if (product(shape) > MOST_ELEMENTS) return null;
  const out = g.alike(inputs[0]!, shape);
  g.op(name, attributes, inputs, [out]);
  return [out];
}

const reshape: Step = (g, x) => {
  const shape = g.shape(x);
  const all = product(shape);
  const target = g.rng.pick([[1, all], [all], [1, 1, ...shape.slice(-2)].slice(-4), [...shape].reverse()]);
  if (product(target) !== all) return null;
  return moved(g, 'RESHAPE', { kind: 'reshape' }, [x, g.ints(target)], target);
};

const expand: Step = (g, x) => {
  const shape = g.shape(x);
  if (shape.length > 3) return null;
  const at = g.rng.int(0, shape.length);
  return moved(
    g,
    'EXPAND_DIMS',
    { kind: 'plain' },
    [x, g.ints([at])],
    [...shape.slice(0, at), 1, ...shape.slice(at)],
  );
};

const squeeze: Step = (g, x) => {
  const target = g.shape(x).filter((d) => d !== 1);
  if (target.length === 0 || target.length === g.shape(x).length) return null;
  return moved(g, 'SQUEEZE', { kind: 'squeeze', dims: [] }, [x], target);
};

const transpose: Step = (g, x) => {
  const shape = g.shape(x);
  const left = shape.map((_, i) => i);
  const order = shape.map(() => left.splice(g.rng.int(0, left.length - 1), 1)[0]!);
  return moved(
    g,
    'TRANSPOSE',
    { kind: 'plain' },
    [x, g.ints(order)],
    order.map((axis) => shape[axis]!),
  );
};

const slice: Step = (g, x) => {
  const shape = g.shape(x);
  const begins = shape.map((d) => g.rng.int(0, Math.floor((d - 1) / 2)));
  const sizes = shape.map((d, i) => g.rng.int(1, d - begins[i]!));
  return moved(g, 'SLICE', { kind: 'plain' }, [x, g.ints(begins), g.ints(sizes)], sizes);
};

const stridedSlice: Step = (g, x) => {
  const shape = g.shape(x);
  if (shape.length > 4) return null;
  const steps = shape.map(() => g.rng.pick([1, 1, 2]));
  const begins = shape.map((d) => g.rng.int(0, Math.floor((d - 1) / 2)));
  const counts = shape.map((d, i) => Math.ceil((d - begins[i]!) / steps[i]!));
  const masks = { beginMask: 0, endMask: 0, shrinkAxisMask: 0 };
  const operands = [x, g.ints(begins), g.ints(shape), g.ints(steps)];
  return moved(g, 'STRIDED_SLICE', { kind: 'stridedSlice', ...masks }, operands, counts);
};

const pad: Step = (g, x) => {
  const shape = g.shape(x);
  if (shape.length > 4) return null;
  const paddings = shape.map(() => [g.rng.pick([0, 0, 1, 2]), g.rng.pick([0, 0, 1])] as const);
  return moved(
    g,
    'PAD',
    { kind: 'plain' },
    [x, g.ints(paddings.flat(), [shape.length, 2])],
    shape.map((d, i) => d + paddings[i]![0] + paddings[i]![1]),
  );
};

/** With itself, or with something made from it that has its quantisation. */
const concatenate: Step = (g, x) => {
  const shape = g.shape(x);
  if (shape.length > 4) return null;
  const axis = g.rng.int(0, shape.length - 1);
  const count = g.rng.int(2, 3);
  const target = shape.map((d, i) => (i === axis ? count * d : d));
  const inputs = new Array<number>(count).fill(x);
  return moved(g, 'CONCATENATION', { kind: 'concatenation', axis, activation: 'none' }, inputs, target);
};

const pack: Step = (g, x) => {
  const shape = g.shape(x);
  if (shape.length > 3) return null;
  const axis = g.rng.int(0, shape.length);
  const target = [...shape.slice(0, axis), 2, ...shape.slice(axis)];
  return moved(g, 'PACK', { kind: 'pack', count: 2, axis }, [x, x], target);
};

const split: Step = (g, x) => {
  const shape = g.shape(x);
  const axis = shape.findIndex((d) => d % 2 === 0);
  if (axis < 0) return null;
  const half = shape.map((d, i) => (i === axis ? d / 2 : d));
  const outs = [g.alike(x, half), g.alike(x, half)];
  g.op('SPLIT', { kind: 'split', count: 2 }, [g.ints([axis], []), x], outs);
  return outs;
};

const unpack: Step = (g, x) => {
  const shape = g.shape(x);
  const axis = shape.findIndex((d) => d > 1 && d <= 3);
  if (axis < 0 || shape.length < 2) return null;
  const part = shape.filter((_, i) => i !== axis);
  const outs = Array.from({ length: shape[axis]! }, () => g.alike(x, part));
  g.op('UNPACK', { kind: 'unpack', count: shape[axis]!, axis }, [x], outs);
  return outs;
};

const resize: Step = (g, x) => {
  const shape = g.shape(x);
  if (shape.length !== 4) return null;
  const [n, h, w, c] = shape as [number, number, number, number];
  const size = [g.rng.int(1, 2 * h), g.rng.int(1, 2 * w)];
  const mode = { alignCorners: g.rng.float() < 0.3, halfPixelCenters: false };
  return moved(
    g,
    'RESIZE_NEAREST_NEIGHBOR',
    { kind: 'resizeNearest', ...mode },
    [x, g.ints(size)],
    [n, ...size, c],
  );
};

export const moving: readonly Step[] = [
  reshape,
  expand,
  squeeze,
  transpose,
  slice,
  stridedSlice,
  pad,
  concatenate,
  pack,
  split,
  unpack,
  resize,
];
