import { DType, InputEncoding, ResultKind, ScaleKind, type TensorRecord } from '../abi/generated.ts';
import { fail, ok, type Result } from '../base/errors.ts';

/**
 * The host's side of what the firmware's harness does around an inference: data-set bytes → tensor bytes, and tensor
 * bytes → the scores that `m-results` prints. Written from PROTOCOLS §1 and docs/mj-commands.md; float arithmetic is
 * single precision, as on the device.
 */

const { fround } = Math;

interface IntegerType {
  readonly bytes: number;
  readonly low: number;
  readonly high: number;
}

const integers = new Map<number, IntegerType>([
  [DType.Int8, { bytes: 1, low: -128, high: 127 }],
  [DType.UInt8, { bytes: 1, low: 0, high: 255 }],
  [DType.Int16, { bytes: 2, low: -32768, high: 32767 }],
]);

const elementBytes = (t: TensorRecord): number => integers.get(t.dtype)?.bytes ?? 4;
const elementsOf = (t: TensorRecord): number => t.bytes / elementBytes(t);
const scaleOf = (t: TensorRecord): number =>
  t.scaleKind === ScaleKind.PowerOfTwo ? 2 ** t.scaleLog2 : fround(t.scale);

/** Bytes of one input in the model's own encoding. */
export function encodedBytes(inputs: readonly TensorRecord[], encoding: InputEncoding): number {
  return inputs.reduce((n, t) => n + (encoding === InputEncoding.Float32 ? 4 * elementsOf(t) : t.bytes), 0);
}

function roundHalfAway(x: number): number {
  return x < 0 ? -Math.floor(-x + 0.5) : Math.floor(x + 0.5);
}

function quantizeInto(t: TensorRecord, from: DataView, at: number, to: DataView): Result<void> {
  const kind = integers.get(t.dtype);
  for (let i = 0; i < elementsOf(t); i++) {
    const x = from.getFloat32(at + 4 * i, true);
    if (!kind) {
      to.setFloat32(4 * i, x, true);
      continue;
    }
    if (Number.isNaN(x))
      return fail(
        'dataset.not-a-number',
        { element: i },
        'The input holds a NaN, which no integer stands for.',
        'Repair the file.',
      );
    const steps = Math.min(8388608, Math.max(-8388608, roundHalfAway(fround(x / scaleOf(t)))));
    const q = Math.min(kind.high, Math.max(kind.low, steps + t.zeroPoint));
    if (kind.bytes === 2) to.setInt16(2 * i, q, true);
    else to.setUint8(i, q & 0xff);
  }
  return ok();
}

/** One input in the model's own encoding → the bytes of every input tensor. `dataset.input-size` when the length is wrong. */
export function tensorsOf(
  input: Uint8Array,
  inputs: readonly TensorRecord[],
  encoding: InputEncoding,
): Result<Uint8Array[]> {
  const expected = encodedBytes(inputs, encoding);
  if (input.length !== expected)
    return fail(
      'dataset.input-size',
      { bytes: input.length, expected },
      'The input is not of the length this model takes in its own encoding.',
      'Check that the file belongs to this model.',
    );
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const out: Uint8Array[] = [];
  let at = 0;
  for (const t of inputs) {
    if (encoding === InputEncoding.Float32) {
      const bytes = new Uint8Array(t.bytes);
      const done = quantizeInto(t, view, at, new DataView(bytes.buffer));
      if (!done.ok) return done;
      out.push(bytes);
      at += 4 * elementsOf(t);
      continue;
    }
    const bytes = input.slice(at, at + t.bytes);
    if (encoding === InputEncoding.UInt8Minus128) for (let i = 0; i < bytes.length; i++) bytes[i]! ^= 0x80;
    out.push(bytes);
    at += t.bytes;
  }
  return ok(out);
}

/** Real values of a tensor, single precision. */
export function dequantized(t: TensorRecord, bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const n = elementsOf(t);
  const out = new Float32Array(n);
  const scale = scaleOf(t);
  for (let i = 0; i < n; i++) {
    if (t.dtype === DType.Int8) out[i] = fround(scale * (view.getInt8(i) - t.zeroPoint));
    else if (t.dtype === DType.UInt8) out[i] = fround(scale * (view.getUint8(i) - t.zeroPoint));
    else if (t.dtype === DType.Int16) out[i] = fround(scale * (view.getInt16(2 * i, true) - t.zeroPoint));
    else if (t.dtype === DType.Int32)
      out[i] = fround(scale * fround(view.getInt32(4 * i, true) - t.zeroPoint));
    else out[i] = view.getFloat32(4 * i, true);
  }
  return out;
}

/** The integers (or floats) of a tensor as they are. */
export function rawValues(t: TensorRecord, bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: elementsOf(t) }, (_, i) => {
    if (t.dtype === DType.Int8) return view.getInt8(i);
    if (t.dtype === DType.UInt8) return view.getUint8(i);
    if (t.dtype === DType.Int16) return view.getInt16(2 * i, true);
    if (t.dtype === DType.Int32) return view.getInt32(4 * i, true);
    return view.getFloat32(4 * i, true);
  });
}

/** The values that `m-results-[…]` prints, before they are rounded to three decimals. */
export function printedScores(
  io: { readonly inputs: readonly TensorRecord[]; readonly outputs: readonly TensorRecord[] },
  encoding: InputEncoding,
  kind: ResultKind,
  input: Uint8Array,
  outputs: readonly Uint8Array[],
): number[] {
  const values = io.outputs.map((t, i) => dequantized(t, outputs[i]!));
  if (kind === ResultKind.Scores) return values.flatMap((v) => [...v]);
  const y = values[0]!;
  const x = inputValues(io.inputs[0]!, encoding, input);
  let sum = 0;
  for (let i = 0; i < y.length; i++) {
    const difference = fround(y[i]! - x[i]!);
    sum = fround(sum + fround(difference * difference));
  }
  return [fround(sum / y.length)];
}

function inputValues(t: TensorRecord, encoding: InputEncoding, input: Uint8Array): Float32Array {
  if (encoding === InputEncoding.Float32) return new Float32Array(input.slice(0, 4 * elementsOf(t)).buffer);
  const bytes = input.slice(0, t.bytes);
  if (encoding === InputEncoding.UInt8Minus128) for (let i = 0; i < bytes.length; i++) bytes[i]! ^= 0x80;
  return dequantized(t, bytes);
}
