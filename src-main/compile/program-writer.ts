import {
  ABI_VERSION,
  CopyRecordBytes,
  IN_ARENA,
  OpEstimateBytes,
  OpRecordBytes,
  PROGRAM_MAGIC,
  ProgramHeaderBytes,
  TensorRecordBytes,
  writeCopyRecord,
  writeOpEstimate,
  writeOpRecord,
  writeProgramHeader,
  StateRecordBytes,
  writeStateRecord,
  writeTensorRecord,
  type CopyRecord,
  type OpEstimate,
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
  /** Of tensors and scratch; copies of constants come behind. */
  readonly arenaBytes: number;
  readonly lowerBoundBytes: number;
  readonly flags: number;
  readonly tensors: readonly TensorPart[];
  readonly ops: readonly OpPart[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Variables that keep their value between inferences. */
  readonly states: readonly StatePart[];
}

export interface StatePart {
  /** In the arena. */
  readonly offset: number;
  readonly bytes: number;
  /** null: `fill` in every byte. */
  readonly initial: Uint8Array | null;
  readonly fill: number;
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
  /** Its constants are copied to the arena before the first inference. */
  readonly inRam: boolean;
  readonly estimate: OpEstimate;
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
  readonly copiesOffset: number;
  readonly copies: readonly CopyRecord[];
  readonly pinnedOffset: number;
  readonly estimatesOffset: number;
  readonly statesOffset: number;
  /** One a state; 0 = none. */
  readonly initialOffsets: readonly number[];
}

/** Copies of constants at the end of the arena, each content once. */
class Pinned {
  readonly copies: CopyRecord[] = [];
  #end: number;
  readonly #places = new Map<number, number>();

  constructor(start: number) {
    this.#end = start;
  }

  /** The offset a kernel is given for the constant at `from`. */
  place(from: number, bytes: number): number {
    const known = this.#places.get(from);
    if (known !== undefined) return (IN_ARENA | known) >>> 0;
    const to = this.#end;
    this.#end += alignUp(bytes);
    this.copies.push({ from, to, bytes: this.#end - to });
    this.#places.set(from, to);
    return (IN_ARENA | to) >>> 0;
  }
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
  const pinned = new Pinned(alignUp(parts.arenaBytes));
  const initialOffsets = parts.states.map((s) => (s.initial ? pool.place(s.initial) : 0));
  const constOffsets = parts.ops.map((op) => placeConstants(op, pool, pinned));
  const constsBytes = layout.size - constsOffset;
  const estimatesOffset = layout.take(parts.ops.length * OpEstimateBytes);
  const { copies } = pinned;
  const copiesOffset = copies.length > 0 ? layout.take(copies.length * CopyRecordBytes) : 0;
  const pinnedOffset = copies.length > 0 ? alignUp(parts.arenaBytes) : 0;
  const statesOffset = parts.states.length > 0 ? layout.take(parts.states.length * StateRecordBytes) : 0;
  const namesOffset = layout.take(namesBytes);
  const sections = { tensorsOffset, opsOffset, ioOffset, constsOffset, constsBytes, namesOffset };
  const behind = { estimatesOffset, copiesOffset, copies, pinnedOffset, statesOffset, initialOffsets };
  return {
    totalBytes: layout.size,
    ...sections,
    ...behind,
    ...{ paramsOffsets, tensorOffsets, constOffsets, pool },
  };
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
  places.copies.forEach((c, i) => writeCopyRecord(view, places.copiesOffset + i * CopyRecordBytes, c));
  parts.states.forEach(({ offset, bytes: size, fill }, i) =>
    writeStateRecord(view, places.statesOffset + i * StateRecordBytes, {
      ...{ offset, bytes: size, fill },
      initialOffset: places.initialOffsets[i]!,
    }),
  );
  parts.ops.forEach((op, i) =>
    writeOpEstimate(view, places.estimatesOffset + i * OpEstimateBytes, op.estimate),
  );
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
    arenaBytes: parts.arenaBytes + copiedBytes(places),
    tensorCount: parts.tensors.length,
    opCount: parts.ops.length,
    inputCount: parts.inputs.length,
    outputCount: parts.outputs.length,
    ...places,
    copyCount: places.copies.length,
    stateCount: parts.states.length,
    namesBytes,
    macs: parts.ops.reduce((n, op) => n + op.record.macs, 0),
    flags: parts.flags,
    lowerBoundBytes: parts.lowerBoundBytes + copiedBytes(places),
    reserved: [],
  });
}

function copiedBytes({ copies }: Places): number {
  return copies.reduce((n, c) => n + c.bytes, 0);
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

function placeConstants(op: OpPart, pool: ConstantPool, pinned: Pinned): Map<string, number> {
  return new Map(
    Object.entries(op.lowered.constants).map(([name, bytes]) => {
      const at = pool.place(bytes);
      return [name, op.inRam ? pinned.place(at, bytes.length) : at];
    }),
  );
}

function withoutZero(name: string): string {
  return `${name.replaceAll('\0', '')}\0`;
}
