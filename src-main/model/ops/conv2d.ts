import { flatTable, i32, i8 } from '../flat-writer.ts';
import type { OperatorRecord } from '../operator-record.ts';
import { refuseOp } from '../op-rules.ts';
import { attributesOf, inputOf, type OpView } from '../op-view.ts';
import { activationCode, paddingCode, readActivation, readPadding, readStep } from '../option-fields.ts';
import { generateConv2d } from '../generate/conv2d.ts';
import { checkConvolution, convolutionMacs, geometryOf, type ConvGeometry } from './convolution.ts';

export function convGeometry(view: OpView): ConvGeometry {
  const [outC, filterH, filterW, filterC] = inputOf(view, 1).shape as [number, number, number, number];
  return geometryOf(view, attributesOf(view.op.attributes, 'conv2d'), [filterH, filterW, filterC, outC]);
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
  check: (view) =>
    checkConvolution(view, {
      geometry: convGeometry,
      channels: groups,
      channelAxis: 0,
      activation: ({ op }) => attributesOf(op.attributes, 'conv2d').activation,
      wideBias: ['int32', 'int64'],
    }),
  macs: (view) => convolutionMacs(convGeometry(view)),
  generate: generateConv2d,
};
