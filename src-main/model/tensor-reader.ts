import type { FlatTable } from './flat-reader.ts';
import type { Quantization, Tensor, TensorType } from './graph.ts';
import { foreignTypeName, integerRange, tensorBytes, tensorTypeOf } from './tensor-type.ts';

/** Field numbers of the schema's tables (schema v3). */
const TENSOR = {
  shape: 0,
  type: 1,
  buffer: 2,
  name: 3,
  quantization: 4,
  isVariable: 5,
  sparsity: 6,
  signature: 7,
  externalBuffer: 10,
} as const;
const QUANTIZATION = { scale: 2, zeroPoint: 3, detailsType: 4, axis: 6 } as const;
const BUFFER = { data: 0, offset: 1, size: 2 } as const;

const MOST_DIMENSIONS = 8;
/** As MJ_MAX_ELEMENTS of firmware/engine/mj_kernels.h: sizes stay in 32 bits on the device. */
const MOST_ELEMENTS = 2 ** 28;

/** Refuses through the table's reader; what it gives back then is meaningless. */
export function readTensor(table: FlatTable, index: number, buffers: readonly FlatTable[]): Tensor {
  const name = table.string(TENSOR.name);
  const here = { tensor: index, name };
  const type = readType(table, here);
  const shape = readShape(table, here);
  refuseSpecialKinds(table, here);
  const quantization = table.reader.failure ? null : readQuantization(table, here, type, shape);
  const data = table.reader.failure ? null : readData(table, here, buffers, type, shape);
  const isVariable = table.u8(TENSOR.isVariable) !== 0 && data === null;
  const common = { index, name, type, shape, quantization, data };
  return isVariable ? { ...common, variable: { initial: null } } : common;
}

interface Here extends Record<string, string | number> {
  readonly tensor: number;
  readonly name: string;
}

function readType(table: FlatTable, here: Here): TensorType {
  const code = table.i8(TENSOR.type);
  const type = tensorTypeOf(code);
  if (!type)
    table.reader.refuse(
      'model.unsupported-type',
      { ...here, type: foreignTypeName(code) },
      `Tensor ${here.tensor} "${here.name}" is ${foreignTypeName(code)}; int8 models are supported.`,
      'Convert the model with full int8 quantisation (representative data set, TFLITE_BUILTINS_INT8).',
    );
  return type ?? 'int8';
}

function readShape(table: FlatTable, here: Here): number[] {
  const shape = table.i32s(TENSOR.shape) ?? [];
  const signature = table.i32s(TENSOR.signature) ?? [];
  // The converter marks the batch as −1 in the signature and 1 in the shape; that one is static in all but name.
  const dynamic = signature.findIndex((d, i) => d < 0 && !(i === 0 && shape[0] === 1));
  if (shape.some((d) => d < 0) || dynamic >= 0)
    table.reader.refuse(
      'model.dynamic-shape',
      { ...here, shape, signature },
      `Tensor ${here.tensor} "${here.name}" has a dimension that is only known when the model runs.`,
      'Fix the input shape before converting (for Keras: `model.input.set_shape` or a concrete function).',
    );
  const elements = shape.reduce((n, d) => Math.min(n * d, Number.MAX_SAFE_INTEGER), 1);
  if (shape.length > MOST_DIMENSIONS || elements < 1 || elements > MOST_ELEMENTS)
    table.reader.refuse(
      'model.bad-shape',
      { ...here, shape: shape.slice(0, MOST_DIMENSIONS + 1) },
      `Tensor ${here.tensor} "${here.name}" has an impossible shape (empty, too large or too many dimensions).`,
      'Convert the model again.',
    );
  return shape;
}

function refuseSpecialKinds(table: FlatTable, here: Here): void {
  const kind = table.has(TENSOR.sparsity)
    ? 'stored as a sparse matrix'
    : table.u32(TENSOR.externalBuffer) !== 0
      ? 'stored in another file'
      : null;
  if (kind === null) return;
  table.reader.refuse(
    'model.unsupported-tensor',
    { ...here, kind },
    `Tensor ${here.tensor} "${here.name}" is ${kind}.`,
    'Convert the model without that: plain dense constants.',
  );
}

function badQuantization(table: FlatTable, here: Here, why: string): null {
  table.reader.refuse(
    'model.bad-quantization',
    { ...here, why },
    `The quantisation of tensor ${here.tensor} "${here.name}" is wrong: ${why}.`,
    'Convert the model again with int8 quantisation.',
  );
  return null;
}

function readQuantization(
  table: FlatTable,
  here: Here,
  type: TensorType,
  shape: readonly number[],
): Quantization | null {
  const q = table.table(TENSOR.quantization);
  if (!q) return null;
  if (q.u8(QUANTIZATION.detailsType) !== 0)
    return badQuantization(table, here, 'a custom or blockwise scheme');
  const scales = q.f32s(QUANTIZATION.scale) ?? [];
  const wide = q.i64s(QUANTIZATION.zeroPoint) ?? [];
  if (scales.length === 0 && wide.length === 0) return null;
  const axis = q.i32(QUANTIZATION.axis);
  if (table.reader.failure) return null;
  if (scales.length !== wide.length)
    return badQuantization(table, here, `${scales.length} scales for ${wide.length} zero points`);
  if (scales.length > 1 && shape[axis] !== scales.length)
    return badQuantization(
      table,
      here,
      `${scales.length} scales along dimension ${axis} of [${shape.join(', ')}]`,
    );
  if (!scales.every((s) => Number.isFinite(s) && s >= 0))
    return badQuantization(table, here, 'a scale is not a number ≥ 0');
  const range = integerRange(type) ?? { min: 0, max: 0 };
  if (!wide.every((z) => z >= BigInt(range.min) && z <= BigInt(range.max)))
    return badQuantization(table, here, `a zero point is outside ${type}`);
  return { scales, zeroPoints: wide.map(Number), axis };
}

function readData(
  table: FlatTable,
  here: Here,
  buffers: readonly FlatTable[],
  type: TensorType,
  shape: readonly number[],
): Uint8Array | null {
  const index = table.u32(TENSOR.buffer);
  const buffer = buffers[index];
  if (!buffer) {
    // Some writers leave the sentinel buffer 0 out when nothing is constant.
    if (index !== 0)
      table.reader.refuse(
        'model.bad-index',
        { ...here, buffer: index, buffers: buffers.length },
        `The file is damaged: tensor ${here.tensor} refers to buffer ${index} of ${buffers.length}.`,
        'Copy or convert the model again.',
      );
    return null;
  }
  const data = bufferBytes(buffer);
  if (!data || data.length === 0 || table.reader.failure) return null;
  const wanted = tensorBytes(type, shape);
  if (data.length !== wanted)
    table.reader.refuse(
      'model.bad-buffer',
      { ...here, bytes: data.length, expectedBytes: wanted },
      `Tensor ${here.tensor} "${here.name}" has ${data.length} bytes where its shape needs ${wanted}.`,
      'Copy or convert the model again.',
    );
  return data;
}

/** Inside the FlatBuffer, or behind it in files that outgrow 2 GB (offset and size fields; 0 and 1 mean unused). */
function bufferBytes(buffer: FlatTable): Uint8Array | null {
  const offset = buffer.u64(BUFFER.offset);
  const size = buffer.u64(BUFFER.size);
  if (offset <= 1n) return buffer.bytes(BUFFER.data);
  const { reader } = buffer;
  const far = BigInt(Number.MAX_SAFE_INTEGER) / 2n;
  const at = offset > far ? Number.MAX_SAFE_INTEGER : Number(offset);
  const length = size > far ? 0 : Number(size);
  if (!reader.inside(at, length)) return null;
  return reader.bytes.subarray(at, at + length);
}
