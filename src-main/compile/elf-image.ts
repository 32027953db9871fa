import type { BoardDescriptor, CoreId } from '../board/board.ts';

/** ELF-32, little-endian, executable. System V ABI (generic), chapters 4 and 5; e_machine: 40 = ARM, 243 = RISC-V. */
const MACHINE: Readonly<Partial<Record<CoreId, number>>> = { rv32imc: 243 };
const MACHINE_ARM = 40;
const HEADER_BYTES = 52;
const SEGMENT_BYTES = 32;
const LOAD = 1;
const READ_WRITE_EXECUTE = 7;
const EXECUTABLE = 2;
const EABI_VERSION_5 = 0x0500_0000;
/** Where the first two words of a Cortex-M vector table lie, of whatever memory the rest is in. */
const BOOT_WORDS_BYTES = 8;

interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

function writeSegment(view: DataView, at: number, s: Segment, fileOffset: number): void {
  const words = [
    LOAD,
    fileOffset,
    s.address,
    s.address,
    s.bytes.length,
    s.bytes.length,
    READ_WRITE_EXECUTE,
    16,
  ];
  words.forEach((word, i) => view.setUint32(at + 4 * i, word, true));
}

function writeHeader(view: DataView, machine: number, entry: number, segments: number): void {
  view.setUint32(0, 0x7f45_4c46, false);
  view.setUint32(4, 0x0101_0100, false); // 32 bits, little-endian, version 1
  view.setUint16(16, EXECUTABLE, true);
  view.setUint16(18, machine, true);
  view.setUint32(20, 1, true);
  view.setUint32(24, entry, true);
  view.setUint32(28, HEADER_BYTES, true);
  view.setUint32(36, machine === MACHINE_ARM ? EABI_VERSION_5 : 0, true);
  view.setUint16(40, HEADER_BYTES, true);
  view.setUint16(42, SEGMENT_BYTES, true);
  view.setUint16(44, segments, true);
}

/**
 * What lies in a board's flash, from its beginning, as the file QEMU's `-kernel` loads: one segment. A Cortex-M whose flash
 * does not begin at 0 gets its stack pointer and reset vector there as well, where the core looks for them.
 */
export function elfOfFlash({ flash, core }: BoardDescriptor, bin: Uint8Array): Uint8Array {
  const machine = MACHINE[core.id] ?? MACHINE_ARM;
  const isArm = machine === MACHINE_ARM;
  const boots = isArm && flash.base !== 0;
  const segments: Segment[] = [
    ...(boots ? [{ address: 0, bytes: bin.subarray(0, BOOT_WORDS_BYTES) }] : []),
    { address: flash.base, bytes: bin },
  ];
  const resetVector = new DataView(bin.buffer, bin.byteOffset).getUint32(4, true);
  const dataAt = HEADER_BYTES + SEGMENT_BYTES * segments.length;
  const out = new Uint8Array(dataAt + segments.reduce((n, s) => n + s.bytes.length, 0));
  const view = new DataView(out.buffer);
  writeHeader(view, machine, isArm ? resetVector : flash.base, segments.length);
  let at = dataAt;
  segments.forEach((s, i) => {
    writeSegment(view, HEADER_BYTES + SEGMENT_BYTES * i, s, at);
    out.set(s.bytes, at);
    at += s.bytes.length;
  });
  return out;
}
