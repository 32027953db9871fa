import type { Failure } from '../../base/errors.ts';
import { ok } from '../../base/errors.ts';
import { flatTable, i32, i8 } from '../flat-writer.ts';
import { generateTransposeConv } from '../generate/transpose-conv.ts';
import type { OperatorRecord } from '../operator-record.ts';
import {
  arity,
  badOption,
  biasOf,
  constantInts,
  countable,
  expressibleLayer,
  firstBroken,
  isConstant,
  ofRank,
  ofType,
  perTensor,
  refuseOp,
  weightQuantization,
  wrongShape,
} from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, type OpView } from '../op-view.ts';
import { activationCode, paddingCode, readActivation, readPadding, readStep } from '../option-fields.ts';
import { windowOutput, windowPadding } from '../window.ts';
import { convolutionMacs, type ConvGeometry } from './convolution.ts';

/** The operands in the order of a convolution: input, weights, bias. The first of the file says the output's shape. */
export function asConvolution(view: OpView): OpView {
  return { ...view, inputs: [inputOf(view, 2), inputOf(view, 1), view.inputs[3] ?? null] };
}

/** Sizes with the roles of input and output as they are; the padding is that of the convolution the other way. */
export function transposeConvGeometry(view: OpView): ConvGeometry {
  const { input, weights, output } = tensorsOf(view);
  const a = attributesOf(view.op.attributes, 'transposeConv');
  const [batches, inH, inW, inC] = input.shape as [number, number, number, number];
  const [outC, filterH, filterW] = weights.shape as [number, number, number];
  const [, outH, outW] = output.shape as [number, number, number];
  const h = { input: outH, filter: filterH, stride: a.strideH, dilation: 1 };
  const w = { input: outW, filter: filterW, stride: a.strideW, dilation: 1 };
  const padTop = windowPadding(h, windowOutput(h, a.padding));
  const padLeft = windowPadding(w, windowOutput(w, a.padding));
  return { batches, inH, inW, inC, outH, outW, outC, filterH, filterW, filterC: inC, padTop, padLeft };
}

function tensorsOf(view: OpView) {
  return { input: inputOf(view, 2), weights: inputOf(view, 1), output: outputOf(view) };
}

/** A convolution of the output with the same window has the input's size. */
function sizesAgree(view: OpView): Failure | null {
  const { input, weights, output } = tensorsOf(view);
  const a = attributesOf(view.op.attributes, 'transposeConv');
  const side = (i: 1 | 2, stride: number) =>
    windowOutput({ input: output.shape[i]!, filter: weights.shape[i]!, stride, dilation: 1 }, a.padding);
  const wanted = [output.shape[0]!, side(1, a.strideH), side(2, a.strideW), weights.shape[3]!];
  return wanted.every((d, i) => d === input.shape[i]) ? null : wrongShape(view, input, wanted);
}

function withoutActivation(view: OpView): Failure | null {
  const { activation } = attributesOf(view.op.attributes, 'transposeConv');
  // TensorFlow Lite Micro leaves a fused activation out without a word
  return activation === 'none' ? null : badOption(view, `has the fused activation ${activation}`);
}

function shapeOperand(view: OpView): Failure | null {
  const shape = inputOf(view, 0);
  if (shape.type === 'int32' && shape.data) return constantInts(view, 0, 4);
  return refuseOp(
    view,
    'model.computed-operand',
    `computes its output's shape (tensor ${shape.index} "${shape.name}") while the model runs`,
    'Fix the batch to 1 before converting, so that the converter can fold the shape.',
    shape,
  );
}

export const transposeConv: OperatorRecord = {
  name: 'TRANSPOSE_CONV',
  builtin: 67,
  optionsType: 49,
  version: 3,
  readOptions: (t) => ({
    kind: 'transposeConv',
    padding: readPadding(t, 0),
    strideW: readStep(t, 1, 'stride_w'),
    strideH: readStep(t, 2, 'stride_h'),
    activation: readActivation(t, 3),
  }),
  writeOptions: (attributes) => {
    const a = attributesOf(attributes, 'transposeConv');
    return flatTable({
      0: i8(paddingCode(a.padding)),
      1: i32(a.strideW),
      2: i32(a.strideH),
      3: i8(activationCode(a.activation)),
    });
  },
  check: (view) => {
    const { input, weights, output } =
      view.inputs.length >= 3 && view.inputs[1] && view.inputs[2] && view.outputs[0]
        ? tensorsOf(view)
        : { input: null, weights: null, output: null };
    const broken =
      arity(view, 3, 4) ??
      firstBroken(
        () => ofType(view, input!, 'int8') ?? ofType(view, weights!, 'int8') ?? ofType(view, output!, 'int8'),
        () => ofRank(view, input!, 4) ?? ofRank(view, weights!, 4) ?? ofRank(view, output!, 4),
        () => shapeOperand(view),
        () => withoutActivation(view),
        () => isConstant(view, weights!),
        () => sizesAgree(view),
        () => biasOf(view, view.inputs[3] ?? null, weights!.shape[0]!),
        () =>
          countable(
            view,
            [weights!.shape[1]!, weights!.shape[2]!],
            [...input!.shape.slice(1, 3), ...output!.shape.slice(1, 3)],
          ),
        () => perTensor(view, input!) ?? perTensor(view, output!),
        () => weightQuantization(view, weights!, 0, weights!.shape[0]!),
        () => expressibleLayer(view, input!, weights!, output!),
      );
    if (broken) return broken;
    const g = transposeConvGeometry(view);
    return ok([g.batches, g.outH, g.outW, g.outC]);
  },
  /** Every input element meets every tap of every output channel, but those that fall outside. */
  macs: (view) => {
    const g = transposeConvGeometry(view);
    return convolutionMacs({ ...g, outH: g.inH, outW: g.inW });
  },
  generate: generateTransposeConv,
};
