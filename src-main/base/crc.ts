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

function reflected(table: Uint32Array, bytes: Uint8Array, seed: number): number {
  let c = ~seed >>> 0;
  for (let i = 0; i < bytes.length; i++) c = (table[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8)) >>> 0;
  return ~c >>> 0;
}

/** CRC-32/ISO-HDLC (zip, PNG): "123456789" → 0xCBF43926. `seed` continues a running CRC. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  return reflected(ISO_HDLC, bytes, seed);
}

/** CRC-32C (Castagnoli): "123456789" → 0xE3069283. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  return reflected(CASTAGNOLI, bytes, seed);
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
