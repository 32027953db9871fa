import type { TensorType } from './graph.ts';

/** .tflite's TensorType codes of the types the product knows (schema v3). */
export const tensorTypeCodes: Readonly<Record<TensorType, number>> = {
  float32: 0,
  int32: 2,
  uint8: 3,
  int64: 4,
  bool: 6,
  int16: 7,
  int8: 9,
  int4: 17,
  resource: 13,
};

/** The rest, for messages only. */
const foreignTypes: Readonly<Record<number, string>> = {
  1: 'float16',
  5: 'string',
  8: 'complex64',
  10: 'float64',
  11: 'complex128',
  12: 'uint64',
  14: 'variant',
  15: 'uint32',
  16: 'uint16',
  18: 'bfloat16',
  19: 'int2',
  20: 'uint4',
};

const byCode = new Map(Object.entries(tensorTypeCodes).map(([name, code]) => [code, name as TensorType]));

export function tensorTypeOf(code: number): TensorType | null {
  return byCode.get(code) ?? null;
}

export function foreignTypeName(code: number): string {
  return foreignTypes[code] ?? `type ${code}`;
}

const bits: Readonly<Record<TensorType, number>> = {
  float32: 32,
  int32: 32,
  uint8: 8,
  int64: 64,
  bool: 8,
  int16: 16,
  int8: 8,
  int4: 4,
  resource: 32,
};

export function elementBits(type: TensorType): number {
  return bits[type];
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((n, d) => n * d, 1);
}

/** Sub-byte elements are packed without gaps, the last byte filled up. */
export function tensorBytes(type: TensorType, shape: readonly number[]): number {
  return Math.ceil((elementCount(shape) * bits[type]) / 8);
}

/** Smallest and largest value an integer type holds; null for the others. */
export function integerRange(type: TensorType): { readonly min: number; readonly max: number } | null {
  switch (type) {
    case 'int4':
      return { min: -8, max: 7 };
    case 'int8':
      return { min: -128, max: 127 };
    case 'uint8':
      return { min: 0, max: 255 };
    case 'int16':
      return { min: -32768, max: 32767 };
    case 'int32':
      return { min: -2147483648, max: 2147483647 };
    default:
      return null;
  }
}
