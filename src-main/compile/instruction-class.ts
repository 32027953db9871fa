import type { InstructionClass } from '../contract/index.ts';

/** What one execution of an instruction moves. */
export interface InstructionKind {
  readonly kind: InstructionClass;
  /** Bytes it loads or stores; 0 for others. */
  readonly loadBytes: number;
  readonly storeBytes: number;
}

const plain = (kind: InstructionClass): InstructionKind => ({ kind, loadBytes: 0, storeBytes: 0 });
const load = (loadBytes: number): InstructionKind => ({ kind: 'load', loadBytes, storeBytes: 0 });
const store = (storeBytes: number): InstructionKind => ({ kind: 'store', loadBytes: 0, storeBytes });

/** Loads and stores with a register offset, by bits 11:9: ARMv6-M Architecture Reference Manual A5.2.4. */
const REGISTER_OFFSET = [store(4), store(2), store(1), load(1), load(4), load(2), load(1), load(2)];

function registers(list: number): number {
  let n = 0;
  for (let bits = list; bits; bits &= bits - 1) n++;
  return n;
}

/**
 * Class of a Thumb instruction by its first halfword (ARMv6-M Architecture Reference Manual A5.2). Of the 32-bit
 * encodings ARMv6-M has BL, MSR, MRS and the barriers.
 */
export function instructionKind(first: number): InstructionKind {
  const top = first >>> 12;
  if (top < 4) return plain('alu');
  switch (top) {
    case 4:
      return group4(first);
    case 5:
      return REGISTER_OFFSET[(first >>> 9) & 7]!;
    case 6:
    case 9:
      return first & 0x800 ? load(4) : store(4);
    case 7:
      return first & 0x800 ? load(1) : store(1);
    case 8:
      return first & 0x800 ? load(2) : store(2);
    case 10:
      return plain('alu');
    case 11:
      return miscellaneous(first);
    case 12:
      return multiple(registers(first & 0xff), (first & 0x800) !== 0);
    case 13:
      return plain((first & 0xe00) === 0xe00 ? 'other' : 'branch');
    case 14:
      return plain('branch');
    default:
      return plain((first & 0xff80) === 0xf380 ? 'other' : 'branch');
  }
}

function group4(first: number): InstructionKind {
  if ((first & 0xf800) === 0x4800) return load(4);
  if ((first & 0xfc00) === 0x4000) return plain(((first >>> 6) & 15) === 13 ? 'multiply' : 'alu');
  const exchange = (first & 0x300) === 0x300;
  const destination = ((first >>> 4) & 8) | (first & 7);
  const compare = (first & 0x300) === 0x100;
  return plain(exchange || (destination === 15 && !compare) ? 'branch' : 'alu');
}

function miscellaneous(first: number): InstructionKind {
  if ((first & 0xfe00) === 0xb400) return multiple(registers(first & 0x1ff), false);
  if ((first & 0xfe00) === 0xbc00) return multiple(registers(first & 0x1ff), true);
  const sub = (first >>> 8) & 15;
  return plain(sub === 6 || sub === 14 || sub === 15 ? 'other' : 'alu');
}

function multiple(count: number, isLoad: boolean): InstructionKind {
  return { kind: 'multiple', loadBytes: isLoad ? 4 * count : 0, storeBytes: isLoad ? 0 : 4 * count };
}
