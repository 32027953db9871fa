import { flatTable, i32, i8 } from '../flat-writer.ts';
import type { OperatorRecord } from '../operator-record.ts';
import { wrongShape } from '../op-rules.ts';
import { attributesOf, inputOf, type OpView } from '../op-view.ts';
import { activationCode, paddingCode, readActivation, readPadding, readStep } from '../option-fields.ts';
import { generateDepthwiseConv2d } from '../generate/depthwise-conv2d.ts';
import { checkConvolution, convolutionMacs, geometryOf, type ConvGeometry } from './convolution.ts';

/** Sizes of a DEPTHWISE_CONV_2D: NHWC activations, weights 1 × H × W × (inC · multiplier). filterC is 1. */
export function depthwiseGeometry(view: OpView): ConvGeometry {
  const [, filterH, filterW, outC] = inputOf(view, 1).shape as [number, number, number, number];
  return geometryOf(view, attributesOf(view.op.attributes, 'depthwiseConv2d'), [filterH, filterW, 1, outC]);
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
  check: (view) =>
    checkConvolution(view, {
      geometry: depthwiseGeometry,
      channels: multiplied,
      channelAxis: 3,
      activation: ({ op }) => attributesOf(op.attributes, 'depthwiseConv2d').activation,
      wideBias: ['int64'],
    }),
  macs: (view) => convolutionMacs(depthwiseGeometry(view)),
  generate: generateDepthwiseConv2d,
};
