import { ok, type Failure } from '../../base/errors.ts';
import { f32, flatTable } from '../flat-writer.ts';
import type { OperatorRecord } from '../operator-record.ts';
import { arity, firstBroken, ofRank, ofType, perTensor, refuseOp } from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, scaleOf, zeroPointOf, type OpView } from '../op-view.ts';
import { generateSoftmax } from '../generate/softmax.ts';

/** The int8 kernel's output is fixed: [0, 1) in steps of 1/256. */
function unitOutput(view: OpView): Failure | null {
  const output = outputOf(view);
  if (scaleOf(output) === 1 / 256 && zeroPointOf(output) === -128) return null;
  return refuseOp(
    view,
    'model.bad-quantization',
    `has an output other than scale 1/256 and zero point -128`,
    'Convert the model again with int8 quantisation.',
    output,
  );
}

/** Below this product of beta and input scale TensorFlow Lite Micro aborts; above 2^31 its multiplier saturates. */
const SMALLEST_STEP = 2 ** -26;

function usableStep(view: OpView): Failure | null {
  const { beta } = attributesOf(view.op.attributes, 'softmax');
  const step = beta * scaleOf(inputOf(view, 0));
  if (step > SMALLEST_STEP && Number.isFinite(step)) return null;
  return refuseOp(
    view,
    'model.bad-quantization',
    `has beta · input scale = ${step}, which the int8 kernel cannot express`,
    'Convert the model again; beta is 1 in almost every model.',
  );
}

export const softmax: OperatorRecord = {
  name: 'SOFTMAX',
  builtin: 25,
  optionsType: 9,
  version: 2,
  readOptions: (t) => ({ kind: 'softmax', beta: t.f32(0) }),
  writeOptions: (attributes) => flatTable({ 0: f32(attributesOf(attributes, 'softmax').beta) }),
  check: (view) => {
    const broken =
      arity(view, 1, 1) ??
      firstBroken(
        () => ofType(view, inputOf(view, 0), 'int8') ?? ofType(view, outputOf(view), 'int8'),
        () => ofRank(view, inputOf(view, 0), 1, 5),
        () => perTensor(view, inputOf(view, 0)) ?? perTensor(view, outputOf(view)),
        () => unitOutput(view),
        () => usableStep(view),
      );
    return broken ?? ok(inputOf(view, 0).shape);
  },
  macs: () => 0,
  generate: generateSoftmax,
};
