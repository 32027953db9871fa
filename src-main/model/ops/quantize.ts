import { flatTable } from '../flat-writer.ts';
import type { OperatorRecord } from '../operator-record.ts';

export const quantize: OperatorRecord = {
  name: 'QUANTIZE',
  builtin: 114,
  optionsType: 89,
  version: 1,
  readOptions: () => ({ kind: 'quantize' }),
  writeOptions: () => flatTable({}),
};
