import { ok, type Failure } from '../../base/errors.ts';
import { flatTable } from '../flat-writer.ts';
import type { OperatorRecord } from '../operator-record.ts';
import { arity, expressible, firstBroken, ofType, perTensor, refuseOp } from '../op-rules.ts';
import { inputOf, outputOf, scaleOf, type OpView } from '../op-view.ts';
import { generateQuantize } from '../generate/quantize.ts';

/** What TensorFlow Lite Micro converts; the rest has no reference to be equal to. */
const conversions: ReadonlySet<string> = new Set([
  'float32 int8',
  'float32 int16',
  'int8 int8',
  'int8 uint8',
  'int8 int16',
  'uint8 int8',
  'int16 int8',
  'int16 int16',
]);

function convertible(view: OpView): Failure | null {
  const [from, to] = [inputOf(view, 0).type, outputOf(view).type];
  if (conversions.has(`${from} ${to}`)) return null;
  return refuseOp(
    view,
    'model.unsupported-type',
    `turns ${from} into ${to}`,
    'Convert the model with int8 inputs and outputs.',
  );
}

export const quantize: OperatorRecord = {
  name: 'QUANTIZE',
  builtin: 114,
  optionsType: 89,
  version: 1,
  readOptions: () => ({ kind: 'quantize' }),
  writeOptions: () => flatTable({}),
  check: (view) => {
    const broken =
      arity(view, 1, 1) ??
      firstBroken(
        () => ofType(view, inputOf(view, 0), 'float32', 'int8', 'uint8', 'int16'),
        () => convertible(view),
        () => (inputOf(view, 0).type === 'float32' ? null : perTensor(view, inputOf(view, 0))),
        () => perTensor(view, outputOf(view)),
        () =>
          inputOf(view, 0).type === 'float32'
            ? null
            : expressible(view, scaleOf(inputOf(view, 0)) / scaleOf(outputOf(view))),
      );
    return broken ?? ok(inputOf(view, 0).shape);
  },
  macs: () => 0,
  generate: generateQuantize,
};
