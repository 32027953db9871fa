/**
 * Small flash images made of register accesses, for tests that look at the chip as firmware does: through the bus,
 * instruction by instruction. A boot2 of our own sets XIP up with plain 03h reads and enters the script at 0x1000_0100.
 */
import { crc32Mpeg2 } from '../../../../src-main/base/crc.ts';
import type { Uf2Page } from '../../../../src-main/sim/pico/uf2.ts';

const SSI = 0x1800_0000;
export const FLASH = 0x1000_0000;
/** Where `read` operations of a script put what they saw, in order. */
export const RESULTS = 0x2000_0000;

/** One step of a script. `poll` loops until (word & mask) is not 0. `code` is raw Thumb. */
export type Step =
  | { readonly write: number; readonly value: number }
  | { readonly poll: number; readonly mask: number }
  | { readonly read: number; readonly to: number }
  | { readonly code: readonly number[] };

const SLEEP = [0xbf30, 0xe7fd]; // wfi; b .-2

export const write = (address: number, value: number): Step => ({ write: address, value });
export const poll = (address: number, mask: number): Step => ({ poll: address, mask });
/** Reads into the n-th word of RESULTS. */
export const read = (address: number, n: number): Step => ({ read: address, to: RESULTS + 4 * n });
export const code = (...halfwords: number[]): Step => ({ code: halfwords });

/** Each step starts on a word boundary and carries its two literals with it. */
function assemble(steps: readonly Step[]): number[] {
  const out: number[] = [];
  for (const s of steps) {
    if (out.length & 1) out.push(0xbf00);
    if ('code' in s) {
      out.push(...s.code);
      continue;
    }
    const [first, second] =
      'write' in s ? [s.write, s.value] : 'poll' in s ? [s.poll, s.mask] : [s.read, s.to];
    // ldr r0, [pc, #4]; ldr r1, [pc, #8]; b over; nop; .word first; .word second; over:
    out.push(0x4801, 0x4902, 0xe004, 0xbf00, first & 0xffff, first >>> 16, second & 0xffff, second >>> 16);
    if ('write' in s)
      out.push(0x6001); // str r1, [r0]
    else if ('poll' in s)
      out.push(0x6802, 0x420a, 0xd0fc); // ldr r2, [r0]; tst r2, r1; beq .-4
    else out.push(0x6802, 0x600a); // ldr r2, [r0]; str r2, [r1]
  }
  return [...out, ...SLEEP];
}

/** boot2 with 03h reads: data sheet 2.8.1.3; `divider` is SCKDV. */
export function plainBoot2(divider = 4): Step[] {
  return [
    write(SSI + 0x08, 0),
    write(SSI + 0x14, divider),
    write(SSI + 0x00, 0x001f_0300),
    write(SSI + 0xf4, 0x0300_0218),
    write(SSI + 0x04, 0),
    write(SSI + 0x08, 1),
    // ldr r0, [pc, #0]; bx r0; .word 0x10000101
    code(0x4800, 0x4700, 0x0101, 0x1000),
  ];
}

function bytesOf(halfwords: readonly number[]): Uint8Array {
  return new Uint8Array(Uint16Array.from(halfwords).buffer);
}

export interface ImageOptions {
  readonly boot2?: readonly Step[];
  /** Spoils the CRC. */
  readonly badCrc?: boolean;
}

/** A whole image as pages. */
export function scriptImage(steps: readonly Step[], options: ImageOptions = {}): Uf2Page[] {
  const second = bytesOf(assemble(options.boot2 ?? plainBoot2()));
  if (second.length > 252) throw new Error(`boot2 of ${second.length} bytes`);
  const main = bytesOf(assemble(steps));
  const image = new Uint8Array(Math.ceil((256 + main.length) / 256) * 256).fill(0xff);
  image.fill(0, 0, 256);
  image.set(second);
  const crc = crc32Mpeg2(image.subarray(0, 252)) ^ (options.badCrc ? 1 : 0);
  new DataView(image.buffer).setUint32(252, crc >>> 0, true);
  image.set(main, 256);
  return Array.from({ length: image.length / 256 }, (_, i) => ({
    offset: i * 256,
    bytes: image.subarray(i * 256, i * 256 + 256),
  }));
}

export const REG = {
  RESETS: 0x4000_c000,
  RESETS_DONE: 0x4000_c008,
  CLOCKS: 0x4000_8000,
  XOSC: 0x4002_4000,
  PLL_SYS: 0x4002_8000,
  UART0: 0x4003_4000,
  TIMER: 0x4005_4000,
  WATCHDOG: 0x4005_8000,
  IO_BANK0: 0x4001_4000,
  PADS_BANK0: 0x4001_c000,
  PSM: 0x4001_0000,
  SIO: 0xd000_0000,
  PPB: 0xe000_e000,
} as const;

/** Atomic aliases. */
export const SET = 0x2000;
export const CLEAR = 0x3000;
export const XOR = 0x1000;

/** Lets a block (bit of RESETS) go and waits for it. */
export const release = (bit: number): Step[] => [
  write(REG.RESETS + CLEAR, (1 << bit) >>> 0),
  poll(REG.RESETS_DONE, (1 << bit) >>> 0),
];

export const startCrystal: Step[] = [
  write(REG.XOSC + 0xc, 47),
  write(REG.XOSC, 0x00fa_baa0),
  poll(REG.XOSC + 4, 0x8000_0000),
];

/** 125 MHz from PLL_SYS, clk_ref from the crystal, clk_peri from clk_sys, 1 µs tick. */
export const fullSpeed: Step[] = [
  ...startCrystal,
  ...release(12),
  write(REG.PLL_SYS, 1),
  write(REG.PLL_SYS + 8, 125),
  write(REG.PLL_SYS + 4 + CLEAR, 0x21),
  poll(REG.PLL_SYS, 0x8000_0000),
  write(REG.PLL_SYS + 0xc, 0x6_2000),
  write(REG.PLL_SYS + 4 + CLEAR, 0x08),
  write(REG.CLOCKS + 0x30, 2),
  write(REG.CLOCKS + 0x3c, 1),
  write(REG.CLOCKS + 0x48, 1 << 11),
  write(REG.WATCHDOG + 0x2c, 0x20c),
];

/** UART0 on GPIO0/1 at `divisor64` (baud divisor × 64), FIFOs on. */
export const startUart = (divisor64: number): Step[] => [
  ...release(5),
  ...release(22),
  write(REG.IO_BANK0 + 0x04, 2),
  write(REG.IO_BANK0 + 0x0c, 2),
  write(REG.UART0 + 0x24, divisor64 >> 6),
  write(REG.UART0 + 0x28, divisor64 & 63),
  write(REG.UART0 + 0x2c, 0x70),
  write(REG.UART0 + 0x30, 0x301),
];

/** Sends back every character UART0 receives, for ever: polls FR.RXFE, reads DR, polls FR.TXFF, writes DR. */
export const echoForEver: Step = code(
  0x4800, 0xe001, 0x4000, 0x4003, // ldr r0, =UART0
  0x6981, 0x2210, 0x4211, 0xd1fb, 0x6803, // until not RXFE; r3 = DR
  0x6981, 0x2220, 0x4211, 0xd1fb, 0x6003, // until not TXFF; DR = r3
  0xe7f4,
); // prettier-ignore

/** A whole flash image that echoes at 115 200 baud (divisor 67 52/64 of 125 MHz). */
export const echoImage = (): Uf2Page[] =>
  scriptImage([...fullSpeed, ...startUart(67 * 64 + 52), echoForEver]);
