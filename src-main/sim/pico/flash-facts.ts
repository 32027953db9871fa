/**
 * W25Q16JV: identification, times and protected ranges (its data sheet's chapters 7 and 9; typical times). SFDP as JESD216
 * lays it out, with this part's answers.
 */
export const JEDEC_ID = [0xef, 0x40, 0x15] as const;
/** ABh and 90h. */
export const DEVICE_ID = 0x14;
export const MANUFACTURER_ID = 0xef;
export const PAGE_BYTES = 256;
export const SECTOR_BYTES = 4096;

/** Typical times, µs. */
export const FLASH_US = {
  pageProgram: 400,
  statusWrite: 10_000,
  /** tSUS: from suspend to ready for reads. */
  suspend: 20,
  /** tRST */
  reset: 30,
  /** tRES1: from release to standby. */
  release: 3,
} as const;

/** Erase command → bytes and typical time, µs. */
export const ERASES: ReadonlyMap<number, { readonly bytes: number; readonly us: number }> = new Map([
  [0x20, { bytes: 4096, us: 45_000 }],
  [0x52, { bytes: 32_768, us: 120_000 }],
  [0xd8, { bytes: 65_536, us: 150_000 }],
  [0xc7, { bytes: Infinity, us: 5_000_000 }],
  [0x60, { bytes: Infinity, us: 5_000_000 }],
]);

/** 7.1.3–7.1.7: first and end of the range that SEC, TB, BP2–0 (status 1) and CMP (status 2) protect. */
export function protectedRange(status1: number, status2: number, flashBytes: number): [number, number] {
  const bp = (status1 >> 2) & 7;
  const [fromBottom, sectors] = [(status1 & 0x20) !== 0, (status1 & 0x40) !== 0];
  const all = sectors ? bp === 7 : bp >= 6;
  const unit = sectors ? SECTOR_BYTES : 65_536;
  const bytes = bp === 0 ? 0 : all ? flashBytes : unit << Math.min(bp - 1, sectors ? 3 : 4);
  const complement = (status2 & 0x40) !== 0;
  if (!complement) return fromBottom ? [0, bytes] : [flashBytes - bytes, flashBytes];
  return fromBottom ? [bytes, flashBytes] : [0, flashBytes - bytes];
}

/** JESD216 header, one parameter header, basic table of 9 words at 0x80. */
export function sfdpTable(flashBytes: number): Uint8Array {
  const table = new Uint8Array(256).fill(0xff);
  const view = new DataView(table.buffer);
  view.setUint32(0x00, 0x5044_4653, true); // 'SFDP'
  view.setUint32(0x04, 0xff00_0100, true); // revision 1.0, one header
  view.setUint32(0x08, 0x0901_0000, true); // basic table, revision 1.0, 9 words
  view.setUint32(0x0c, 0xff00_0080, true);
  const words = [
    0xfff9_20e5, // 4 KiB erase by 20h, 3-byte addresses, 1-1-2, 1-2-2, 1-4-4, 1-1-4 reads
    flashBytes * 8 - 1,
    0x6b08_eb44, // 1-4-4: EBh, 2 mode and 4 wait clocks; 1-1-4: 6Bh, 8 wait
    0xbb42_3b08, // 1-1-2: 3Bh, 8 wait; 1-2-2: BBh, 2 mode and 2 wait
    0xffff_fffe,
    0x0000_ffff,
    0x0000_ffff,
    0x520f_200c, // 4 KiB by 20h, 32 KiB by 52h
    0x0000_d810, // 64 KiB by D8h
  ];
  words.forEach((w, i) => view.setUint32(0x80 + 4 * i, w, true));
  return table;
}
