import { flatTable, i32, i8 } from '../flat-writer.ts';
import { attributesOf, type OperatorRecord } from '../operator-record.ts';
import { activationCode, paddingCode, readActivation, readPadding, readStep } from '../option-fields.ts';

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
};
