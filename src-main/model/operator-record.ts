import type { Result } from '../base/errors.ts';
import type { Rng } from '../base/rng.ts';
import type { FlatTable } from './flat-reader.ts';
import type { FlatNode } from './flat-writer.ts';
import type { OpView } from './op-view.ts';
import type { OpAttributes } from './operators.ts';
import type { ModelSpec } from './model-spec.ts';

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
  /**
   * Checks number, types, ranks, shapes and quantisation of the tensors and gives the output shape that follows from
   * the inputs. What TensorFlow Lite Micro refuses or would compute differently from its own specification is refused.
   */
  readonly check: (view: OpView) => Result<readonly number[]>;
  /** Multiply-accumulates of one run, after a successful check. */
  readonly macs: (view: OpView) => number;
  /** A random model of just this operator, within bounds that make it a small test; the same rng state gives the same. */
  readonly generate: (rng: Rng) => ModelSpec;
}
