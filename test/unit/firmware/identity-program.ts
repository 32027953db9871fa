/**
 * A Program made by hand, so that the harness is tested without the compiler: `layers` fully connected layers of
 * n units with identity weights and a multiplier of exactly one. Output = input; the input's place in the arena is
 * overwritten, so a harness that does not place it before every inference is caught.
 */
import {
  ABI_VERSION,
  DType,
  FullyConnectedParamsBytes,
  Granularity,
  Kernel,
  Memory,
  OpCode,
  OpRecordBytes,
  PROGRAM_MAGIC,
  Packing,
  ProgramHeaderBytes,
  ScaleKind,
  TensorRecordBytes,
  readOpRecord,
  readProgramHeader,
  readTensorRecord,
  writeFullyConnectedParams,
  writeOpRecord,
  writeProgramHeader,
  writeTensorRecord,
} from '../../../src-main/abi/generated.ts';
import { crc32 } from '../../../src-main/base/crc.ts';
import type { Program } from '../../../src-main/compile/program.ts';

const align16 = (n: number) => (n + 15) & ~15;

export interface IdentityOptions {
  readonly units: number;
  readonly layers: number;
  readonly scale: number;
  readonly zeroPoint: number;
}

export function identityProgram({ units, layers, scale, zeroPoint }: IdentityOptions): Program {
  const tensorsAt = ProgramHeaderBytes;
  const opsAt = align16(tensorsAt + (layers + 1) * TensorRecordBytes);
  const ioAt = align16(opsAt + layers * OpRecordBytes);
  const opIoAt = ioAt + 4;
  const paramsAt = align16(opIoAt + layers * 4);
  const weightsAt = align16(paramsAt + FullyConnectedParamsBytes);
  const multipliersAt = align16(weightsAt + units * units);
  const shiftsAt = multipliersAt + 4 * units;
  const total = align16(shiftsAt + 4 * units);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);

  for (let t = 0; t <= layers; t++)
    writeTensorRecord(view, tensorsAt + t * TensorRecordBytes, {
      dtype: DType.Int8,
      bits: 8,
      packing: Packing.Plain,
      scaleKind: ScaleKind.Float,
      granularity: Granularity.PerTensor,
      channelAxis: 0,
      rank: 2,
      memory: Memory.Arena,
      dims: [1, units, 1, 1, 1],
      offset: (t % 2) * align16(units),
      bytes: units,
      scale,
      zeroPoint,
      scalesOffset: 0,
      scaleLog2: 0,
    });
  for (let i = 0; i < layers; i++) {
    view.setUint16(opIoAt + 4 * i, i, true);
    view.setUint16(opIoAt + 4 * i + 2, i + 1, true);
    writeOpRecord(view, opsAt + i * OpRecordBytes, {
      opcode: OpCode.FullyConnected,
      kernel: Kernel.FullyConnectedS8,
      inputCount: 1,
      outputCount: 1,
      flags: 0,
      ioOffset: opIoAt + 4 * i,
      paramsOffset: paramsAt,
      paramsBytes: FullyConnectedParamsBytes,
      scratchOffset: 0,
      scratchBytes: 0,
      macs: units * units,
      sourceIndex: i,
      reserved: 0,
    });
  }
  view.setUint16(ioAt, 0, true);
  view.setUint16(ioAt + 2, layers, true);
  writeFullyConnectedParams(view, paramsAt, {
    batches: 1,
    inDepth: units,
    outDepth: units,
    inputOffset: -zeroPoint,
    filterOffset: 0,
    outputOffset: zeroPoint,
    actMin: -128,
    actMax: 127,
    weightsOffset: weightsAt,
    biasOffset: 0,
    multipliersOffset: multipliersAt,
    shiftsOffset: shiftsAt,
    reserved: [0, 0, 0, 0],
  });
  for (let u = 0; u < units; u++) {
    bytes[weightsAt + u * units + u] = 1;
    view.setInt32(multipliersAt + 4 * u, 0x4000_0000, true);
    view.setInt32(shiftsAt + 4 * u, 1, true);
  }
  const header = {
    ...readProgramHeader(new DataView(new ArrayBuffer(ProgramHeaderBytes)), 0),
    magic: PROGRAM_MAGIC,
    abiVersion: ABI_VERSION,
    headerBytes: ProgramHeaderBytes,
    totalBytes: total,
    modelSha256: Array.from({ length: 32 }, (_, i) => i),
    arenaBytes: 2 * align16(units),
    tensorCount: layers + 1,
    opCount: layers,
    inputCount: 1,
    outputCount: 1,
    tensorsOffset: tensorsAt,
    opsOffset: opsAt,
    ioOffset: ioAt,
    constsOffset: weightsAt,
    constsBytes: total - weightsAt,
    macs: layers * units * units,
  };
  writeProgramHeader(view, 0, header);
  header.crc32 = crc32(bytes.subarray(16));
  writeProgramHeader(view, 0, header);

  return {
    bytes,
    header,
    tensors: Array.from({ length: layers + 1 }, (_, t) =>
      readTensorRecord(view, tensorsAt + t * TensorRecordBytes),
    ),
    ops: Array.from({ length: layers }, (_, i) => ({
      ...readOpRecord(view, opsAt + i * OpRecordBytes),
      name: `fc${i}`,
      estimate: null,
      inputs: [i],
      outputs: [i + 1],
    })),
    inputs: [0],
    outputs: [layers],
    copies: [],
    modelName: 'identity',
    programHash: header.crc32.toString(16).padStart(8, '0'),
    plan: { arenaBytes: header.arenaBytes, lowerBoundBytes: header.arenaBytes, copiedBytes: 0 },
  };
}
