import { ok, type Failure } from '../../base/errors.ts';
import { flatTable } from '../flat-writer.ts';
import type { OperatorRecord } from '../operator-record.ts';
import { arity, firstBroken, ofType, refuseOp, wrongShape } from '../op-rules.ts';
import { inputOf, outputOf, type OpView } from '../op-view.ts';
import { elementCount } from '../tensor-type.ts';
import { generateReshape } from '../generate/reshape.ts';

function sameElements(view: OpView): Failure | null {
  const [input, output] = [inputOf(view, 0), outputOf(view)];
  if (elementCount(input.shape) !== elementCount(output.shape)) return wrongShape(view, output, input.shape);
  if (input.type === output.type) return null;
  return refuseOp(
    view,
    'model.unsupported-type',
    `changes ${input.type} into ${output.type}`,
    'Convert the model again.',
  );
}

/**
 * Says the target shape, where it is a constant; −1 stands for the rest. It may be computed by the model too, then
 * the file's own output shape is taken (the reader has refused dynamic ones).
 */
function targetShape(view: OpView): readonly number[] {
  const target = view.inputs[1];
  const output = outputOf(view).shape;
  if (!target?.data || target.type !== 'int32') return output;
  const bytes = new DataView(target.data.buffer, target.data.byteOffset, target.data.byteLength);
  const dims = Array.from({ length: target.data.length / 4 }, (_, i) => bytes.getInt32(4 * i, true));
  const known = dims.filter((d) => d !== -1).reduce((n, d) => n * d, 1);
  return dims.map((d) => (d === -1 ? elementCount(inputOf(view, 0).shape) / known : d));
}

/** The new shape is the output tensor's; the second input and the options only repeat it. */
export const reshape: OperatorRecord = {
  name: 'RESHAPE',
  builtin: 22,
  optionsType: 17,
  version: 1,
  readOptions: () => ({ kind: 'reshape' }),
  writeOptions: () => flatTable({}),
  check: (view) => {
    const broken =
      arity(view, 1, 2) ??
      firstBroken(
        () => ofType(view, inputOf(view, 0), 'int8', 'uint8', 'int16', 'int32', 'float32'),
        () => sameElements(view),
      );
    return broken ?? ok(targetShape(view));
  },
  macs: () => 0,
  generate: generateReshape,
};
