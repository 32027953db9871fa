/**
 * Programs on a QEMU board without the harness: many in one start, with the instructions of every operator
 * (test/qemu/batch.c). For tests and benchmarks; the kernels are those of the firmware, from the same sources and flags.
 */
import { WallClock } from '../../src-main/base/clock.ts';
import { crc32 } from '../../src-main/base/crc.ts';
import { orThrow } from '../../src-main/base/errors.ts';
import type { BoardDescriptor } from '../../src-main/board/board.ts';
import { elfOfFlash } from '../../src-main/compile/elf-image.ts';
import { openQemuBoard } from '../../src-main/sim/qemu/qemu-board.ts';
import { buildQemuFirmware } from '../../scripts/build-qemu-firmware.ts';

export interface BatchCase {
  readonly program: Uint8Array;
  readonly inputs: readonly Uint8Array[];
}

export interface BatchResult {
  /** Of the engine; 0 = Ok. */
  readonly status: number;
  /** CRC-32 of the output tensors one after the other. */
  readonly crc: number;
  /** Nothing was written beside the arena. */
  readonly guardsHold: boolean;
  readonly opInstructions: readonly number[];
}

const MAGIC = 0x5442_484d;
const TIMEOUT_US = 100_000_000;
const align16 = (n: number) => Math.ceil(n / 16) * 16;

function blobOf(cases: readonly BatchCase[]): Uint8Array {
  let at = align16(8 + 12 * cases.length);
  const places = cases.map(({ program, inputs }) => {
    const programAt = at;
    const inputsAt = programAt + align16(program.length);
    at = inputsAt + align16(inputs.reduce((n, x) => n + x.length, 0));
    return { programAt, inputsAt };
  });
  const blob = new Uint8Array(at);
  const view = new DataView(blob.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, cases.length, true);
  cases.forEach(({ program, inputs }, i) => {
    const { programAt, inputsAt } = places[i]!;
    [programAt, program.length, inputsAt].forEach((w, k) => view.setUint32(8 + 12 * i + 4 * k, w, true));
    blob.set(program, programAt);
    let to = inputsAt;
    for (const input of inputs) {
      blob.set(input, to);
      to += input.length;
    }
  });
  return blob;
}

function parse(line: string): BatchResult {
  const [status, crc, guards, ...opInstructions] = line.split(' ').slice(2).map(Number);
  return { status: status ?? -1, crc: crc ?? 0, guardsHold: guards === 1, opInstructions };
}

const built = new Map<string, Uint8Array>();

function firmwareOf(board: BoardDescriptor): Uint8Array {
  const known = built.get(board.id) ?? buildQemuFirmware(board, { main: 'test/qemu/batch.c' }).bytes;
  built.set(board.id, known);
  return known;
}

/** Every case once, in order. Throws when the board does not come to its end. */
export async function runBatch(board: BoardDescriptor, cases: readonly BatchCase[]): Promise<BatchResult[]> {
  const firmware = firmwareOf(board);
  const blob = blobOf(cases);
  const flash = new Uint8Array(board.image.programOffset + blob.length);
  flash.set(firmware);
  flash.set(blob, board.image.programOffset);
  if (flash.length > board.flash.bytes) throw new Error(`${flash.length} bytes do not fit ${board.id}`);
  const clock = new WallClock();
  await using qemu = orThrow(openQemuBoard(board, clock));
  orThrow(await qemu.programmer.program(elfOfFlash(board, flash)));
  let said = '';
  const deadlineUs = clock.nowUs() + TIMEOUT_US;
  while (!said.endsWith('done\n')) {
    const read = await qemu.link.read({ deadlineUs });
    if (read.kind !== 'bytes')
      throw new Error(`${board.id}: ${read.kind} after ${JSON.stringify(said.slice(-200))}`);
    said += Buffer.from(read.bytes).toString('latin1');
  }
  const lines = said.split('\n').filter((l) => l.startsWith('case '));
  if (lines.length !== cases.length) throw new Error(`${board.id}: ${lines.length} of ${cases.length} cases`);
  return lines.map(parse);
}

/** As the board computes it. */
export function crcOfOutputs(outputs: readonly Uint8Array[]): number {
  return crc32(Buffer.concat(outputs));
}
