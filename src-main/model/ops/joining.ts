/** CONCATENATION along a dimension, PACK along a new one. */
import { ok, type Failure } from '../../base/errors.ts';
import { flatTable, i32, i8 } from '../flat-writer.ts';
import { generateConcatenation, generatePack } from '../generate/joining.ts';
import type { OperatorRecord } from '../operator-record.ts';
import {
  arity,
  badOption,
  firstBroken,
  movesValues,
  noSuchAxis,
  ofRank,
  positiveAxis,
  wrongShape,
} from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, type OpView } from '../op-view.ts';
import { activationCode, readActivation } from '../option-fields.ts';

const types = ['int8', 'int16', 'int32', 'float32'] as const;

/** Every input is as the output in type and quantisation. */
function inputsMove(view: OpView): Failure | null {
  return firstBroken(
    ...view.inputs.map((_, n) => () => movesValues(view, inputOf(view, n), outputOf(view), types)),
  );
}

/** Every input has the first one's shape, but along `axis`. */
function inputsMatch(view: OpView, axis: number): Failure | null {
  const { shape } = inputOf(view, 0);
  const odd = view.inputs.findIndex(
    (t) => t!.shape.length !== shape.length || t!.shape.some((d, i) => i !== axis && d !== shape[i]),
  );
  return odd < 0 ? null : wrongShape(view, inputOf(view, odd), shape);
}

/** TensorFlow Lite Micro's own limit. */
const MOST_CONCATENATED = 10;

export function concatenationAxis(view: OpView): number {
  const { axis } = attributesOf(view.op.attributes, 'concatenation');
  return positiveAxis(axis, inputOf(view, 0).shape.length);
}

function noActivation(view: OpView): Failure | null {
  const { activation } = attributesOf(view.op.attributes, 'concatenation');
  return activation === 'none' ? null : badOption(view, `has the fused activation ${activation}`);
}

export const concatenation: OperatorRecord = {
  name: 'CONCATENATION',
  builtin: 2,
  optionsType: 10,
  version: 2,
  readOptions: (t) => ({ kind: 'concatenation', axis: t.i32(0), activation: readActivation(t, 1) }),
  writeOptions: (attributes) => {
    const a = attributesOf(attributes, 'concatenation');
    return flatTable({ 0: i32(a.axis), 1: i8(activationCode(a.activation)) });
  },
  check: (view) => {
    const broken =
      arity(view, Math.max(1, view.inputs.length), MOST_CONCATENATED) ??
      firstBroken(
        () => inputsMove(view),
        () => ofRank(view, inputOf(view, 0), 1, 4),
        () => noActivation(view),
        () =>
          concatenationAxis(view) < 0
            ? noSuchAxis(view, attributesOf(view.op.attributes, 'concatenation').axis, inputOf(view, 0))
            : null,
        () => inputsMatch(view, concatenationAxis(view)),
      );
    if (broken) return broken;
    const axis = concatenationAxis(view);
    const total = view.inputs.reduce((n, t) => n + t!.shape[axis]!, 0);
    return ok(inputOf(view, 0).shape.map((d, i) => (i === axis ? total : d)));
  },
  macs: () => 0,
  generate: generateConcatenation,
};

/** Of the new dimension, in the output. */
export function packAxis(view: OpView): number {
  const { axis } = attributesOf(view.op.attributes, 'pack');
  return positiveAxis(axis, inputOf(view, 0).shape.length + 1);
}

/** An operator of a Program counts its inputs in 8 bits. */
const MOST_PACKED = 255;

function countFits(view: OpView): Failure | null {
  const { count } = attributesOf(view.op.attributes, 'pack');
  return count === view.inputs.length ? null : badOption(view, `says it packs ${count} inputs`);
}

export const pack: OperatorRecord = {
  name: 'PACK',
  builtin: 83,
  optionsType: 59,
  version: 2,
  readOptions: (t) => ({ kind: 'pack', count: t.i32(0), axis: t.i32(1) }),
  writeOptions: (attributes) => {
    const a = attributesOf(attributes, 'pack');
    return flatTable({ 0: i32(a.count), 1: i32(a.axis) });
  },
  check: (view) => {
    const broken =
      arity(view, Math.max(1, view.inputs.length), MOST_PACKED) ??
      firstBroken(
        () => inputsMove(view),
        () => countFits(view),
        () => ofRank(view, inputOf(view, 0), 0, 4),
        () =>
          packAxis(view) < 0
            ? noSuchAxis(view, attributesOf(view.op.attributes, 'pack').axis, outputOf(view))
            : null,
        () => inputsMatch(view, -1),
      );
    if (broken) return broken;
    const shape = [...inputOf(view, 0).shape];
    shape.splice(packAxis(view), 0, view.inputs.length);
    return ok(shape);
  },
  macs: () => 0,
  generate: generatePack,
};
