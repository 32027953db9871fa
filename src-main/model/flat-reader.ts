import { fail, type Failure, type FactValue } from '../base/errors.ts';

/**
 * A bounds-checked walker over one FlatBuffer (flatbuffers.dev/internals). Errors are sticky: the first thing that
 * is wrong is kept in `failure`, from then on every read gives 0 or nothing, so a caller may read a whole table and
 * look at `failure` once. Nothing is read outside the bytes, nothing is copied but what is asked for, and `budget`
 * bounds the work: a small file cannot make many tables of one shared one.
 */
export class FlatReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #budget: number;
  #failure: Failure | null = null;

  constructor(bytes: Uint8Array) {
    // a Node Buffer would hand out Buffers, whose slice() does not copy
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // An honest file has each byte read about once; builders that share equal vectors stay far below 16 times.
    this.#budget = 65_536 + 16 * bytes.length;
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  refuse(id: string, facts: Readonly<Record<string, FactValue>>, cause: string, next: string): void {
    this.#failure ??= fail(id, facts, cause, next);
  }

  /** Accounts for `bytes` of work; false once anything is wrong. */
  spend(bytes: number): boolean {
    if (this.#failure) return false;
    this.#budget -= bytes;
    if (this.#budget < 0)
      this.refuse(
        'model.too-much-work',
        { fileBytes: this.bytes.length },
        'The file refers to the same parts so often that reading it takes far more work than its size.',
        'Convert the model again; the file is damaged or made to do harm.',
      );
    return this.#failure === null;
  }

  /** Whether [at, at + size) lies in the file; records `model.truncated` when not. */
  inside(at: number, size: number): boolean {
    if (this.#failure) return false;
    if (at >= 0 && size >= 0 && at + size <= this.bytes.length) return true;
    this.refuse(
      'model.truncated',
      { at, size, fileBytes: this.bytes.length },
      'The file refers to bytes beyond its end: it was cut off or damaged.',
      'Copy or download the model again and compare its size with the original.',
    );
    return false;
  }

  badOffset(at: number, what: string): void {
    this.refuse(
      'model.bad-offset',
      { at, what },
      'The file is damaged: an offset in it points to something that is not there.',
      'Copy or convert the model again.',
    );
  }

  u8(at: number): number {
    return this.inside(at, 1) ? this.#view.getUint8(at) : 0;
  }
  i8(at: number): number {
    return this.inside(at, 1) ? this.#view.getInt8(at) : 0;
  }
  u16(at: number): number {
    return this.inside(at, 2) ? this.#view.getUint16(at, true) : 0;
  }
  i32(at: number): number {
    return this.inside(at, 4) ? this.#view.getInt32(at, true) : 0;
  }
  u32(at: number): number {
    return this.inside(at, 4) ? this.#view.getUint32(at, true) : 0;
  }
  f32(at: number): number {
    return this.inside(at, 4) ? this.#view.getFloat32(at, true) : 0;
  }
  u64(at: number): bigint {
    return this.inside(at, 8) ? this.#view.getBigUint64(at, true) : 0n;
  }
  i64(at: number): bigint {
    return this.inside(at, 8) ? this.#view.getBigInt64(at, true) : 0n;
  }

  /** Follows the unsigned offset stored at `at`. */
  follow(at: number): number {
    const offset = this.u32(at);
    if (this.#failure) return 0;
    if (offset === 0) this.badOffset(at, 'reference');
    return this.inside(at + offset, 4) ? at + offset : 0;
  }

  /** The table at `at`, its vtable checked; null once anything is wrong. */
  table(at: number): FlatTable | null {
    if (!this.spend(16)) return null;
    const vtable = at - this.i32(at);
    if (this.#failure || !this.inside(vtable, 4)) return null;
    const vtableBytes = this.u16(vtable);
    const tableBytes = this.u16(vtable + 2);
    if (vtableBytes < 4 || vtableBytes % 2 !== 0 || tableBytes < 4) {
      this.badOffset(at, 'vtable');
      return null;
    }
    if (!this.inside(vtable, vtableBytes) || !this.inside(at, tableBytes)) return null;
    return new FlatTable(this, at, vtable, vtableBytes, tableBytes);
  }

  root(): FlatTable | null {
    return this.table(this.follow(0));
  }
}

/** Names in real models have a few hundred characters; more says nothing and costs memory. */
const LONGEST_STRING = 1024;

const utf8 = new TextDecoder('utf-8', { fatal: false });

/** One table. Fields go by their number in the schema. */
export class FlatTable {
  readonly reader: FlatReader;
  readonly #at: number;
  readonly #vtable: number;
  readonly #vtableBytes: number;
  readonly #tableBytes: number;

  constructor(reader: FlatReader, at: number, vtable: number, vtableBytes: number, tableBytes: number) {
    this.reader = reader;
    this.#at = at;
    this.#vtable = vtable;
    this.#vtableBytes = vtableBytes;
    this.#tableBytes = tableBytes;
  }

  /** A table without fields: every read gives its default. */
  static empty(reader: FlatReader): FlatTable {
    return new FlatTable(reader, 0, 0, 4, 4);
  }

  has(field: number): boolean {
    return this.#slot(field, 1) >= 0;
  }
  u8(field: number, otherwise = 0): number {
    const at = this.#slot(field, 1);
    return at < 0 ? otherwise : this.reader.u8(at);
  }
  i8(field: number, otherwise = 0): number {
    const at = this.#slot(field, 1);
    return at < 0 ? otherwise : this.reader.i8(at);
  }
  i32(field: number, otherwise = 0): number {
    const at = this.#slot(field, 4);
    return at < 0 ? otherwise : this.reader.i32(at);
  }
  u32(field: number, otherwise = 0): number {
    const at = this.#slot(field, 4);
    return at < 0 ? otherwise : this.reader.u32(at);
  }
  f32(field: number, otherwise = 0): number {
    const at = this.#slot(field, 4);
    return at < 0 ? otherwise : this.reader.f32(at);
  }
  u64(field: number): bigint {
    const at = this.#slot(field, 8);
    return at < 0 ? 0n : this.reader.u64(at);
  }

  table(field: number): FlatTable | null {
    const at = this.#slot(field, 4);
    return at < 0 ? null : this.reader.table(this.reader.follow(at));
  }

  /** The tables of a vector of tables. */
  tables(field: number): FlatTable[] {
    const { at, length } = this.#vector(field, 4);
    const out: FlatTable[] = [];
    for (let i = 0; i < length; i++) {
      const table = this.reader.table(this.reader.follow(at + 4 * i));
      if (!table) return out;
      out.push(table);
    }
    return out;
  }

  /** How many elements of `elementBytes` a vector has; 0 when absent. */
  count(field: number, elementBytes: number): number {
    return this.#vector(field, elementBytes, false).length;
  }

  /** null when the field is absent. */
  i32s(field: number): number[] | null {
    if (!this.has(field)) return null;
    const { at, length } = this.#vector(field, 4);
    return Array.from({ length }, (_, i) => this.reader.i32(at + 4 * i));
  }

  f32s(field: number): number[] | null {
    if (!this.has(field)) return null;
    const { at, length } = this.#vector(field, 4);
    return Array.from({ length }, (_, i) => this.reader.f32(at + 4 * i));
  }

  i64s(field: number): bigint[] | null {
    if (!this.has(field)) return null;
    const { at, length } = this.#vector(field, 8);
    return Array.from({ length }, (_, i) => this.reader.i64(at + 8 * i));
  }

  /** A view of a byte vector; null when absent. */
  bytes(field: number): Uint8Array | null {
    if (!this.has(field)) return null;
    const { at, length } = this.#vector(field, 1, false);
    return this.reader.bytes.subarray(at, at + length);
  }

  /** UTF-8 with replacement characters, cut at 1024 bytes; '' when absent. */
  string(field: number): string {
    const { at, length } = this.#vector(field, 1, false);
    const kept = Math.min(length, LONGEST_STRING);
    if (!this.reader.spend(kept)) return '';
    return utf8.decode(this.reader.bytes.subarray(at, at + kept));
  }

  /** Absolute position of a field of `size` bytes; −1 when absent or wrong. */
  #slot(field: number, size: number): number {
    if (this.reader.failure) return -1;
    const entry = 4 + 2 * field;
    if (entry + 2 > this.#vtableBytes) return -1;
    const offset = this.reader.u16(this.#vtable + entry);
    if (offset === 0) return -1;
    if (offset < 4 || offset + size > this.#tableBytes) {
      this.reader.badOffset(this.#at, `field ${field}`);
      return -1;
    }
    return this.#at + offset;
  }

  /** Start of the elements and their number, all inside the file; `charge` when they will be read one by one. */
  #vector(field: number, elementBytes: number, charge = true): { at: number; length: number } {
    const none = { at: 0, length: 0 };
    const slot = this.#slot(field, 4);
    if (slot < 0) return none;
    const at = this.reader.follow(slot);
    const length = this.reader.u32(at);
    if (this.reader.failure || !this.reader.inside(at + 4, length * elementBytes)) return none;
    if (charge && !this.reader.spend(length * elementBytes)) return none;
    return { at: at + 4, length };
  }
}
