import type { OpAttributes } from './operators.ts';

/**
 * A model as read from .tflite: validated, bounds-checked, types resolved, nothing lowered. Produced by
 * reader.ts, consumed by compile/, predict/, the writer and the renderer's graph view (through contract DTOs).
 */
export interface Graph {
  readonly name: string;
  /** SHA-256 of the file, hex. */
  readonly sha256: string;
  readonly description: string;
  readonly tensors: readonly Tensor[];
  /** In execution order (the file's own). */
  readonly ops: readonly Operator[];
  /** Tensor indices. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export type TensorType =
  'int8' | 'uint8' | 'int16' | 'int32' | 'int64' | 'float32' | 'bool' | 'int4' | 'resource';

export interface Tensor {
  readonly index: number;
  readonly name: string;
  readonly type: TensorType;
  /** Fully static; a dynamic dimension is refused by the reader. */
  readonly shape: readonly number[];
  readonly quantization: Quantization | null;
  /** Constant bytes (little-endian) or null for an activation. A view into the file, not a copy. */
  readonly data: Uint8Array | null;
  /** Keeps its value from one inference to the next. `initial`: its first one; null = all zero points. */
  readonly variable?: { readonly initial: Uint8Array | null };
}

export interface Quantization {
  /** One, or one a channel. real = scale · (q − zeroPoint). */
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  readonly axis: number;
}

export interface Operator {
  readonly index: number;
  /** .tflite builtin code. */
  readonly builtin: number;
  /** `CONV_2D`. */
  readonly name: string;
  /** Tensor indices; −1 = absent optional input. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly attributes: OpAttributes;
}
