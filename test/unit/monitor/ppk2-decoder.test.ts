import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src-main/base/rng.ts';
import {
  PPK2_DEFAULTS,
  parseDecoderSettings,
  type Ppk2Calibration,
} from '../../../src-main/monitor/ppk2/calibration.ts';
import { Ppk2Decoder, ppk2Codec } from '../../../src-main/monitor/ppk2/decoder.ts';
import { newDecodedSamples } from '../../../src-main/trace/format.ts';

/** The metadata of the published test vector; it prints GS0 as 0, which counts as missing: 1. */
const printed: Ppk2Calibration = {
  r: [1003.3506, 101.5865, 10.3027, 0.9636, 0.0564],
  gs: [1, 112.789, 18.0115, 2.4217, 0.0729],
  gi: [1, 0.9695, 0.9609, 0.9519, 0.9582],
  o: [112.942, 75.4627, 64.602, 50.4983, 87.2177],
  s: [4.8e-8, 5.96e-7, 5.281e-6, 6.2577e-5, 0.002940743],
  i: [-1.04e-7, -1.443e-6, 3.6439e-5, -3.74119e-4, -0.009388455],
  ug: [1, 1, 1, 1, 1],
};

function decode(decoder: Ppk2Decoder, words: readonly number[]) {
  const out = newDecodedSamples();
  decoder.decode(Uint32Array.from(words), 0, words.length, out, 0);
  return out;
}

describe('PPK2 decoder', () => {
  it('gives the published vector to the last digit', () => {
    const decoder = new Ppk2Decoder({ calibration: printed, volts: 3.741, filtered: true });
    const state = new DataView(new ArrayBuffer(24));
    state.setFloat64(0, 1.0589385070753649e-7, true);
    state.setFloat64(8, 9.478947833765696e-8, true);
    decoder.loadState(new Uint8Array(state.buffer));
    expect(decode(decoder, [108 / 4]).amperes[0]! * 1e6).toBe(0.021454880761611544);
  });

  it('keeps negative currents', () => {
    const decoder = new Ppk2Decoder({ calibration: printed, volts: 3.3, filtered: true });
    expect(decode(decoder, [0]).amperes[0]).toBeLessThan(-1e-6);
  });

  it('reads D7, the sign bit of the word, and takes ranges above 4 as 4', () => {
    const decoder = new Ppk2Decoder({ calibration: PPK2_DEFAULTS, volts: 3.3, filtered: false });
    const out = decode(decoder, [(0x80 << 24) >>> 0, (0xff << 24) >>> 0, (7 << 14) | 10, (4 << 14) | 10]);
    expect([out.logic[0], out.logic[1]]).toEqual([0x80, 0xff]);
    expect(out.ranges[2]).toBe(4);
    expect(out.amperes[2]).toBe(out.amperes[3]);
  });

  it('gives the same wherever the stream is cut, with its state saved and restored there', () => {
    const rng = new Rng(2);
    const words = Array.from(
      { length: 400 },
      (_, i) => (rng.int(0, 16_383) | ((Math.floor(i / rng.int(1, 7)) % 5) << 14)) >>> 0,
    );
    const settings = { calibration: printed, volts: 3.3, filtered: true };
    const whole = decode(new Ppk2Decoder(settings), words).amperes.slice(0, 400);
    for (let cut = 0; cut <= 400; cut += 7) {
      const first = new Ppk2Decoder(settings);
      const out = newDecodedSamples();
      first.decode(Uint32Array.from(words), 0, cut, out, 0);
      const second = new Ppk2Decoder(settings);
      second.loadState(first.saveState());
      second.decode(Uint32Array.from(words), cut, 400, out, cut);
      expect(out.amperes.slice(0, 400)).toEqual(whole);
    }
  });

  it('unfiltered values plus the shifts are the filtered ones', () => {
    const rng = new Rng(4);
    const words = Array.from({ length: 500 }, () => (rng.int(100, 16_000) | (rng.int(0, 4) << 14)) >>> 0);
    const raw = decode(new Ppk2Decoder({ calibration: printed, volts: 3.3, filtered: false }), words);
    const filtered = decode(new Ppk2Decoder({ calibration: printed, volts: 3.3, filtered: true }), words);
    expect(raw.shiftCount).toBe(0);
    expect(filtered.shiftCount).toBeGreaterThan(300);
    const sum = raw.amperes.slice(0, 500);
    for (let s = 0; s < filtered.shiftCount; s++) sum[filtered.shiftAt[s]!]! += filtered.shiftA[s]!;
    for (let i = 0; i < 500; i++) expect(sum[i]).toBeCloseTo(filtered.amperes[i]!, 12);
  });

  it.each([
    ['json', '{'],
    ['volts', '{"filtered":true}'],
    ['filtered', '{"volts":3.3}'],
    [
      'r',
      JSON.stringify({ volts: 3.3, filtered: true, calibration: { ...PPK2_DEFAULTS, r: [1, 2, 0, 4, 5] } }),
    ],
    [
      'gi',
      JSON.stringify({
        volts: 3.3,
        filtered: true,
        calibration: { ...PPK2_DEFAULTS, gi: [1, 2, 'x', 4, 5] },
      }),
    ],
    ['ug', JSON.stringify({ volts: 3.3, filtered: true, calibration: { ...PPK2_DEFAULTS, ug: [1] } })],
  ])('refuses a stored calibration whose %s is wrong', (field, json) => {
    expect(ppk2Codec.openDecoder(json)).toMatchObject({
      ok: false,
      id: 'trace.bad-calibration',
      facts: { field },
    });
    expect(parseDecoderSettings(json).ok).toBe(false);
  });
});
