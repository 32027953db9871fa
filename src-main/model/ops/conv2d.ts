import { ok, type Failure } from '../../base/errors.ts';
import { flatTable, i32, i8 } from '../flat-writer.ts';
import type { OperatorRecord } from '../operator-record.ts';
import {
  arity,
  biasOf,
  clampable,
  countable,
  expressibleLayer,
  firstBroken,
  isConstant,
  ofRank,
  ofType,
  perTensor,
  refuseOp,
  weightQuantization,
} from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, type OpView } from '../op-view.ts';
import { activationCode, paddingCode, readActivation, readPadding, readStep } from '../option-fields.ts';
import { windowOutput, windowPadding } from '../window.ts';
import { generateConv2d } from '../generate/conv2d.ts';

/** All sizes of a CONV_2D: NHWC activations, OHWI weights. */
export interface ConvGeometry {
  readonly batches: number;
  readonly inH: number;
  readonly inW: number;
  readonly inC: number;
  readonly outH: number;
  readonly outW: number;
  readonly outC: number;
  readonly filterH: number;
  readonly filterW: number;
  /** Input channels one filter sees; smaller than inC in a grouped convolution. */
  readonly filterC: number;
  readonly padTop: number;
  readonly padLeft: number;
}

export function convGeometry(view: OpView): ConvGeometry {
  const a = attributesOf(view.op.attributes, 'conv2d');
  const [batches, inH, inW, inC] = inputOf(view, 0).shape as [number, number, number, number];
  const [outC, filterH, filterW, filterC] = inputOf(view, 1).shape as [number, number, number, number];
  const h = { input: inH, filter: filterH, stride: a.strideH, dilation: a.dilationH };
  const w = { input: inW, filter: filterW, stride: a.strideW, dilation: a.dilationW };
  const outH = windowOutput(h, a.padding);
  const outW = windowOutput(w, a.padding);
  const padTop = windowPadding(h, outH);
  const padLeft = windowPadding(w, outW);
  return { batches, inH, inW, inC, outH, outW, outC, filterH, filterW, filterC, padTop, padLeft };
}

export function countableSides(view: OpView, g: ConvGeometry): Failure | null {
  return countable(view, [g.filterH, g.filterW], [g.inH, g.inW, g.padTop, g.padLeft]);
}

/** A grouped convolution sees inC / groups channels, and every group makes as many output channels. */
function groups(view: OpView) {
  const g = convGeometry(view);
  if (g.inC % g.filterC === 0 && g.outC % (g.inC / g.filterC) === 0) return null;
  return refuseOp(
    view,
    'model.shape-mismatch',
    `has ${g.inC} input channels, filters for ${g.filterC} and ${g.outC} output channels, which do not form groups`,
    'Convert the model again; the file contradicts itself.',
  );
}

export const conv2d: OperatorRecord = {
  name: 'CONV_2D',
  builtin: 3,
  optionsType: 1,
  version: 3,
  readOptions: (t) => ({
    kind: 'conv2d',
    padding: readPadding(t, 0),
    strideW: readStep(t, 1, 'stride_w'),
    strideH: readStep(t, 2, 'stride_h'),
    activation: readActivation(t, 3),
    dilationW: readStep(t, 4, 'dilation_w_factor', 1),
    dilationH: readStep(t, 5, 'dilation_h_factor', 1),
  }),
  writeOptions: (attributes) => {
    const a = attributesOf(attributes, 'conv2d');
    return flatTable({
      0: i8(paddingCode(a.padding)),
      1: i32(a.strideW),
      2: i32(a.strideH),
      3: i8(activationCode(a.activation)),
      4: i32(a.dilationW),
      5: i32(a.dilationH),
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
        () => groups(view),
        () => biasOf(view, view.inputs[2] ?? null, convGeometry(view).outC),
        () => countableSides(view, convGeometry(view)),
        () => perTensor(view, inputOf(view, 0)) ?? perTensor(view, outputOf(view)),
        () => weightQuantization(view, inputOf(view, 1), 0, convGeometry(view).outC),
        () => expressibleLayer(view, inputOf(view, 0), inputOf(view, 1), outputOf(view)),
        () => clampable(view, attributesOf(view.op.attributes, 'conv2d').activation, outputOf(view)),
      );
    if (broken) return broken;
    const g = convGeometry(view);
    return ok([g.batches, g.outH, g.outW, g.outC]);
  },
  macs: (view) => {
    const g = convGeometry(view);
    return g.batches * g.outH * g.outW * g.outC * g.filterH * g.filterW * g.filterC;
  },
  generate: generateConv2d,
};
