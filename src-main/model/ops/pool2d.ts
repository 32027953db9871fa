import { flatTable, i32, i8 } from '../flat-writer.ts';
import { attributesOf, type OperatorRecord } from '../operator-record.ts';
import { activationCode, paddingCode, readActivation, readPadding, readStep } from '../option-fields.ts';

const pool2d: Omit<OperatorRecord, 'name' | 'builtin'> = {
  optionsType: 5,
  version: 2,
  readOptions: (t) => ({
    kind: 'pool2d',
    padding: readPadding(t, 0),
    strideW: readStep(t, 1, 'stride_w'),
    strideH: readStep(t, 2, 'stride_h'),
    filterW: readStep(t, 3, 'filter_width'),
    filterH: readStep(t, 4, 'filter_height'),
    activation: readActivation(t, 5),
  }),
  writeOptions: (attributes) => {
    const a = attributesOf(attributes, 'pool2d');
    return flatTable({
      0: i8(paddingCode(a.padding)),
      1: i32(a.strideW),
      2: i32(a.strideH),
      3: i32(a.filterW),
      4: i32(a.filterH),
      5: i8(activationCode(a.activation)),
    });
  },
};

export const averagePool2d: OperatorRecord = { name: 'AVERAGE_POOL_2D', builtin: 1, ...pool2d };
export const maxPool2d: OperatorRecord = { name: 'MAX_POOL_2D', builtin: 17, ...pool2d };
