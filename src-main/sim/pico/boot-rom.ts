/**
 * The boot ROM: our own, in two parts. The flash boot path of ROM V3 (data sheet 2.8.1) is done by the model in one
 * step, with the time it takes and the state it leaves; what firmware may read or call in ROM is code of our own
 * (rom/, built by scripts/build-boot-rom.ts) behind the tables of 2.8.3.
 */
import { readFileSync } from 'node:fs';
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
/** Addresses in our ROM. */
const record = JSON.parse(readFileSync(new URL('./rom/boot-rom.json', import.meta.url), 'utf8')) as {
  readonly symbols: { readonly mj_rom_usb_boot: number; readonly mj_rom_resume_boot: number };
};
const USB_BOOT = record.symbols.mj_rom_usb_boot;
const RESUME_BOOT = record.symbols.mj_rom_resume_boot;

export type BootOutcome =
  | { readonly kind: 'entered' }
  /** The ROM waits for a UF2 over USB: nothing in flash, or firmware asked for it. */
  | { readonly kind: 'usb-boot'; readonly why: 'flash-erased' | 'flash-unreadable' }
  | {
      readonly kind: 'usb-boot';
      readonly why: 'requested';
      readonly activityPins: number;
      readonly disabledInterfaces: number;
    }
  | { readonly kind: 'bad-crc'; readonly stored: number; readonly computed: number };

/** What the ROM does at the end of its time: watchdog vector, else boot2 from flash with the state of 2.8.1. */
export function leaveBootRom(core: M0Core, blocks: Blocks, flash: Flash): BootOutcome {
  const vector = watchdogVector(core, blocks);
  if (vector) return vector;
  if (flash.unreadable) return { kind: 'usb-boot', why: 'flash-unreadable' };
  const view = new DataView(core.flash.buffer, core.flash.byteOffset, BOOT2_BYTES);
  const stored = view.getUint32(BOOT2_BYTES - 4, true);
  const computed = crc32Mpeg2(core.flash.subarray(0, BOOT2_BYTES - 4));
  if (stored !== computed) {
    const blank = core.flash.subarray(0, BOOT2_BYTES).every((b) => b === 0xff);
    return blank ? { kind: 'usb-boot', why: 'flash-erased' } : { kind: 'bad-crc', stored, computed };
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

export const VECTOR_MAGIC = 0xb007_c0d3;
const VECTOR_KEY = 0x4ff8_3f2d;

/** `entry` with its Thumb bit. */
export function setWatchdogVector(scratch: Uint32Array, entry: number, sp: number): void {
  scratch.set([VECTOR_MAGIC, entry ^ VECTOR_KEY, sp, entry], 4);
}

/** Data sheet 2.8.1.1: scratch 4–7 name code to run instead of booting from flash; when it returns, the boot goes on. */
function watchdogVector(core: M0Core, blocks: Blocks): BootOutcome | null {
  const { scratch } = blocks.watchdog;
  const entry = scratch[7]!;
  if (scratch[4] !== VECTOR_MAGIC || scratch[5] !== (entry ^ VECTOR_KEY) >>> 0) return null;
  scratch[4] = 0;
  if ((entry & ~1) === USB_BOOT)
    return {
      kind: 'usb-boot',
      why: 'requested',
      activityPins: scratch[0]!,
      disabledInterfaces: scratch[1]!,
    };
  enter(core, { sp: scratch[6]! & ~3, lr: RESUME_BOOT | 1, pc: entry & ~1 });
  return { kind: 'entered' };
}

function enter(core: M0Core, at: { readonly sp: number; readonly lr: number; readonly pc: number }): void {
  core.state[CPU.r + 13] = at.sp;
  core.state[CPU.r + 14] = at.lr;
  core.state[CPU.r + 15] = at.pc;
}

/** The ROM's 16 KiB. */
export function romImage(bytes: number): Uint8Array {
  const rom = new Uint8Array(bytes);
  rom.set(readFileSync(new URL('./rom/boot-rom.bin', import.meta.url)));
  return rom;
}
