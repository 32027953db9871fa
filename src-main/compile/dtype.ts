import { DType } from '../abi/generated.ts';
import type { TensorType } from '../model/graph.ts';

const codes: Readonly<Record<TensorType, DType>> = {
  int4: DType.Int8,
  int8: DType.Int8,
  uint8: DType.UInt8,
  int16: DType.Int16,
  int32: DType.Int32,
  int64: DType.Int64,
  float32: DType.Float32,
  bool: DType.Bool,
  // handles of variables are resolved when a model is read
  resource: DType.Int32,
};

/** The Program's element type; 4-bit elements are int8 with `bits` 4. */
export function dtypeOf(type: TensorType): DType {
  return codes[type];
}
