import {
  ABI_VERSION,
  OpRecordBytes,
  PROGRAM_MAGIC,
  ProgramHeaderBytes,
  TensorRecordBytes,
  writeOpRecord,
  writeProgramHeader,
  writeTensorRecord,
  type OpRecord,
  type TensorRecord,
} from '../abi/generated.ts';
import { crc32 } from '../base/crc.ts';
import { alignUp } from './arena.ts';
import type { Lowered } from './kernel-record.ts';

/** A Program's contents before they have places. Tensor indices are the Program's. */
export interface ProgramParts {
  readonly modelName: string;
  /** 32 bytes. */
  readonly modelSha256: Uint8Array;
  readonly arenaBytes: number;
  readonly lowerBoundBytes: number;
  readonly flags: number;
  readonly tensors: readonly TensorPart[];
  readonly ops: readonly OpPart[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export interface TensorPart {
  readonly record: TensorRecord;
  /** Bytes of a constant; its record's offset is filled in. */
  readonly data: Uint8Array | null;
}

export interface OpPart {
  readonly name: string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly lowered: Lowered;
  readonly record: Pick<
    OpRecord,
    'opcode' | 'kernel' | 'macs' | 'sourceIndex' | 'scratchOffset' | 'scratchBytes'
  >;
}

/** Hands out places one after the other, each at a multiple of 16. */
class Layout {
  size = 0;
  take(bytes: number): number {
    const at = this.size;
    this.size = alignUp(at + bytes);
    return at;
  }
}

/** Constants with equal contents have one place. */
class ConstantPool {
  readonly #layout: Layout;
  readonly #places = new Map<string, { at: number; bytes: Uint8Array }[]>();
  constructor(layout: Layout) {
    this.#layout = layout;
  }

  place(bytes: Uint8Array): number {
    const key = `${bytes.length} ${crc32(bytes)}`;
    const same = this.#places.get(key) ?? [];
    const known = same.find((p) => p.bytes.every((b, i) => b === bytes[i]));
    if (known) return known.at;
    const at = this.#layout.take(bytes.length);
    this.#places.set(key, [...same, { at, bytes }]);
    return at;
  }

  *all(): Iterable<{ at: number; bytes: Uint8Array }> {
    for (const same of this.#places.values()) yield* same;
  }
}

/** Of the header's CRC field, and of the first byte it covers. */
const CRC_AT = 12;
const CRC_FROM = 16;

/** Where everything lies. */
interface Places {
  readonly totalBytes: number;
  readonly tensorsOffset: number;
  readonly opsOffset: number;
  readonly ioOffset: number;
  readonly paramsOffsets: readonly number[];
  readonly constsOffset: number;
  readonly constsBytes: number;
  readonly namesOffset: number;
  readonly tensorOffsets: readonly number[];
  /** One map an operator: constant's name → offset. */
  readonly constOffsets: readonly ReadonlyMap<string, number>[];
  readonly pool: ConstantPool;
}

function layOut(parts: ProgramParts, indexCount: number, namesBytes: number): Places {
  const layout = new Layout();
  layout.take(ProgramHeaderBytes);
  const tensorsOffset = layout.take(parts.tensors.length * TensorRecordBytes);
  const opsOffset = layout.take(parts.ops.length * OpRecordBytes);
  const ioOffset = layout.take(2 * indexCount);
  const paramsOffsets = parts.ops.map((op) => layout.take(op.lowered.paramsBytes));
  const constsOffset = layout.size;
  const pool = new ConstantPool(layout);
  const tensorOffsets = parts.tensors.map((t) => (t.data ? pool.place(t.data) : t.record.offset));
  const constOffsets = parts.ops.map((op) => placeConstants(op.lowered, pool));
  const constsBytes = layout.size - constsOffset;
  const namesOffset = layout.take(namesBytes);
  const sections = { tensorsOffset, opsOffset, ioOffset, constsOffset, constsBytes, namesOffset };
  return { totalBytes: layout.size, ...sections, paramsOffsets, tensorOffsets, constOffsets, pool };
}

/** The blob of docs/program-format.md. */
export function writeProgram(parts: ProgramParts): Uint8Array {
  const indices = indexTable(parts);
  const names = new TextEncoder().encode(
    [parts.modelName, ...parts.ops.map((o) => o.name)].map(withoutZero).join(''),
  );
  const places = layOut(parts, indices.table.length, names.length);
  const bytes = new Uint8Array(places.totalBytes);
  const view = new DataView(bytes.buffer);
  writeHeader(view, parts, places, names.length);
  parts.tensors.forEach((t, i) =>
    writeTensorRecord(view, places.tensorsOffset + i * TensorRecordBytes, {
      ...t.record,
      offset: places.tensorOffsets[i]!,
    }),
  );
  indices.table.forEach((t, i) => view.setUint16(places.ioOffset + 2 * i, t, true));
  parts.ops.forEach((op, i) => writeOperator(view, op, i, places, indices.starts[i]!));
  for (const { at, bytes: constant } of places.pool.all()) bytes.set(constant, at);
  bytes.set(names, places.namesOffset);
  view.setUint32(CRC_AT, crc32(bytes.subarray(CRC_FROM)), true);
  return bytes;
}

function writeHeader(view: DataView, parts: ProgramParts, places: Places, namesBytes: number): void {
  writeProgramHeader(view, 0, {
    magic: PROGRAM_MAGIC,
    abiVersion: ABI_VERSION,
    headerBytes: ProgramHeaderBytes,
    crc32: 0,
    modelSha256: [...parts.modelSha256],
    arenaBytes: parts.arenaBytes,
    tensorCount: parts.tensors.length,
    opCount: parts.ops.length,
    inputCount: parts.inputs.length,
    outputCount: parts.outputs.length,
    ...places,
    namesBytes,
    macs: parts.ops.reduce((n, op) => n + op.record.macs, 0),
    flags: parts.flags,
    lowerBoundBytes: parts.lowerBoundBytes,
    reserved: [],
  });
}

function writeOperator(view: DataView, op: OpPart, i: number, places: Places, firstIndex: number): void {
  const paramsOffset = places.paramsOffsets[i]!;
  writeOpRecord(view, places.opsOffset + i * OpRecordBytes, {
    ...op.record,
    inputCount: op.inputs.length,
    outputCount: op.outputs.length,
    flags: 0,
    ioOffset: places.ioOffset + 2 * firstIndex,
    paramsOffset,
    paramsBytes: op.lowered.paramsBytes,
    reserved: 0,
  });
  op.lowered.writeParams(view, paramsOffset, (name) => places.constOffsets[i]!.get(name) ?? 0);
}

/** The program's inputs and outputs first, then those of each operator. */
function indexTable(parts: ProgramParts): { table: number[]; starts: number[] } {
  const table = [...parts.inputs, ...parts.outputs];
  const starts = parts.ops.map(
    (op) => table.push(...op.inputs, ...op.outputs) - op.inputs.length - op.outputs.length,
  );
  return { table, starts };
}

function placeConstants(lowered: Lowered, pool: ConstantPool): Map<string, number> {
  return new Map(Object.entries(lowered.constants).map(([name, bytes]) => [name, pool.place(bytes)]));
}

function withoutZero(name: string): string {
  return `${name.replaceAll('\0', '')}\0`;
}
