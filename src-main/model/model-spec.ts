import type { TensorType } from './graph.ts';
import type { OpAttributes } from './operators.ts';

/**
 * A model in plain words. Tensors are referred to by their position in `tensors`; operators are in execution order.
 * The same spec always gives the same bytes.
 */
export interface ModelSpec {
  /** Name of the one subgraph. */
  readonly name: string;
  readonly description?: string;
  readonly tensors: readonly TensorSpec[];
  readonly ops: readonly OpSpec[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Further subgraphs, for CALL_ONCE; numbers from 1. */
  readonly called?: readonly Omit<ModelSpec, 'called' | 'description'>[];
}

export interface TensorSpec {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
  /** real = scale · (q − zeroPoint); one scale, or one a channel along `axis` (default 0). Absent = none. */
  readonly quantization?: {
    readonly scales: readonly number[];
    readonly zeroPoints: readonly number[];
    readonly axis?: number;
  } | null;
  /** Keeps its value between inferences. */
  readonly isVariable?: boolean;
  /** The constant's elements (raw little-endian bytes for a Uint8Array); absent for an activation. */
  readonly data?: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | null;
}

export interface OpSpec {
  /** `CONV_2D`: a name of the operator table. */
  readonly name: string;
  readonly attributes: OpAttributes;
  /** −1 = absent optional input. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}
