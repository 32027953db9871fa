import { ok, type Failure } from '../../base/errors.ts';
import { bool, flatTable, i8 } from '../flat-writer.ts';
import type { OperatorRecord } from '../operator-record.ts';
import {
  arity,
  biasOf,
  clampable,
  expressibleLayer,
  firstBroken,
  isConstant,
  layerActivations,
  ofRank,
  ofType,
  perTensor,
  refuseOp,
  weightQuantization,
  wrongShape,
} from '../op-rules.ts';
import type { TensorType } from '../graph.ts';
import { attributesOf, inputOf, outputOf, scaleOf, type OpView } from '../op-view.ts';
import { activationCode, readActivation } from '../option-fields.ts';
import { elementCount } from '../tensor-type.ts';
import { generateFullyConnected } from '../generate/fully-connected.ts';

export interface FullyConnectedGeometry {
  readonly batches: number;
  readonly inDepth: number;
  readonly outDepth: number;
}

/** The input is taken as rows of inDepth elements, whatever its rank. */
export function fullyConnectedGeometry(view: OpView): FullyConnectedGeometry {
  const [outDepth, inDepth] = inputOf(view, 1).shape as [number, number];
  return { batches: elementCount(inputOf(view, 0).shape) / inDepth, inDepth, outDepth };
}

function wholeRows(view: OpView): Failure | null {
  const { batches, inDepth } = fullyConnectedGeometry(view);
  const input = inputOf(view, 0);
  const keep = attributesOf(view.op.attributes, 'fullyConnected').keepNumDims;
  const rows = keep ? input.shape.at(-1) === inDepth : Number.isInteger(batches);
  return rows ? null : wrongShape(view, input, [1, inDepth]);
}

function biasTypes(view: OpView): readonly TensorType[] {
  return inputOf(view, 0).type === 'int16' ? ['int64'] : ['int32'];
}

/** With int16 activations TensorFlow Lite Micro takes one scale for all weights. */
function oneScale(view: OpView): Failure | null {
  const weights = inputOf(view, 1);
  return inputOf(view, 0).type === 'int16' ? perTensor(view, weights) : null;
}

/** TensorFlow Lite Micro's own limit, in output units: beyond it the bias would be added at the wrong scale. */
const BIAS_SCALE_TOLERANCE = 0.02;

/** With one weight scale the bias must have the scale input · weights, or TFLM refuses the model. */
function biasScale(view: OpView): Failure | null {
  const bias = view.inputs[2];
  const weights = inputOf(view, 1);
  if (!bias || weights.quantization!.scales.length > 1) return null;
  const product = scaleOf(inputOf(view, 0)) * scaleOf(weights);
  const difference = Math.abs(product - (bias.quantization?.scales[0] ?? 0));
  if (difference / scaleOf(outputOf(view)) <= BIAS_SCALE_TOLERANCE) return null;
  return refuseOp(
    view,
    'model.bad-quantization',
    `has a bias whose scale is not the product of the scales of input and weights`,
    'Convert the model again with int8 quantisation.',
    bias,
  );
}

export const fullyConnected: OperatorRecord = {
  name: 'FULLY_CONNECTED',
  builtin: 9,
  optionsType: 8,
  version: 4,
  readOptions: (t) => {
    const format = t.i8(1);
    if (format !== 0)
      t.reader.refuse(
        'model.bad-options',
        { what: 'weights_format', value: format },
        'FULLY_CONNECTED weights are shuffled for another runtime.',
        'Convert the model with default weights.',
      );
    return { kind: 'fullyConnected', activation: readActivation(t, 0), keepNumDims: t.u8(2) !== 0 };
  },
  writeOptions: (attributes) => {
    const a = attributesOf(attributes, 'fullyConnected');
    return flatTable({ 0: i8(activationCode(a.activation)), 1: i8(0), 2: bool(a.keepNumDims) });
  },
  check: (view) => {
    const broken =
      arity(view, 2, 3) ??
      firstBroken(
        () => layerActivations(view, inputOf(view, 0), outputOf(view)),
        () => ofType(view, inputOf(view, 1), 'int8'),
        () => ofRank(view, inputOf(view, 0), 1, 5) ?? ofRank(view, inputOf(view, 1), 2),
        () => isConstant(view, inputOf(view, 1)),
        () => wholeRows(view),
        () => biasOf(view, view.inputs[2] ?? null, fullyConnectedGeometry(view).outDepth, biasTypes(view)),
        () => weightQuantization(view, inputOf(view, 1), 0, fullyConnectedGeometry(view).outDepth),
        () => oneScale(view),
        () => biasScale(view),
        () => expressibleLayer(view, inputOf(view, 0), inputOf(view, 1), outputOf(view)),
        () => clampable(view, attributesOf(view.op.attributes, 'fullyConnected').activation, outputOf(view)),
      );
    if (broken) return broken;
    const { batches, outDepth } = fullyConnectedGeometry(view);
    const keep = attributesOf(view.op.attributes, 'fullyConnected').keepNumDims;
    return ok(keep ? [...inputOf(view, 0).shape.slice(0, -1), outDepth] : [batches, outDepth]);
  },
  macs: (view) => {
    const { batches, inDepth, outDepth } = fullyConnectedGeometry(view);
    return batches * inDepth * outDepth;
  },
  generate: generateFullyConnected,
};
