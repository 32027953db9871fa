/** Programs laid down by hand, so that the engine is tested without the compiler. */
import {
  DType,
  Granularity,
  Memory,
  OpRecordBytes,
  Packing,
  ProgramHeaderBytes,
  ScaleKind,
  TensorRecordBytes,
  writeOpRecord,
  writeProgramHeader,
  writeTensorRecord,
} from '../../../src-main/abi/generated.ts';
import { ABI_VERSION, PROGRAM_MAGIC } from '../../../src-main/abi/generated.ts';
import { crc32 } from '../../../src-main/base/crc.ts';

export interface HandTensor {
  readonly elements: number;
  readonly dtype?: DType;
}

export interface HandOp {
  readonly opcode: number;
  readonly kernel: number;
  /** Indices into `tensors`. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly scratchBytes?: number;
  readonly paramsBytes: number;
  /** Writes the parameter block; `constant` places bytes in the Program and returns their offset. */
  params(view: DataView, at: number, constant: (bytes: ArrayBufferView) => number): void;
}

export interface HandProgram {
  readonly tensors: readonly HandTensor[];
  readonly ops: readonly HandOp[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

const align16 = (n: number): number => Math.ceil(n / 16) * 16;
const sizes: Partial<Record<DType, number>> = { [DType.Int16]: 2, [DType.Int32]: 4, [DType.Float32]: 4 };

/** Every tensor has its own place in the arena, scratch behind them. */
export function handProgram(model: HandProgram): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(1 << 20);
  const view = new DataView(bytes.buffer);
  let end = ProgramHeaderBytes;
  const take = (count: number): number => {
    const at = end;
    end = align16(at + count);
    return at;
  };
  const constant = (data: ArrayBufferView): number => {
    const at = take(data.byteLength);
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    return at;
  };
  let arena = 0;
  const tensorsOffset = take(model.tensors.length * TensorRecordBytes);
  for (const [i, t] of model.tensors.entries()) {
    const dtype = t.dtype ?? DType.Int8;
    const size = sizes[dtype] ?? 1;
    writeTensorRecord(view, tensorsOffset + i * TensorRecordBytes, {
      dtype,
      bits: 8 * size,
      packing: Packing.Plain,
      scaleKind: ScaleKind.Float,
      granularity: Granularity.PerTensor,
      channelAxis: 0,
      rank: 1,
      memory: Memory.Arena,
      dims: [t.elements, 1, 1, 1, 1],
      offset: arena,
      bytes: t.elements * size,
      scale: 1,
      zeroPoint: 0,
      scalesOffset: 0,
      scaleLog2: 0,
    });
    arena = align16(arena + t.elements * size);
  }
  const io = constant(Uint16Array.from([...model.inputs, ...model.outputs]));
  const opsOffset = take(model.ops.length * OpRecordBytes);
  for (const [i, op] of model.ops.entries()) {
    const paramsOffset = take(op.paramsBytes);
    op.params(view, paramsOffset, constant);
    writeOpRecord(view, opsOffset + i * OpRecordBytes, {
      opcode: op.opcode,
      kernel: op.kernel,
      inputCount: op.inputs.length,
      outputCount: op.outputs.length,
      flags: 0,
      ioOffset: constant(Uint16Array.from([...op.inputs, ...op.outputs])),
      paramsOffset,
      paramsBytes: op.paramsBytes,
      scratchOffset: arena,
      scratchBytes: op.scratchBytes ?? 0,
      macs: 0,
      sourceIndex: i,
      reserved: 0,
    });
  }
  arena = align16(arena + Math.max(0, ...model.ops.map((op) => op.scratchBytes ?? 0)));
  writeProgramHeader(view, 0, {
    magic: PROGRAM_MAGIC,
    abiVersion: ABI_VERSION,
    headerBytes: ProgramHeaderBytes,
    totalBytes: end,
    crc32: 0,
    modelSha256: new Array<number>(32).fill(0),
    arenaBytes: arena,
    lowerBoundBytes: 0,
    tensorCount: model.tensors.length,
    opCount: model.ops.length,
    inputCount: model.inputs.length,
    outputCount: model.outputs.length,
    tensorsOffset,
    opsOffset,
    ioOffset: io,
    constsOffset: 0,
    constsBytes: 0,
    namesOffset: 0,
    namesBytes: 0,
    macs: 0,
    flags: 0,
    copiesOffset: 0,
    copyCount: 0,
    pinnedOffset: 0,
    estimatesOffset: 0,
    statesOffset: 0,
    stateCount: 0,
    reserved: [],
  });
  return sealed(bytes.slice(0, end));
}

/** The Program with its CRC made right again, in place. */
export function sealed(program: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const view = new DataView(program.buffer);
  const total = Math.min(view.getUint32(8, true), program.length);
  view.setUint32(12, crc32(program.subarray(16, total)), true);
  return program;
}
