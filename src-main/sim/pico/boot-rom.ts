/**
 * The boot ROM: our own, in two parts. The flash boot path of ROM V3 (data sheet 2.8.1) is done by the model in one
 * step, with the time it takes and the state it leaves; what firmware may read or call in ROM is a small image with
 * the header, an empty function table and a look-up that finds nothing.
 */
import { crc32Mpeg2 } from '../../base/crc.ts';
import type { Blocks } from './blocks.ts';
import type { M0Core } from './core/core.ts';
import { CPU } from './core/cpu-state.ts';
import type { Flash } from './flash.ts';
import { ALL_RESETS } from './peripherals/resets.ts';

/** Reset to boot2 at about 6.5 MHz: pad sampling, one 256-byte 03h read at SCK = clk/6, bitwise CRC; some 4 ms. */
export const BOOT_CYCLES = 26_000;
export const BOOT_TRIES = 128;
export const BOOT2_ENTRY = 0x2004_1f00;
const BOOT2_BYTES = 256;

/** Out of reset after the boot path: IO_QSPI, PADS_QSPI, PADS_BANK0, TIMER. */
const HELD_AFTER_ROM = 0x01df_fcbf;
/** Inputs of GPIO26–29 are switched off by the ROM (RP2040-E6). */
const ANALOGUE_PAD = 0x16;
const HANG = 0x80;

export type BootOutcome =
  | { readonly kind: 'entered' }
  /** Nothing in flash: the ROM waits for a UF2 over USB. */
  | { readonly kind: 'usb-boot' }
  | { readonly kind: 'bad-crc'; readonly stored: number; readonly computed: number };

/** What the ROM does at the end of its time: watchdog vector, else boot2 from flash with the state of 2.8.1. */
export function leaveBootRom(core: M0Core, blocks: Blocks, flash: Flash): BootOutcome {
  if (enterWatchdogVector(core, blocks)) return { kind: 'entered' };
  if (flash.unreadable) return { kind: 'usb-boot' };
  const view = new DataView(core.flash.buffer, core.flash.byteOffset, BOOT2_BYTES);
  const stored = view.getUint32(BOOT2_BYTES - 4, true);
  const computed = crc32Mpeg2(core.flash.subarray(0, BOOT2_BYTES - 4));
  if (stored !== computed) {
    const blank = core.flash.subarray(0, BOOT2_BYTES).every((b) => b === 0xff);
    return blank ? { kind: 'usb-boot' } : { kind: 'bad-crc', stored, computed };
  }
  blocks.resets.setHeld(blocks.resets.held & (HELD_AFTER_ROM | ~ALL_RESETS));
  for (let gpio = 26; gpio <= 29; gpio++) blocks.pads.setPad(gpio, ANALOGUE_PAD);
  blocks.ioQspi.selectXip();
  flash.exitContinuousRead();
  blocks.ssi.setAfterBootRom();
  const offset = BOOT2_ENTRY - 0x2000_0000;
  core.sram.set(core.flash.subarray(0, BOOT2_BYTES), offset);
  core.forgetSram(offset, BOOT2_BYTES);
  enter(core, { sp: BOOT2_ENTRY, lr: 0, pc: BOOT2_ENTRY });
  return { kind: 'entered' };
}

/** Data sheet 2.8.1.1: scratch 4–7 name code to run instead of booting from flash. */
function enterWatchdogVector(core: M0Core, blocks: Blocks): boolean {
  const { scratch } = blocks.watchdog;
  const entry = scratch[7]!;
  if (scratch[4] !== 0xb007_c0d3 || scratch[5] !== (entry ^ 0x4ff8_3f2d) >>> 0) return false;
  scratch[4] = 0;
  // Returning, which on silicon continues the boot, is not modelled: it ends in the ROM's BKPT
  enter(core, { sp: scratch[6]! & ~3, lr: HANG | 1, pc: entry & ~1 });
  return true;
}

function enter(core: M0Core, at: { readonly sp: number; readonly lr: number; readonly pc: number }): void {
  core.state[CPU.r + 13] = at.sp;
  core.state[CPU.r + 14] = at.lr;
  core.state[CPU.r + 15] = at.pc;
}

/** Data sheet 2.8.3: header, table pointers, then code of our own. */
export function romImage(bytes: number): Uint8Array {
  const rom = new Uint8Array(bytes);
  const view = new DataView(rom.buffer);
  const TABLE = 0x40;
  const LOOKUP = 0x60;
  view.setUint32(0x00, BOOT2_ENTRY, true); // initial SP
  view.setUint32(0x04, HANG | 1, true);
  view.setUint32(0x08, HANG | 1, true); // NMI
  view.setUint32(0x0c, HANG | 1, true); // HardFault
  rom.set([0x4d, 0x75, 0x01, 0x03], 0x10); // 'M' 'u' 1, version 3 (B2)
  view.setUint16(0x14, TABLE, true);
  view.setUint16(0x16, TABLE, true);
  view.setUint16(0x18, LOOKUP | 1, true);
  view.setUint16(LOOKUP, 0x2000, true); // movs r0, #0
  view.setUint16(LOOKUP + 2, 0x4770, true); // bx lr
  view.setUint16(HANG, 0xbe00, true); // bkpt: in HardFault this locks up, which ends with a diagnosis
  view.setUint16(HANG + 2, 0xe7fd, true); // b .-2
  return rom;
}
