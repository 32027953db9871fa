import { ok, type Failure } from '../../base/errors.ts';
import { flatTable } from '../flat-writer.ts';
import type { OperatorRecord } from '../operator-record.ts';
import { arity, firstBroken, ofType, perTensor, refuseOp } from '../op-rules.ts';
import { inputOf, outputOf, type OpView } from '../op-view.ts';
import { generateDequantize } from '../generate/dequantize.ts';

function floatOutput(view: OpView): Failure | null {
  const output = outputOf(view);
  if (output.type === 'float32') return null;
  return refuseOp(
    view,
    'model.unsupported-type',
    `writes ${output.type}`,
    'Convert the model again.',
    output,
  );
}

export const dequantize: OperatorRecord = {
  name: 'DEQUANTIZE',
  builtin: 6,
  optionsType: 38,
  version: 2,
  readOptions: () => ({ kind: 'dequantize' }),
  writeOptions: () => flatTable({}),
  check: (view) => {
    const broken =
      arity(view, 1, 1) ??
      firstBroken(
        () => ofType(view, inputOf(view, 0), 'int8', 'uint8', 'int16'),
        () => floatOutput(view),
        () => perTensor(view, inputOf(view, 0)),
      );
    return broken ?? ok(inputOf(view, 0).shape);
  },
  macs: () => 0,
  generate: generateDequantize,
};
