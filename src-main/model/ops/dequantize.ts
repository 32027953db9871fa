import { flatTable } from '../flat-writer.ts';
import type { OperatorRecord } from '../operator-record.ts';

export const dequantize: OperatorRecord = {
  name: 'DEQUANTIZE',
  builtin: 6,
  optionsType: 38,
  version: 2,
  readOptions: () => ({ kind: 'dequantize' }),
  writeOptions: () => flatTable({}),
};
