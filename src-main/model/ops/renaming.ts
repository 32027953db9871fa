/** EXPAND_DIMS and SQUEEZE: the same bytes with another shape, like RESHAPE. */
import { ok, type Failure } from '../../base/errors.ts';
import { flatTable, i32s } from '../flat-writer.ts';
import { generateExpandDims, generateSqueeze } from '../generate/renaming.ts';
import type { OperatorRecord } from '../operator-record.ts';
import {
  arity,
  constantInts,
  firstBroken,
  intsOf,
  movesValues,
  noSuchAxis,
  positiveAxis,
} from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, type OpView } from '../op-view.ts';

const types = ['int8', 'uint8', 'int16', 'int32', 'float32'] as const;

/** Where the new dimension goes: counted in the output's. */
function newAxis(view: OpView): number {
  return positiveAxis(intsOf(inputOf(view, 1))[0]!, inputOf(view, 0).shape.length + 1);
}

export const expandDims: OperatorRecord = {
  name: 'EXPAND_DIMS',
  builtin: 70,
  optionsType: 52,
  version: 1,
  readOptions: () => ({ kind: 'plain' }),
  writeOptions: () => flatTable({}),
  check: (view) => {
    const broken =
      arity(view, 2, 2) ??
      firstBroken(
        () => movesValues(view, inputOf(view, 0), outputOf(view), types),
        () => constantInts(view, 1, 1),
        () => (newAxis(view) < 0 ? noSuchAxis(view, intsOf(inputOf(view, 1))[0]!, outputOf(view)) : null),
      );
    if (broken) return broken;
    const shape = [...inputOf(view, 0).shape];
    shape.splice(newAxis(view), 0, 1);
    return ok(shape);
  },
  macs: () => 0,
  generate: generateExpandDims,
};

function squeezable(view: OpView): Failure | null {
  const { shape } = inputOf(view, 0);
  const wrong = attributesOf(view.op.attributes, 'squeeze').dims.find(
    (d) => shape[positiveAxis(d, shape.length)] !== 1,
  );
  return wrong === undefined ? null : noSuchAxis(view, wrong, inputOf(view, 0));
}

export const squeeze: OperatorRecord = {
  name: 'SQUEEZE',
  builtin: 43,
  optionsType: 30,
  version: 1,
  readOptions: (t) => ({ kind: 'squeeze', dims: t.i32s(0) ?? [] }),
  writeOptions: (attributes) => flatTable({ 0: i32s(attributesOf(attributes, 'squeeze').dims) }),
  check: (view) => {
    const broken =
      arity(view, 1, 1) ??
      firstBroken(
        () => movesValues(view, inputOf(view, 0), outputOf(view), types),
        () => squeezable(view),
      );
    if (broken) return broken;
    const { shape } = inputOf(view, 0);
    const dims = attributesOf(view.op.attributes, 'squeeze').dims.map((d) => positiveAxis(d, shape.length));
    const goes = (i: number) => (dims.length === 0 ? shape[i] === 1 : dims.includes(i));
    return ok(shape.filter((_, i) => !goes(i)));
  },
  macs: () => 0,
  generate: generateSqueeze,
};
