import { BugError } from '../base/errors.ts';
import type { Quantization, Tensor } from '../model/graph.ts';

/** What dequantisation needs to know of a tensor. */
export type QuantisedTensor = Pick<Tensor, 'type' | 'shape' | 'quantization'>;

/** The elements of a tensor as numbers, without their scale. */
function integers(type: Tensor['type'], bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = (size: number, at: (offset: number) => number) =>
    Float64Array.from({ length: bytes.length / size }, (_, i) => at(i * size));
  switch (type) {
    case 'int8':
      return read(1, (o) => view.getInt8(o));
    case 'uint8':
    case 'bool':
      return read(1, (o) => view.getUint8(o));
    case 'int16':
      return read(2, (o) => view.getInt16(o, true));
    case 'int32':
      return read(4, (o) => view.getInt32(o, true));
    case 'int64':
      return read(8, (o) => Number(view.getBigInt64(o, true)));
    case 'float32':
      return read(4, (o) => view.getFloat32(o, true));
    case 'int4':
    case 'resource':
      throw new BugError(`${type} tensors are not dequantised here`);
  }
}

/** real = scale · (q − zeroPoint), per tensor or along the quantisation's axis. Unquantised types keep their value. */
export function dequantise(tensor: QuantisedTensor, bytes: Uint8Array): Float32Array {
  const q = integers(tensor.type, bytes);
  const { quantization } = tensor;
  if (!quantization || quantization.scales.length === 0) return Float32Array.from(q);
  const channelOf = channelIndex(tensor.shape, quantization);
  return Float32Array.from(q, (v, i) => {
    const c = channelOf(i);
    return (
      quantization.scales[c]! *
      (v - quantization.zeroPoints[Math.min(c, quantization.zeroPoints.length - 1)]!)
    );
  });
}

function channelIndex(shape: readonly number[], { scales, axis }: Quantization): (i: number) => number {
  if (scales.length === 1) return () => 0;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  return (i) => Math.floor(i / inner) % scales.length;
}
