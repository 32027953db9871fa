import { flatTable, i32, i8 } from '../flat-writer.ts';
import { attributesOf, type OperatorRecord } from '../operator-record.ts';
import { activationCode, paddingCode, readActivation, readPadding, readStep } from '../option-fields.ts';

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
};
