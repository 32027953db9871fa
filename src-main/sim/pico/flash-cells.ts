/** The cells of a NOR flash: what erase and program do to them, and what is left when the power goes on the way. */
import { Rng } from '../../base/rng.ts';

export interface CellWrite {
  readonly kind: 'erase' | 'program';
  readonly offset: number;
  /** Bytes to program; for an erase only its length counts. */
  readonly bytes: Uint8Array;
}

/** Erasing first programs all cells (so that none is erased too deep), then erases: about a fifth and four fifths. */
const PRE_PROGRAM = 0.2;

export function carryOutWrite(cells: Uint8Array, w: CellWrite): void {
  const end = w.offset + w.bytes.length;
  if (w.kind === 'erase') cells.fill(0xff, w.offset, end);
  else for (let i = 0; i < w.bytes.length; i++) cells[w.offset + i]! &= w.bytes[i]!;
}

/**
 * The same, ended after the share `done` (0 to 1) of its time. Each bit that had to change has done so with a chance
 * that grows with time; the same seed and write leave the same cells.
 */
export function tearWrite(cells: Uint8Array, w: CellWrite, done: number, seed: number): void {
  const rng = new Rng(seed ^ Math.imul(w.offset + 1, 0x9e37_79b1) ^ Math.round(done * 0xffff_ffff));
  for (let i = 0; i < w.bytes.length; i++) {
    const at = w.offset + i;
    if (w.kind === 'program') cells[at]! &= w.bytes[i]! | ~chosen(rng, done);
    else if (done < PRE_PROGRAM) cells[at]! &= ~chosen(rng, done / PRE_PROGRAM);
    else cells[at] = chosen(rng, (done - PRE_PROGRAM) / (1 - PRE_PROGRAM));
  }
}

/** A byte in which each bit is set with this chance. */
function chosen(rng: Rng, chance: number): number {
  let bits = 0;
  for (let bit = 0; bit < 8; bit++) if (rng.float() < chance) bits |= 1 << bit;
  return bits;
}
