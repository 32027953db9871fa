/** PAD (with what is zero) and PADV2 (with a given value). */
import { ok, type Failure, type Result } from '../../base/errors.ts';
import { flatTable } from '../flat-writer.ts';
import { generatePad } from '../generate/pad.ts';
import type { OperatorRecord } from '../operator-record.ts';
import {
  arity,
  badOption,
  constantInts,
  firstBroken,
  intsOf,
  movesValues,
  ofRank,
  ofType,
  refuseOp,
  sameQuantization,
  wrongShape,
} from '../op-rules.ts';
import { inputOf, outputOf, type OpView } from '../op-view.ts';
import { elementCount } from '../tensor-type.ts';

/** Elements added in front of and behind every dimension. */
export function paddingsOf(view: OpView): { before: number; after: number }[] {
  const flat = intsOf(inputOf(view, 1));
  return inputOf(view, 0).shape.map((_, i) => ({ before: flat[2 * i]!, after: flat[2 * i + 1]! }));
}

const MOST_PADDING = 65_535;

function paddingsFit(view: OpView): Failure | null {
  const wrong = intsOf(inputOf(view, 1)).find((p) => p < 0 || p > MOST_PADDING);
  return wrong === undefined ? null : badOption(view, `pads by ${wrong} elements`);
}

/** PADV2: one constant of the type and quantisation of the input. */
function valueFits(view: OpView): Failure | null {
  const value = view.inputs[2];
  if (!value) return null;
  const input = inputOf(view, 0);
  return firstBroken(
    () => ofType(view, value, input.type),
    () => (elementCount(value.shape) === 1 ? null : wrongShape(view, value, [1])),
    () =>
      value.data
        ? null
        : refuseOp(
            view,
            'model.computed-operand',
            'computes the value it pads with while the model runs',
            'Pad with a constant.',
            value,
          ),
    () => (input.type === 'int8' || input.type === 'int16' ? sameQuantization(view, input, value) : null),
  );
}

function check(view: OpView, inputs: number): Result<readonly number[]> {
  const rank = () => inputOf(view, 0).shape.length;
  const broken =
    arity(view, inputs, inputs) ??
    firstBroken(
      () => movesValues(view, inputOf(view, 0), outputOf(view), ['int8', 'int16', 'int32', 'float32']),
      () => ofRank(view, inputOf(view, 0), 1, 4),
      () => constantInts(view, 1, 2 * rank()),
      () => paddingsFit(view),
      () => valueFits(view),
    );
  if (broken) return broken;
  const paddings = paddingsOf(view);
  return ok(inputOf(view, 0).shape.map((d, i) => d + paddings[i]!.before + paddings[i]!.after));
}

export const pad: OperatorRecord = {
  name: 'PAD',
  builtin: 34,
  optionsType: 22,
  version: 2,
  readOptions: () => ({ kind: 'plain' }),
  writeOptions: () => flatTable({}),
  check: (view) => check(view, 2),
  macs: () => 0,
  generate: (rng) => generatePad(rng, 'PAD'),
};

export const padV2: OperatorRecord = {
  ...pad,
  name: 'PADV2',
  builtin: 60,
  optionsType: 43,
  check: (view) => check(view, 3),
  generate: (rng) => generatePad(rng, 'PADV2'),
};
