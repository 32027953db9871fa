/** SPLIT in equal parts, SPLIT_V in given ones, UNPACK along a dimension that goes. */
import { ok, type Failure } from '../../base/errors.ts';
import { flatTable, i32 } from '../flat-writer.ts';
import { generateSplit, generateSplitV, generateUnpack } from '../generate/splitting.ts';
import type { OperatorRecord } from '../operator-record.ts';
import {
  arity,
  badOption,
  constantInts,
  firstBroken,
  intsOf,
  movesValues,
  noSuchAxis,
  ofRank,
  positiveAxis,
  wrongShape,
} from '../op-rules.ts';
import { attributesOf, inputOf, type OpView } from '../op-view.ts';
import type { Tensor } from '../graph.ts';

const types = ['int8', 'int16', 'int32', 'float32'] as const;

/** Which inputs hold the axis and the tensor that is split. */
interface Places {
  readonly value: number;
  readonly axis: number;
}

const SPLIT: Places = { value: 1, axis: 0 };
const SPLIT_V: Places = { value: 0, axis: 2 };

function axisOf(view: OpView, places: Places): number {
  return positiveAxis(intsOf(inputOf(view, places.axis))[0]!, inputOf(view, places.value).shape.length);
}

export const splitAxis = (view: OpView): number => axisOf(view, SPLIT);
export const splitVAxis = (view: OpView): number => axisOf(view, SPLIT_V);

/** An operator of a Program counts its outputs in 8 bits. */
const MOST_PARTS = 255;

function partsFit(view: OpView, count: number): Failure | null {
  const least = count === view.outputs.length && count >= 1 && count <= MOST_PARTS;
  return least
    ? null
    : badOption(view, `says it makes ${count} parts and has ${view.outputs.length} outputs`);
}

/** The tensors that are not the value and not an output's shape are right; every output is `expected(i)`. */
function outputsAre(view: OpView, value: Tensor, expected: (i: number) => number[]): Failure | null {
  for (const [i, output] of view.outputs.entries()) {
    const broken = movesValues(view, value, output, types);
    if (broken) return broken;
    const shape = expected(i);
    const same = shape.length === output.shape.length && shape.every((d, k) => d === output.shape[k]);
    if (!same) return wrongShape(view, output, shape);
  }
  return null;
}

function axisFits(view: OpView, places: Places): Failure | null {
  if (axisOf(view, places) >= 0) return null;
  return noSuchAxis(view, intsOf(inputOf(view, places.axis))[0]!, inputOf(view, places.value));
}

const withSize = (shape: readonly number[], axis: number, size: number): number[] =>
  shape.map((d, i) => (i === axis ? size : d));

export const split: OperatorRecord = {
  name: 'SPLIT',
  builtin: 49,
  optionsType: 35,
  version: 2,
  readOptions: (t) => ({ kind: 'split', count: t.i32(0) }),
  writeOptions: (attributes) => flatTable({ 0: i32(attributesOf(attributes, 'split').count) }),
  check: (view) => {
    const { count } = attributesOf(view.op.attributes, 'split');
    const value = () => inputOf(view, SPLIT.value);
    const part = () => withSize(value().shape, splitAxis(view), value().shape[splitAxis(view)]! / count);
    const broken =
      arity(view, 2, 2, view.outputs.length) ??
      firstBroken(
        () => partsFit(view, count),
        () => ofRank(view, value(), 1, 5),
        () => constantInts(view, SPLIT.axis, 1),
        () => axisFits(view, SPLIT),
        () => outputsAre(view, value(), part),
      );
    return broken ?? ok(part());
  },
  macs: () => 0,
  generate: generateSplit,
};

/** Sizes along the axis; one of −1 takes the rest. */
function sizesOf(view: OpView): number[] {
  const sizes = intsOf(inputOf(view, 1));
  const known = sizes.reduce((n, s) => n + Math.max(0, s), 0);
  const rest = inputOf(view, SPLIT_V.value).shape[splitVAxis(view)]! - known;
  return sizes.map((s) => (s === -1 ? rest : s));
}

function sizesFit(view: OpView): Failure | null {
  const sizes = sizesOf(view);
  const whole = inputOf(view, SPLIT_V.value).shape[splitVAxis(view)];
  const fits = sizes.every((s) => s >= 1) && sizes.reduce((a, b) => a + b) === whole;
  return fits
    ? null
    : badOption(view, `splits ${whole} elements into [${intsOf(inputOf(view, 1)).join(', ')}]`);
}

export const splitV: OperatorRecord = {
  name: 'SPLIT_V',
  builtin: 102,
  optionsType: 79,
  version: 2,
  readOptions: (t) => ({ kind: 'split', count: t.i32(0) }),
  writeOptions: (attributes) => flatTable({ 0: i32(attributesOf(attributes, 'split').count) }),
  check: (view) => {
    const { count } = attributesOf(view.op.attributes, 'split');
    const value = () => inputOf(view, SPLIT_V.value);
    const part = (i: number) => withSize(value().shape, splitVAxis(view), sizesOf(view)[i]!);
    const broken =
      arity(view, 3, 3, view.outputs.length) ??
      firstBroken(
        () => partsFit(view, count),
        () => ofRank(view, value(), 1, 5),
        () => constantInts(view, 1, count) ?? constantInts(view, SPLIT_V.axis, 1),
        () => axisFits(view, SPLIT_V),
        () => sizesFit(view),
        () => outputsAre(view, value(), part),
      );
    return broken ?? ok(part(0));
  },
  macs: () => 0,
  generate: generateSplitV,
};

export function unpackAxis(view: OpView): number {
  return positiveAxis(attributesOf(view.op.attributes, 'unpack').axis, inputOf(view, 0).shape.length);
}

function unpackFits(view: OpView): Failure | null {
  const { axis, count } = attributesOf(view.op.attributes, 'unpack');
  const at = unpackAxis(view);
  if (at < 0) return noSuchAxis(view, axis, inputOf(view, 0));
  return inputOf(view, 0).shape[at] === count ? null : badOption(view, `says it unpacks ${count} parts`);
}

export const unpack: OperatorRecord = {
  name: 'UNPACK',
  builtin: 88,
  optionsType: 64,
  version: 2,
  readOptions: (t) => ({ kind: 'unpack', count: t.i32(0), axis: t.i32(1) }),
  writeOptions: (attributes) => {
    const a = attributesOf(attributes, 'unpack');
    return flatTable({ 0: i32(a.count), 1: i32(a.axis) });
  },
  check: (view) => {
    const { count } = attributesOf(view.op.attributes, 'unpack');
    const part = () => inputOf(view, 0).shape.filter((_, i) => i !== unpackAxis(view));
    const broken =
      arity(view, 1, 1, view.outputs.length) ??
      firstBroken(
        () => partsFit(view, count),
        () => ofRank(view, inputOf(view, 0), 1, 5),
        () => unpackFits(view),
        () => outputsAre(view, inputOf(view, 0), part),
      );
    return broken ?? ok(part());
  },
  macs: () => 0,
  generate: generateUnpack,
};
