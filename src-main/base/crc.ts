import { createHash } from 'node:crypto';

function table32(poly: number): Uint32Array {
  const t = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    let c = i;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ poly : c >>> 1;
    t[i] = c >>> 0;
  }
  return t;
}

const ISO_HDLC = table32(0xedb88320);
const CASTAGNOLI = table32(0x82f63b78);

/** Tables for eight bytes at a step ("slicing by 8", Kounavis & Berry 2005): row k advances a byte by k more zeros. */
function slices(table: Uint32Array): Int32Array {
  const rows = new Int32Array(8 * 256);
  rows.set(table);
  for (let i = 256; i < rows.length; i++) {
    const c = rows[i - 256]!;
    rows[i] = table[c & 0xff]! ^ (c >>> 8);
  }
  return rows;
}

const ISO_HDLC_SLICES = slices(ISO_HDLC);
const CASTAGNOLI_SLICES = slices(CASTAGNOLI);

const NO_WORDS = new Uint32Array(0);

function reflected(t: Int32Array, bytes: Uint8Array, seed: number): number {
  let c = ~seed;
  let i = 0;
  // words of a little-endian host, from the first aligned address on
  const head = Math.min(bytes.length, -bytes.byteOffset & 3);
  for (; i < head; i++) c = t[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8);
  const pairs = (bytes.length - head) >>> 3;
  const words = pairs > 0 ? new Uint32Array(bytes.buffer, bytes.byteOffset + head, pairs * 2) : NO_WORDS;
  for (let w = 0; w < words.length; w += 2) {
    const x = c ^ words[w]!;
    const y = words[w + 1]!;
    c =
      t[1792 + (x & 0xff)]! ^
      t[1536 + ((x >>> 8) & 0xff)]! ^
      t[1280 + ((x >>> 16) & 0xff)]! ^
      t[1024 + (x >>> 24)]! ^
      t[768 + (y & 0xff)]! ^
      t[512 + ((y >>> 8) & 0xff)]! ^
      t[256 + ((y >>> 16) & 0xff)]! ^
      t[y >>> 24]!;
  }
  for (i += pairs * 8; i < bytes.length; i++) c = t[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8);
  return ~c >>> 0;
}

/** CRC-32/ISO-HDLC (zip, PNG): "123456789" → 0xCBF43926. `seed` continues a running CRC. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  return reflected(ISO_HDLC_SLICES, bytes, seed);
}

/** CRC-32C (Castagnoli): "123456789" → 0xE3069283. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  return reflected(CASTAGNOLI_SLICES, bytes, seed);
}

/** CRC-32/MPEG-2, as the RP2040 boot ROM checks boot2: "123456789" → 0x0376E6E7. */
export function crc32Mpeg2(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const b of bytes) {
    c = (c ^ (b << 24)) >>> 0;
    for (let k = 0; k < 8; k++) c = (c & 0x80000000 ? (c << 1) ^ 0x04c11db7 : c << 1) >>> 0;
  }
  return c >>> 0;
}

/** CRC-16/CCITT-FALSE: "123456789" → 0x29B1. Used by COBS frames. */
export function crc16(bytes: Uint8Array, seed = 0xffff): number {
  let c = seed;
  for (const b of bytes) {
    c ^= b << 8;
    for (let k = 0; k < 8; k++) c = (c & 0x8000 ? (c << 1) ^ 0x1021 : c << 1) & 0xffff;
  }
  return c;
}

/** Lower-case hex. */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
