import { flatTable } from '../flat-writer.ts';
import type { OperatorRecord } from '../operator-record.ts';

/** The new shape is the output tensor's; the second input and the options only repeat it. */
export const reshape: OperatorRecord = {
  name: 'RESHAPE',
  builtin: 22,
  optionsType: 17,
  version: 1,
  readOptions: () => ({ kind: 'reshape' }),
  writeOptions: () => flatTable({}),
};
