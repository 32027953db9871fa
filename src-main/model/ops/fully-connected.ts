import { bool, flatTable, i8 } from '../flat-writer.ts';
import { attributesOf, type OperatorRecord } from '../operator-record.ts';
import { activationCode, readActivation } from '../option-fields.ts';

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
};
