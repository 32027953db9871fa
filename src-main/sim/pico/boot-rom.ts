/**
 * The boot ROM: our own, in two parts. The flash boot path of ROM V3 (data sheet 2.8.1) is done by the model in one
 * step, with the time it takes and the state it leaves; what firmware may read or call in ROM is a small image with
 * the header, an empty function table and a look-up that finds nothing.
 */
import { crc32Mpeg2 } from '../../base/crc.ts';

/** Reset to boot2 at about 6.5 MHz: pad sampling, one 256-byte 03h read at SCK = clk/6, bitwise CRC; some 4 ms. */
export const BOOT_CYCLES = 26_000;
export const BOOT2_ENTRY = 0x2004_1f00;
const BOOT2_BYTES = 256;

export type BootImage = 'blank' | 'valid' | 'bad-crc';

/** What the ROM would find at the start of flash. */
export function checkBoot2(flash: Uint8Array): {
  readonly kind: BootImage;
  readonly stored: number;
  readonly computed: number;
} {
  const view = new DataView(flash.buffer, flash.byteOffset, BOOT2_BYTES);
  const stored = view.getUint32(252, true);
  const computed = crc32Mpeg2(flash.subarray(0, 252));
  if (stored === computed) return { kind: 'valid', stored, computed };
  const blank = flash.subarray(0, BOOT2_BYTES).every((b) => b === 0xff);
  return { kind: blank ? 'blank' : 'bad-crc', stored, computed };
}

export function boot2(flash: Uint8Array): Uint8Array {
  return flash.subarray(0, BOOT2_BYTES);
}

/** Data sheet 2.8.3: header, table pointers, then code of our own. */
export function romImage(bytes: number): Uint8Array {
  const rom = new Uint8Array(bytes);
  const view = new DataView(rom.buffer);
  const TABLE = 0x40;
  const LOOKUP = 0x60;
  const HANG = 0x80;
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
