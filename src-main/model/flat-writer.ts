import { BugError } from '../base/errors.ts';

/**
 * Writes a FlatBuffer from a tree (flatbuffers.dev/internals): parents first, children behind them, every table with
 * its own vtable. The same tree gives the same bytes.
 */
export type FlatValue =
  | { readonly kind: 'i8' | 'u8' | 'bool' | 'i32' | 'u32' | 'f32' | 'u64'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'i32s' | 'f32s'; readonly value: readonly number[] }
  | { readonly kind: 'i64s'; readonly value: readonly number[] }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'table'; readonly value: FlatNode }
  | { readonly kind: 'tables'; readonly value: readonly FlatNode[] };

/** Field number in the schema → value. */
export type FlatNode = ReadonlyMap<number, FlatValue>;

export function flatTable(fields: Readonly<Record<number, FlatValue | null>>): FlatNode {
  const entries = Object.entries(fields).map(([k, v]) => [Number(k), v] as const);
  return new Map(entries.filter((e): e is [number, FlatValue] => e[1] !== null));
}

export const i8 = (value: number): FlatValue => ({ kind: 'i8', value });
export const u8 = (value: number): FlatValue => ({ kind: 'u8', value });
export const bool = (value: boolean): FlatValue => ({ kind: 'bool', value: value ? 1 : 0 });
export const i32 = (value: number): FlatValue => ({ kind: 'i32', value });
export const u32 = (value: number): FlatValue => ({ kind: 'u32', value });
export const f32 = (value: number): FlatValue => ({ kind: 'f32', value });
export const string = (value: string): FlatValue => ({ kind: 'string', value });
export const i32s = (value: readonly number[]): FlatValue => ({ kind: 'i32s', value });
export const f32s = (value: readonly number[]): FlatValue => ({ kind: 'f32s', value });
export const i64s = (value: readonly number[]): FlatValue => ({ kind: 'i64s', value });
export const bytes = (value: Uint8Array): FlatValue => ({ kind: 'bytes', value });
export const table = (value: FlatNode): FlatValue => ({ kind: 'table', value });
export const tables = (value: readonly FlatNode[]): FlatValue => ({ kind: 'tables', value });

/** The schema asks for 16-byte alignment of every tensor buffer. */
const BYTES_ALIGN = 16;

function slotBytes(value: FlatValue): number {
  if (value.kind === 'u64') return 8;
  return ['i8', 'u8', 'bool'].includes(value.kind) ? 1 : 4;
}

/** Grows by doubling; positions are stable, the buffer is not. */
class Sink {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  size = 0;

  /** Pads so that `at` behind `skip` further bytes is a multiple of `align`. */
  align(align: number, skip = 0): void {
    while ((this.size + skip) % align !== 0) this.reserve(1);
  }

  reserve(count: number): number {
    const at = this.size;
    this.size += count;
    if (this.size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.size, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  get view(): DataView {
    return this.#view;
  }

  put(at: number, from: Uint8Array): void {
    this.#bytes.set(from, at);
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.size);
  }
}

/** The bytes of a file with `root` and a four-letter identifier. */
export function writeFlatBuffer(root: FlatNode, identifier: string): Uint8Array {
  if (identifier.length !== 4) throw new BugError(`identifier ${identifier}`);
  const sink = new Sink();
  sink.reserve(8);
  sink.put(4, new TextEncoder().encode(identifier));
  refer(sink, 0, { kind: 'table', value: root });
  sink.align(BYTES_ALIGN);
  return sink.done();
}

/** Writes `value` behind everything there is and stores the offset to it at `slot`. */
function refer(sink: Sink, slot: number, value: FlatValue): void {
  const at = writeChild(sink, value);
  sink.view.setUint32(slot, at - slot, true);
}

function writeChild(sink: Sink, value: FlatValue): number {
  switch (value.kind) {
    case 'table':
      return writeTable(sink, value.value);
    case 'tables':
      return writeVector(sink, value.value.length, 4, (at) =>
        value.value.forEach((node, i) => refer(sink, at + 4 * i, { kind: 'table', value: node })),
      );
    case 'string': {
      const text = new TextEncoder().encode(value.value);
      const at = writeVector(sink, text.length, 1, (start) => sink.put(start, text));
      sink.reserve(1);
      return at;
    }
    case 'bytes':
      return writeVector(sink, value.value.length, 1, (at) => sink.put(at, value.value), BYTES_ALIGN);
    case 'i32s':
      return writeVector(sink, value.value.length, 4, (at) =>
        value.value.forEach((x, i) => sink.view.setInt32(at + 4 * i, x, true)),
      );
    case 'f32s':
      return writeVector(sink, value.value.length, 4, (at) =>
        value.value.forEach((x, i) => sink.view.setFloat32(at + 4 * i, x, true)),
      );
    case 'i64s':
      return writeVector(sink, value.value.length, 8, (at) =>
        value.value.forEach((x, i) => sink.view.setBigInt64(at + 8 * i, BigInt(x), true)),
      );
    default:
      throw new BugError(`${value.kind} is not a child`);
  }
}

function writeVector(
  sink: Sink,
  length: number,
  elementBytes: number,
  fill: (at: number) => void,
  align = Math.max(4, elementBytes),
): number {
  sink.align(align, 4);
  const at = sink.reserve(4 + length * elementBytes);
  sink.view.setUint32(at, length, true);
  fill(at + 4);
  return at;
}

function writeTable(sink: Sink, node: FlatNode): number {
  const fields = [...node].sort((a, b) => slotBytes(b[1]) - slotBytes(a[1]) || a[0] - b[0]);
  const vtableBytes = 4 + 2 * (Math.max(-1, ...node.keys()) + 1);
  // the widest fields come first, right behind the table's own four bytes
  const widest = fields[0] ? slotBytes(fields[0][1]) : 4;
  sink.align(Math.max(4, widest), vtableBytes + 4);
  const vtable = sink.reserve(vtableBytes);
  const at = sink.reserve(4 + fields.reduce((sum, [, v]) => sum + slotBytes(v), 0));
  sink.view.setUint16(vtable, vtableBytes, true);
  sink.view.setUint16(vtable + 2, sink.size - at, true);
  sink.view.setInt32(at, at - vtable, true);
  let slot = at + 4;
  const children: [number, FlatValue][] = [];
  for (const [field, value] of fields) {
    sink.view.setUint16(vtable + 4 + 2 * field, slot - at, true);
    if (!writeScalar(sink.view, slot, value)) children.push([slot, value]);
    slot += slotBytes(value);
  }
  for (const [where, value] of children) refer(sink, where, value);
  return at;
}

/** False when the value is not a scalar. */
function writeScalar(view: DataView, at: number, value: FlatValue): boolean {
  if (value.kind === 'i8') view.setInt8(at, value.value);
  else if (value.kind === 'u8' || value.kind === 'bool') view.setUint8(at, value.value);
  else if (value.kind === 'i32') view.setInt32(at, value.value, true);
  else if (value.kind === 'u32') view.setUint32(at, value.value, true);
  else if (value.kind === 'f32') view.setFloat32(at, value.value, true);
  else if (value.kind === 'u64') view.setBigUint64(at, BigInt(value.value), true);
  else return false;
  return true;
}
