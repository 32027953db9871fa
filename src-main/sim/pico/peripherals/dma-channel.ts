/** One DMA channel: its registers' fields (RP2040 data sheet 2.5.7) and how its addresses move. */

export const DMA_CHANNELS = 12;

export const EN = 1;
export const HIGH_PRIORITY = 1 << 1;
export const INCR_READ = 1 << 4;
export const INCR_WRITE = 1 << 5;
export const RING_WRITE = 1 << 10;
export const IRQ_QUIET = 1 << 21;
export const BSWAP = 1 << 22;
export const SNIFF_EN = 1 << 23;
export const BUSY = 1 << 24;
export const WRITE_ERROR = 1 << 29;
export const READ_ERROR = 1 << 30;
export const AHB_ERROR = 0x8000_0000;
export const CONTROL_KEPT = 0x00ff_ffff;

export const READ = 0;
export const WRITE = 1;
export const COUNT = 2;
export const CONTROL = 3;
/** Which register each alias has at +0, +4, +8 and, with a trigger, at +C (2.5.2.1). */
export const ALIASES = Uint8Array.from([
  ...[READ, WRITE, COUNT, CONTROL],
  ...[CONTROL, READ, WRITE, COUNT],
  ...[CONTROL, COUNT, READ, WRITE],
  ...[CONTROL, WRITE, COUNT, READ],
]);

/** Numbers only: one is visited a transfer. */
export interface Channel {
  readonly n: number;
  read: number;
  write: number;
  /** Transfers to go. */
  count: number;
  reload: number;
  control: number;
  errors: number;
  busy: boolean;
  /** The cycle the last write is over, while BUSY waits for it. */
  doneAt: number;
  /** Timer ticks that are used up, for channels a timer paces. */
  usedTicks: number;
}

/** 2.5.7: CHAIN_TO resets to the channel itself, which is none. */
export function channel(n: number): Channel {
  return {
    n,
    read: 0,
    write: 0,
    count: 0,
    reload: 0,
    control: n << 11,
    errors: 0,
    busy: false,
    doneAt: Infinity,
    usedTicks: 0,
  };
}

export function requestOf(c: Channel): number {
  return (c.control >> 15) & 63;
}

/** DATA_SIZE 3 is reserved; taken as a word. */
export function bytesOf(c: Channel): number {
  return 1 << Math.min(2, (c.control >> 2) & 3);
}

/** With a ring of 2^n bytes only the low n bits move; 0 is none. */
export function moved(address: number, bytes: number, ring: number): number {
  const next = (address + bytes) >>> 0;
  if (ring === 0) return next;
  const mask = (1 << ring) - 1;
  return ((address & ~mask) | (next & mask)) >>> 0;
}
