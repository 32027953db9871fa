import { fail, ok, type Result } from '../../base/errors.ts';

/**
 * A message as bytes: u32 length of the JSON text (little endian), the text, zeros to a multiple of 8, then the typed
 * arrays one after the other, each padded to 8. In the text a typed array is `{"$array": [kind, offset, length]}`,
 * `undefined` fields are left out and numbers that JSON has not are `{"$number": "NaN"}`.
 */
const kinds = {
  u8: Uint8Array,
  i8: Int8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;
type Kind = keyof typeof kinds;
type TypedArray = InstanceType<(typeof kinds)[Kind]>;

const kindOf = (value: TypedArray): Kind | undefined =>
  (Object.keys(kinds) as Kind[]).find((k) => value instanceof kinds[k]);
const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;

export function encodeMessage(message: unknown): Uint8Array {
  const arrays: TypedArray[] = [];
  let arrayBytes = 0;
  const text = JSON.stringify(message, (_key, value: unknown) => {
    if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
    if (!ArrayBuffer.isView(value)) return value;
    const kind = kindOf(value as TypedArray);
    if (!kind) return null;
    const array = value as TypedArray;
    const reference = { $array: [kind, arrayBytes, array.length] };
    arrays.push(array);
    arrayBytes += padded(array.byteLength);
    return reference;
  });
  const json = new TextEncoder().encode(text);
  const head = padded(4 + json.length);
  const bytes = new Uint8Array(head + arrayBytes);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 4);
  let at = head;
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += padded(array.byteLength);
  }
  return bytes;
}

const malformed = (reason: string): Result<never> =>
  fail(
    'bench.malformed-message',
    { reason },
    'What arrived is not a message of the bench.',
    'Load the page again.',
  );

/** `bench.malformed-message`. Arrays are copies: the message outlives the buffer it came in. */
export function decodeMessage(bytes: Uint8Array): Result<unknown> {
  if (bytes.length < 4) return malformed('shorter than its head');
  const jsonBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (jsonBytes > bytes.length - 4) return malformed('text longer than the message');
  const arrays = new ArrayPart(bytes.subarray(Math.min(bytes.length, padded(4 + jsonBytes))));
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(4, 4 + jsonBytes));
    return ok(
      JSON.parse(text, (_key, value: unknown) => {
        if (typeof value !== 'object' || value === null) return value;
        if ('$number' in value) return Number(value.$number);
        return '$array' in value ? arrays.arrayOf(value.$array) : value;
      }),
    );
  } catch (e) {
    return malformed(e instanceof Error ? e.message.slice(0, 200) : 'unreadable');
  }
}

/** The arrays of a message. All together are no longer than it: naming the same bytes many times makes no memory of few. */
class ArrayPart {
  readonly #bytes: Uint8Array;
  #left: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#left = bytes.length;
  }

  arrayOf(reference: unknown): TypedArray {
    const [kind, offset, length] = Array.isArray(reference) ? (reference as unknown[]) : [];
    const type = typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind as Kind] : undefined;
    if (!type || !Number.isSafeInteger(offset) || !Number.isSafeInteger(length))
      throw new TypeError('bad reference to an array');
    const from = offset as number;
    const byteLength = (length as number) * type.BYTES_PER_ELEMENT;
    if (from < 0 || byteLength < 0 || from + byteLength > this.#bytes.length)
      throw new RangeError('array outside the message');
    this.#left -= byteLength;
    if (this.#left < 0) throw new RangeError('arrays longer than the message');
    // not `slice`: that of a Node Buffer copies nothing
    const copy = new Uint8Array(byteLength);
    copy.set(this.#bytes.subarray(from, from + byteLength));
    return new type(copy.buffer);
  }
}
