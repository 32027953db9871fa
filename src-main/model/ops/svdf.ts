import { ok, type Failure } from '../../base/errors.ts';
import { flatTable, i32, i8 } from '../flat-writer.ts';
import { generateSvdf } from '../generate/svdf.ts';
import type { OperatorRecord } from '../operator-record.ts';
import {
  arity,
  badOption,
  biasOf,
  expressible,
  firstBroken,
  isConstant,
  ofRank,
  ofType,
  perTensor,
  refuseOp,
  symmetric,
  wrongShape,
} from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, scaleOf, zeroPointOf, type OpView } from '../op-view.ts';
import { activationCode, readActivation, readStep } from '../option-fields.ts';

export interface SvdfGeometry {
  readonly batches: number;
  readonly inputs: number;
  /** units · rank. */
  readonly filters: number;
  readonly rank: number;
  /** Values a filter remembers. */
  readonly memory: number;
}

export function svdfGeometry(view: OpView): SvdfGeometry {
  const [batches, inputs] = inputOf(view, 0).shape as [number, number];
  const { rank } = attributesOf(view.op.attributes, 'svdf');
  return { batches, inputs, filters: inputOf(view, 1).shape[0]!, rank, memory: inputOf(view, 2).shape[1]! };
}

/** TensorFlow Lite multiplies and divides these scales in float32. */
export function svdfFactors(view: OpView): { feature: number; output: number } {
  const of = (n: number) => scaleOf(inputOf(view, n));
  const [input, features, times, state] = [of(0), of(1), of(2), of(4)] as const;
  return {
    feature: Math.fround(Math.fround(input * features) / state),
    output: Math.fround(Math.fround(state * times) / scaleOf(outputOf(view))),
  };
}

function shapesFit(view: OpView): Failure | null {
  const { batches, inputs, filters, rank, memory } = svdfGeometry(view);
  if (filters % rank !== 0) return badOption(view, `has ${filters} filters of rank ${rank}`);
  const expected: [n: number, shape: number[]][] = [
    [1, [filters, inputs]],
    [2, [filters, memory]],
    [4, [batches, memory * filters]],
  ];
  for (const [n, shape] of expected)
    if (!shape.every((d, i) => d === inputOf(view, n).shape[i]))
      return wrongShape(view, inputOf(view, n), shape);
  return null;
}

/** The clamp of int8 is the activation: RELU where the output has no values below 0. */
function activationFits(view: OpView): Failure | null {
  const { activation } = attributesOf(view.op.attributes, 'svdf');
  if (activation === 'none') return null;
  if (activation === 'relu' && zeroPointOf(outputOf(view)) === -128) return null;
  return badOption(view, `has the fused activation ${activation}, which TensorFlow Lite Micro leaves out`);
}

const BIAS_SCALE_TOLERANCE = 1e-5;

function biasFits(view: OpView): Failure | null {
  const product = Math.fround(scaleOf(inputOf(view, 4)) * scaleOf(inputOf(view, 2)));
  if (Math.abs((inputOf(view, 3).quantization?.scales[0] ?? 0) - product) < BIAS_SCALE_TOLERANCE) return null;
  return refuseOp(
    view,
    'model.bad-quantization',
    'has a bias whose scale is not the product of the scales of state and time weights',
    'Convert the model again with int8 quantisation.',
    inputOf(view, 3),
  );
}

function stateIsVariable(view: OpView): Failure | null {
  const state = inputOf(view, 4);
  return state.variable ? null : badOption(view, `has a state (tensor ${state.index}) that is no variable`);
}

export const svdf: OperatorRecord = {
  name: 'SVDF',
  builtin: 27,
  optionsType: 6,
  version: 3,
  readOptions: (t) => ({ kind: 'svdf', rank: readStep(t, 0, 'rank'), activation: readActivation(t, 1) }),
  writeOptions: (attributes) => {
    const a = attributesOf(attributes, 'svdf');
    return flatTable({ 0: i32(a.rank), 1: i8(activationCode(a.activation)) });
  },
  check: (view) => {
    const types = ['int8', 'int8', 'int16', 'int32', 'int16'] as const;
    const broken =
      arity(view, 5, 5) ??
      firstBroken(
        () => firstBroken(...types.map((type, n) => () => ofType(view, inputOf(view, n), type))),
        () => ofType(view, outputOf(view), 'int8'),
        () => firstBroken(...[0, 1, 2, 4].map((n) => () => ofRank(view, inputOf(view, n), 2))),
        () => isConstant(view, inputOf(view, 1)) ?? isConstant(view, inputOf(view, 2)),
        () => shapesFit(view),
        () => biasOf(view, inputOf(view, 3), svdfGeometry(view).filters / svdfGeometry(view).rank),
        () => stateIsVariable(view),
        () => firstBroken(...[0, 1, 2, 4].map((n) => () => perTensor(view, inputOf(view, n)))),
        () => perTensor(view, outputOf(view)),
        () => firstBroken(...[1, 2, 4].map((n) => () => symmetric(view, inputOf(view, n)))),
        () => activationFits(view),
        () => biasFits(view),
        () => expressible(view, svdfFactors(view).feature) ?? expressible(view, svdfFactors(view).output),
      );
    if (broken) return broken;
    const { batches, filters, rank } = svdfGeometry(view);
    return ok([batches, filters / rank]);
  },
  macs: (view) => {
    const { batches, inputs, filters, memory } = svdfGeometry(view);
    return batches * filters * (inputs + memory);
  },
  generate: (rng) => generateSvdf(rng),
};
