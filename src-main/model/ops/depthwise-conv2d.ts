import { ok } from '../../base/errors.ts';
import { flatTable, i32, i8 } from '../flat-writer.ts';
import type { OperatorRecord } from '../operator-record.ts';
import {
  arity,
  biasOf,
  clampable,
  expressibleLayer,
  firstBroken,
  isConstant,
  ofRank,
  ofType,
  perTensor,
  weightQuantization,
  wrongShape,
} from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, type OpView } from '../op-view.ts';
import { activationCode, paddingCode, readActivation, readPadding, readStep } from '../option-fields.ts';
import { windowOutput, windowPadding } from '../window.ts';
import { generateDepthwiseConv2d } from '../generate/depthwise-conv2d.ts';
import { countableSides, type ConvGeometry } from './conv2d.ts';

/** Sizes of a DEPTHWISE_CONV_2D: NHWC activations, weights 1 × H × W × (inC · multiplier). filterC is 1. */
export function depthwiseGeometry(view: OpView): ConvGeometry {
  const a = attributesOf(view.op.attributes, 'depthwiseConv2d');
  const [batches, inH, inW, inC] = inputOf(view, 0).shape as [number, number, number, number];
  const [, filterH, filterW, outC] = inputOf(view, 1).shape as [number, number, number, number];
  const h = { input: inH, filter: filterH, stride: a.strideH, dilation: a.dilationH };
  const w = { input: inW, filter: filterW, stride: a.strideW, dilation: a.dilationW };
  const outH = windowOutput(h, a.padding);
  const outW = windowOutput(w, a.padding);
  const padTop = windowPadding(h, outH);
  const padLeft = windowPadding(w, outW);
  return { batches, inH, inW, inC, outH, outW, outC, filterH, filterW, filterC: 1, padTop, padLeft };
}

function multiplied(view: OpView) {
  const weights = inputOf(view, 1);
  const { inC, filterH, filterW } = depthwiseGeometry(view);
  const outC = inC * attributesOf(view.op.attributes, 'depthwiseConv2d').depthMultiplier;
  if (weights.shape[0] === 1 && weights.shape[3] === outC) return null;
  return wrongShape(view, weights, [1, filterH, filterW, outC]);
}

export const depthwiseConv2d: OperatorRecord = {
  name: 'DEPTHWISE_CONV_2D',
  builtin: 4,
  optionsType: 2,
  version: 3,
  readOptions: (t) => ({
    kind: 'depthwiseConv2d',
    padding: readPadding(t, 0),
    strideW: readStep(t, 1, 'stride_w'),
    strideH: readStep(t, 2, 'stride_h'),
    depthMultiplier: readStep(t, 3, 'depth_multiplier'),
    activation: readActivation(t, 4),
    dilationW: readStep(t, 5, 'dilation_w_factor', 1),
    dilationH: readStep(t, 6, 'dilation_h_factor', 1),
  }),
  writeOptions: (attributes) => {
    const a = attributesOf(attributes, 'depthwiseConv2d');
    return flatTable({
      0: i8(paddingCode(a.padding)),
      1: i32(a.strideW),
      2: i32(a.strideH),
      3: i32(a.depthMultiplier),
      4: i8(activationCode(a.activation)),
      5: i32(a.dilationW),
      6: i32(a.dilationH),
    });
  },
  check: (view) => {
    const broken =
      arity(view, 2, 3) ??
      firstBroken(
        () => ofType(view, inputOf(view, 0), 'int8'),
        () => ofType(view, inputOf(view, 1), 'int8'),
        () => ofType(view, outputOf(view), 'int8'),
        () => ofRank(view, inputOf(view, 0), 4) ?? ofRank(view, inputOf(view, 1), 4),
        () => isConstant(view, inputOf(view, 1)),
        () => multiplied(view),
        () => biasOf(view, view.inputs[2] ?? null, depthwiseGeometry(view).outC),
        () => countableSides(view, depthwiseGeometry(view)),
        () => perTensor(view, inputOf(view, 0)) ?? perTensor(view, outputOf(view)),
        () => weightQuantization(view, inputOf(view, 1), 3, depthwiseGeometry(view).outC),
        () => expressibleLayer(view, inputOf(view, 0), inputOf(view, 1), outputOf(view)),
        () => clampable(view, attributesOf(view.op.attributes, 'depthwiseConv2d').activation, outputOf(view)),
      );
    if (broken) return broken;
    const g = depthwiseGeometry(view);
    return ok([g.batches, g.outH, g.outW, g.outC]);
  },
  macs: (view) => {
    const g = depthwiseGeometry(view);
    return g.batches * g.outH * g.outW * g.outC * g.filterH * g.filterW;
  },
  generate: generateDepthwiseConv2d,
};
