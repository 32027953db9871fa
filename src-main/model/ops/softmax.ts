import { f32, flatTable } from '../flat-writer.ts';
import { attributesOf, type OperatorRecord } from '../operator-record.ts';

export const softmax: OperatorRecord = {
  name: 'SOFTMAX',
  builtin: 25,
  optionsType: 9,
  version: 2,
  readOptions: (t) => ({ kind: 'softmax', beta: t.f32(0) }),
  writeOptions: (attributes) => flatTable({ 0: f32(attributesOf(attributes, 'softmax').beta) }),
};
