import { flatTable, i8 } from '../flat-writer.ts';
import { attributesOf, type OperatorRecord } from '../operator-record.ts';
import { activationCode, readActivation } from '../option-fields.ts';

export const add: OperatorRecord = {
  name: 'ADD',
  builtin: 0,
  optionsType: 11,
  version: 2,
  readOptions: (t) => ({ kind: 'add', activation: readActivation(t, 0) }),
  writeOptions: (attributes) => flatTable({ 0: i8(activationCode(attributesOf(attributes, 'add').activation)) }),
};
