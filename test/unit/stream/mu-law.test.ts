import { describe, expect, it } from 'vitest';
import { openMulawDecoder } from '../../../src-main/engine/feature-stream.ts';
import { encodeMulaw } from '../../../src-main/stream/mu-law.ts';

/** G.711 table 2a: the decision value at the top of each segment and the steps in it, for 14 bits. */
const segments = [
  { top: 31, step: 2 },
  { top: 95, step: 4 },
  { top: 223, step: 8 },
  { top: 479, step: 16 },
  { top: 991, step: 32 },
  { top: 2015, step: 64 },
  { top: 4063, step: 128 },
  { top: 8159, step: 256 },
];

describe('µ-law', () => {
  it('has G.711’s corner codes', () => {
    expect([...encodeMulaw(Int16Array.of(0, -1, 32767, -32768, 3, -3))]).toEqual([
      0xff, 0x7f, 0x80, 0x00, 0xff, 0x7f,
    ]);
  });

  it('every sample comes back from the device’s decoder within half a step of its segment', async () => {
    const decode = await openMulawDecoder();
    for (let x = -32635; x <= 32635; x++) {
      const [code] = encodeMulaw(Int16Array.of(x));
      const back = decode(code!);
      const { step } = segments.find((s) => Math.abs(x) < 4 * s.top)!;
      // 14-bit steps are four times as large in 16 bits
      expect(Math.abs(back - x) <= 2 * step, `${x} → ${code} → ${back}`).toBe(true);
    }
  });

  it('a code is its own code again: nothing drifts when it passes twice', async () => {
    const decode = await openMulawDecoder();
    for (let code = 0; code < 256; code++) {
      const again = encodeMulaw(Int16Array.of(decode(code)))[0]!;
      // there are two codes for zero
      expect(again === code || (code === 0x7f && again === 0xff)).toBe(true);
    }
  });
});
