/** SLICE and STRIDED_SLICE: a regular part of a tensor. */
import { ok, type Failure } from '../../base/errors.ts';
import { flatTable, i32 } from '../flat-writer.ts';
import { generateSlice, generateStridedSlice } from '../generate/slicing.ts';
import type { OperatorRecord } from '../operator-record.ts';
import {
  arity,
  badOption,
  constantInts,
  firstBroken,
  intsOf,
  movesValues,
  ofRank,
  wrongShape,
} from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, type OpView } from '../op-view.ts';

const types = ['int8', 'int16', 'int32', 'float32'] as const;

/** Along every dimension of the input: the first element, the step, how many. */
export interface SliceAxis {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

const MOST_DIMENSIONS = 5;

/** A size of −1 reaches to the end. */
export function sliceAxes(view: OpView): SliceAxis[] {
  const [begins, sizes] = [intsOf(inputOf(view, 1)), intsOf(inputOf(view, 2))];
  return inputOf(view, 0).shape.map((d, i) => ({
    first: begins[i]!,
    step: 1,
    count: sizes[i] === -1 ? d - begins[i]! : sizes[i]!,
  }));
}

function sliceInside(view: OpView): Failure | null {
  const { shape } = inputOf(view, 0);
  const axes = sliceAxes(view);
  const inside = axes.every((a, i) => a.first >= 0 && a.count >= 1 && a.first + a.count <= shape[i]!);
  return inside ? null : wrongShape(view, inputOf(view, 2), shape);
}

export const slice: OperatorRecord = {
  name: 'SLICE',
  builtin: 65,
  optionsType: 48,
  version: 2,
  readOptions: () => ({ kind: 'plain' }),
  writeOptions: () => flatTable({}),
  check: (view) => {
    const rank = () => inputOf(view, 0).shape.length;
    const broken =
      arity(view, 3, 3) ??
      firstBroken(
        () => movesValues(view, inputOf(view, 0), outputOf(view), types),
        () => ofRank(view, inputOf(view, 0), 1, MOST_DIMENSIONS),
        () => constantInts(view, 1, rank()) ?? constantInts(view, 2, rank()),
        () => sliceInside(view),
      );
    return broken ?? ok(sliceAxes(view).map((a) => a.count));
  },
  macs: () => 0,
  generate: generateSlice,
};

/** TensorFlow Lite Micro maps everything to four dimensions. */
const MOST_STRIDED_DIMENSIONS = 4;

function stridedAxis(view: OpView, i: number): SliceAxis {
  const a = attributesOf(view.op.attributes, 'stridedSlice');
  const size = inputOf(view, 0).shape[i]!;
  const [begin, end, step] = [1, 2, 3].map((n) => intsOf(inputOf(view, n))[i]!) as [number, number, number];
  const bit = 1 << i;
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const inside = (x: number) => Math.min(high, Math.max(low, x < 0 ? x + size : x));
  const first = (a.beginMask & bit) !== 0 ? (step > 0 ? low : high) : inside(begin);
  if ((a.shrinkAxisMask & bit) !== 0) return { first, step, count: 1 };
  const stop = (a.endMask & bit) !== 0 ? (step > 0 ? high : low) : inside(end);
  return { first, step, count: Math.max(0, Math.ceil((stop - first) / step)) };
}

/** After the operator's check; also along dimensions that the output lacks. */
export function stridedAxes(view: OpView): SliceAxis[] {
  return inputOf(view, 0).shape.map((_, i) => stridedAxis(view, i));
}

function stridesFit(view: OpView): Failure | null {
  const steps = intsOf(inputOf(view, 3));
  if (steps.includes(0)) return badOption(view, 'has a stride of 0');
  const { shape } = inputOf(view, 0);
  const a = attributesOf(view.op.attributes, 'stridedSlice');
  const axes = stridedAxes(view);
  const shrunkBackwards = axes.some((axis, i) => (a.shrinkAxisMask & (1 << i)) !== 0 && axis.step < 0);
  if (shrunkBackwards) return badOption(view, 'removes a dimension it walks backwards');
  const inside = axes.every((axis, i) => axis.count >= 1 && axis.first >= 0 && axis.first < shape[i]!);
  return inside ? null : wrongShape(view, inputOf(view, 2), shape);
}

export const stridedSlice: OperatorRecord = {
  name: 'STRIDED_SLICE',
  builtin: 45,
  optionsType: 32,
  version: 2,
  readOptions: (t) => {
    const ignored = t.i32(2) | t.i32(3) | t.u8(5);
    if (ignored !== 0)
      t.reader.refuse(
        'model.bad-options',
        { what: 'ellipsis, new axis or offset of a STRIDED_SLICE', value: ignored },
        'A STRIDED_SLICE has an ellipsis, a new axis or an end given as an offset, which TensorFlow Lite Micro ignores.',
        'Write the slice with begin, end and strides for every dimension.',
      );
    return { kind: 'stridedSlice', beginMask: t.i32(0), endMask: t.i32(1), shrinkAxisMask: t.i32(4) };
  },
  writeOptions: (attributes) => {
    const a = attributesOf(attributes, 'stridedSlice');
    return flatTable({ 0: i32(a.beginMask), 1: i32(a.endMask), 4: i32(a.shrinkAxisMask) });
  },
  check: (view) => {
    const rank = () => inputOf(view, 0).shape.length;
    const broken =
      arity(view, 4, 4) ??
      firstBroken(
        () => movesValues(view, inputOf(view, 0), outputOf(view), types),
        () => ofRank(view, inputOf(view, 0), 1, MOST_STRIDED_DIMENSIONS),
        () => firstBroken(...[1, 2, 3].map((n) => () => constantInts(view, n, rank()))),
        () => stridesFit(view),
      );
    if (broken) return broken;
    const { shrinkAxisMask } = attributesOf(view.op.attributes, 'stridedSlice');
    const kept = stridedAxes(view).filter((_, i) => (shrinkAxisMask & (1 << i)) === 0);
    return ok(kept.map((a) => a.count));
  },
  macs: () => 0,
  generate: generateStridedSlice,
};
