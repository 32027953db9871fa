import {
  ABI_VERSION,
  CopyRecordBytes,
  Memory,
  OpEstimateBytes,
  OpRecordBytes,
  PROGRAM_ALIGN,
  PROGRAM_MAGIC,
  ProgramHeaderBytes,
  TensorRecordBytes,
  StateRecordBytes,
  readCopyRecord,
  readStateRecord,
  readOpEstimate,
  readOpRecord,
  readProgramHeader,
  readTensorRecord,
  type CopyRecord,
  type OpEstimate,
  type ProgramHeader,
  type TensorRecord,
} from '../abi/generated.ts';
import { crc32 } from '../base/crc.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { ArenaPlan, PlannedOp, Program } from './program.ts';

const CRC_FROM = 16;
const ABSENT = 0xffff;

/** The tables of a Program blob, every offset and count checked; the opposite of `compile`. */
export function decodeProgram(blob: Uint8Array): Result<Program> {
  // a Node Buffer would hand out Buffers, whose slice() does not copy
  const bytes = new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const opened = openHeader(bytes, view);
  if (!opened.ok) return opened;
  const header = opened.value;
  const reader = new Sections(bytes.subarray(0, header.totalBytes), header);
  const tensors = reader.tensors();
  const names = reader.names();
  const ops = reader.ops(tensors.length, names.slice(1));
  const inputs = reader.indices(header.ioOffset, header.inputCount, tensors.length);
  const outputs = reader.indices(header.ioOffset + 2 * header.inputCount, header.outputCount, tensors.length);
  const copies = reader.copies();
  reader.states();
  if (reader.failure) return reader.failure;
  return ok({
    bytes: bytes.subarray(0, header.totalBytes),
    header,
    tensors,
    ops,
    inputs,
    outputs,
    copies,
    modelName: names[0] ?? '',
    programHash: header.crc32.toString(16).padStart(8, '0'),
    plan: planOf(header),
  });
}

function planOf({ arenaBytes, lowerBoundBytes, copyCount, pinnedOffset }: ProgramHeader): ArenaPlan {
  const copiedBytes = copyCount === 0 ? 0 : arenaBytes - pinnedOffset;
  return {
    arenaBytes: arenaBytes - copiedBytes,
    lowerBoundBytes: lowerBoundBytes - copiedBytes,
    copiedBytes,
  };
}

function refuse(id: string, facts: Record<string, number | string>, cause: string): Failure {
  return fail(id, facts, cause, 'Compile the model again.');
}

function openHeader(bytes: Uint8Array, view: DataView): Result<ProgramHeader> {
  if (bytes.length < ProgramHeaderBytes)
    return refuse('compile.program-truncated', { bytes: bytes.length }, 'This is too short to be a Program.');
  const header = readProgramHeader(view, 0);
  const { magic, abiVersion, totalBytes } = header;
  if (magic !== PROGRAM_MAGIC) return refuse('compile.not-a-program', { magic }, 'This is not a Program.');
  if (abiVersion !== ABI_VERSION)
    return refuse(
      'compile.program-version',
      { abiVersion, known: ABI_VERSION },
      'The Program is of another version.',
    );
  if (totalBytes > bytes.length)
    return refuse(
      'compile.program-truncated',
      { bytes: bytes.length, totalBytes },
      'The Program was cut off.',
    );
  if (
    totalBytes < ProgramHeaderBytes ||
    totalBytes % PROGRAM_ALIGN !== 0 ||
    header.headerBytes !== ProgramHeaderBytes
  )
    return refuse('compile.program-layout', { what: 'header', totalBytes }, 'The Program is damaged.');
  const crc = crc32(bytes.subarray(CRC_FROM, totalBytes));
  if (crc !== header.crc32)
    return refuse(
      'compile.program-crc',
      { crc, expected: header.crc32 },
      'The Program is damaged: its CRC does not match.',
    );
  return ok(header);
}

/** Reads the sections; the first thing wrong is kept and everything after it is empty. */
class Sections {
  failure: Failure | null = null;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #header: ProgramHeader;

  constructor(bytes: Uint8Array, header: ProgramHeader) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#header = header;
  }

  /** Tensors and scratch lie below the copies of constants. */
  get #tensorArenaBytes(): number {
    return this.#header.copyCount === 0 ? this.#header.arenaBytes : this.#header.pinnedOffset;
  }

  /** Whether [at, at + size) lies behind the header, inside the Program, and starts at a multiple of `align`. */
  #inside(what: string, at: number, size: number, align: number = PROGRAM_ALIGN): boolean {
    const right = at >= ProgramHeaderBytes && at % align === 0 && at + size <= this.#bytes.length;
    if (!right)
      this.failure ??= refuse('compile.program-layout', { what, at, size }, 'The Program is damaged.');
    return right && this.failure === null;
  }

  tensors(): TensorRecord[] {
    const { tensorsOffset, tensorCount } = this.#header;
    if (!this.#inside('tensors', tensorsOffset, tensorCount * TensorRecordBytes)) return [];
    const all = Array.from({ length: tensorCount }, (_, i) =>
      readTensorRecord(this.#view, tensorsOffset + i * TensorRecordBytes),
    );
    all.forEach((t, i) => this.#checkTensor(t, i));
    return this.failure ? [] : all;
  }

  #checkTensor(t: TensorRecord, i: number): void {
    const elements = t.dims.slice(0, t.rank).reduce((n, d) => n * d, 1);
    const sized =
      t.rank <= t.dims.length &&
      t.dims.every((d) => d >= 1) &&
      t.bytes === Math.ceil((elements * t.bits) / 8);
    const placed =
      t.memory === Memory.Arena
        ? t.offset % PROGRAM_ALIGN === 0 && t.offset + t.bytes <= this.#tensorArenaBytes
        : t.memory === Memory.Const && this.#inside(`tensor ${i}`, t.offset, t.bytes);
    if (!sized || !placed)
      this.failure ??= refuse(
        'compile.program-layout',
        { what: `tensor ${i}`, at: t.offset, size: t.bytes },
        'The Program is damaged.',
      );
  }

  ops(tensorCount: number, names: readonly string[]): PlannedOp[] {
    const { opsOffset, opCount } = this.#header;
    if (!this.#inside('operators', opsOffset, opCount * OpRecordBytes)) return [];
    const estimates = this.#estimates();
    const all: PlannedOp[] = [];
    for (let i = 0; i < opCount && !this.failure; i++) {
      const op = readOpRecord(this.#view, opsOffset + i * OpRecordBytes);
      this.#inside(`parameters of operator ${i}`, op.paramsOffset, op.paramsBytes);
      if (
        op.scratchOffset % PROGRAM_ALIGN !== 0 ||
        op.scratchOffset + op.scratchBytes > this.#tensorArenaBytes
      )
        this.failure ??= refuse(
          'compile.program-layout',
          { what: `scratch of operator ${i}`, at: op.scratchOffset, size: op.scratchBytes },
          'The Program is damaged.',
        );
      const inputs = this.indices(op.ioOffset, op.inputCount, tensorCount, true);
      const outputs = this.indices(op.ioOffset + 2 * op.inputCount, op.outputCount, tensorCount);
      all.push({ ...op, name: names[i] ?? '', estimate: estimates[i] ?? null, inputs, outputs });
    }
    return all;
  }

  #estimates(): OpEstimate[] {
    const { estimatesOffset, opCount } = this.#header;
    if (estimatesOffset === 0) return [];
    if (!this.#inside('estimates', estimatesOffset, opCount * OpEstimateBytes)) return [];
    return Array.from({ length: opCount }, (_, i) =>
      readOpEstimate(this.#view, estimatesOffset + i * OpEstimateBytes),
    );
  }

  /** They fill the end of the arena without a gap. */
  copies(): CopyRecord[] {
    const { copiesOffset, copyCount, pinnedOffset, arenaBytes } = this.#header;
    if (copyCount === 0 || !this.#inside('copies', copiesOffset, copyCount * CopyRecordBytes)) return [];
    const all = Array.from({ length: copyCount }, (_, i) =>
      readCopyRecord(this.#view, copiesOffset + i * CopyRecordBytes),
    );
    let end = pinnedOffset;
    for (const { from, to, bytes } of all) {
      const placed = to === end && bytes % PROGRAM_ALIGN === 0 && this.#inside('copy', from, bytes);
      end = placed ? end + bytes : -1;
    }
    if (end !== arenaBytes)
      this.failure ??= refuse(
        'compile.program-layout',
        { what: 'copies', at: pinnedOffset, size: arenaBytes },
        'The Program is damaged.',
      );
    return all;
  }

  /** Only that they lie inside; the engine alone reads them. */
  states(): void {
    const { statesOffset, stateCount, arenaBytes } = this.#header;
    if (stateCount === 0 || !this.#inside('states', statesOffset, stateCount * StateRecordBytes)) return;
    for (let i = 0; i < stateCount; i++) {
      const s = readStateRecord(this.#view, statesOffset + i * StateRecordBytes);
      const initial = s.initialOffset === 0 || this.#inside('state', s.initialOffset, s.bytes);
      if (!initial || s.offset + s.bytes <= arenaBytes) continue;
      this.failure ??= refuse(
        'compile.program-layout',
        { what: 'states', at: s.offset, size: arenaBytes },
        'The Program is damaged.',
      );
    }
  }

  indices(at: number, count: number, tensorCount: number, optional = false): number[] {
    if (!this.#inside('tensor indices', at, 2 * count, 2)) return [];
    const all = Array.from({ length: count }, (_, i) => this.#view.getUint16(at + 2 * i, true));
    const wrong = all.find((t) => t >= tensorCount && !(optional && t === ABSENT));
    if (wrong !== undefined)
      this.failure ??= refuse(
        'compile.program-layout',
        { what: 'tensor index', at, size: wrong },
        'The Program is damaged.',
      );
    return all;
  }

  names(): string[] {
    const { namesOffset, namesBytes, opCount } = this.#header;
    if (namesOffset === 0 || !this.#inside('names', namesOffset, namesBytes)) return [];
    const text = new TextDecoder().decode(this.#bytes.subarray(namesOffset, namesOffset + namesBytes));
    return text.split('\0').slice(0, opCount + 1);
  }
}
