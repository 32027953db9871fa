import { describe, expect, it } from 'vitest';
import { crc32, crc32c } from '../../../src-main/base/crc.ts';
import { Rng } from '../../../src-main/base/rng.ts';

/** Bit by bit, straight from the definition. */
function bitwise(poly: number, bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const b of bytes) {
    c ^= b;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ poly : c >>> 1;
  }
  return ~c >>> 0;
}

describe('CRC-32 and CRC-32C eight bytes at a step', () => {
  const bytes = new Rng(3).bytes(200);

  it('equal the definition at every length and alignment', () => {
    for (let from = 0; from < 9; from++)
      for (let length = 0; length < 80; length++) {
        const part = bytes.subarray(from, from + length);
        expect(crc32c(part)).toBe(bitwise(0x82f63b78, part));
        expect(crc32(part)).toBe(bitwise(0xedb88320, part));
      }
  });

  it('a seed goes on where another piece ended', () => {
    for (let cut = 0; cut <= bytes.length; cut += 13)
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(crc32c(bytes));
  });
});
