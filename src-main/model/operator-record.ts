import { BugError } from '../base/errors.ts';
import type { FlatNode } from './flat-writer.ts';
import type { FlatTable } from './flat-reader.ts';
import type { OpAttributes } from './operators.ts';

/** Everything the product knows of one .tflite operator; the table is operator-table.ts, one file an operator in ops/. */
export interface OperatorRecord {
  /** `CONV_2D`. */
  readonly name: string;
  /** .tflite builtin operator code; also the Program's OpCode. */
  readonly builtin: number;
  /** Number of the options table in the schema's BuiltinOptions union. */
  readonly optionsType: number;
  /** Operator version the writer gives: the first that knows int8. */
  readonly version: number;
  /** Refuses through the table's reader. */
  readonly readOptions: (options: FlatTable) => OpAttributes;
  readonly writeOptions: (attributes: OpAttributes) => FlatNode;
}

/** The attributes as `kind`; a record is only ever given its own. */
export function attributesOf<K extends OpAttributes['kind']>(
  attributes: OpAttributes,
  kind: K,
): Extract<OpAttributes, { kind: K }> {
  if (attributes.kind !== kind) throw new BugError(`attributes of ${attributes.kind} given for ${kind}`);
  return attributes as Extract<OpAttributes, { kind: K }>;
}
