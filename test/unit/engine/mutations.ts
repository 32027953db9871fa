/** Programs with single fields overwritten: what a bad flash sector, a bug or malice could give. */
import { OpRecordBytes, ProgramHeaderBytes, TensorRecordBytes } from '../../../src-main/abi/generated.ts';
import type { Rng } from '../../../src-main/base/rng.ts';
import type { Program } from '../../../src-main/compile/program.ts';
import { sealed } from './hand-program.ts';

const WORDS = [0, 1, 2, 3, 7, 16, 127, 128, 255, 256, 4095, 4096, 65535, 65536, 0x0fffffff, 0x10000000];
const EXTREMES = [0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0xffffff80, 0x55555555];

interface Span {
  readonly from: number;
  readonly bytes: number;
}

/** The parts of a Program that the engine interprets: tables and parameters rather than weights. */
function interpreted(program: Program): Span[] {
  const h = program.header;
  return [
    { from: 8, bytes: ProgramHeaderBytes - 8 },
    { from: h.tensorsOffset, bytes: h.tensorCount * TensorRecordBytes },
    { from: h.opsOffset, bytes: h.opCount * OpRecordBytes },
    { from: h.ioOffset, bytes: 2 * (h.inputCount + h.outputCount) },
    ...program.ops.map((op) => ({ from: op.ioOffset, bytes: 2 * (op.inputCount + op.outputCount) })),
    ...program.ops.map((op) => ({ from: op.paramsOffset, bytes: op.paramsBytes })),
  ].filter((span) => span.bytes > 0);
}

function overwrite(view: DataView, span: Span, rng: Rng): void {
  const width = span.bytes >= 4 ? rng.pick([1, 2, 4, 4, 4]) : rng.pick([1, 2]);
  const at = span.from + width * rng.int(0, Math.floor(span.bytes / width) - 1);
  if (width === 4) {
    const near = view.getUint32(at, true) + rng.int(-2, 2);
    view.setUint32(
      at,
      rng.pick([near, near * 2, rng.pick(WORDS), rng.pick(EXTREMES), rng.u32()]) >>> 0,
      true,
    );
  } else if (width === 2) {
    view.setUint16(at, rng.pick([rng.int(0, 12), rng.u32() & 0xffff, 0xffff]), true);
  } else {
    view.setUint8(at, rng.pick([rng.int(0, 12), rng.u32() & 0xff]));
  }
}

/** One to three fields changed, the CRC made right again (nineteen times in twenty). */
export function mutated(program: Program, rng: Rng): Uint8Array {
  const bytes = Uint8Array.from(program.bytes);
  const spans = interpreted(program);
  const changes = rng.pick([1, 1, 1, 2, 3]);
  for (let i = 0; i < changes; i++) overwrite(new DataView(bytes.buffer), rng.pick(spans), rng);
  return rng.float() < 0.95 ? sealed(bytes) : bytes;
}
