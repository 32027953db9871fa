import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src-main/base/rng.ts';
import {
  byPieces,
  constantByte,
  highMul,
  magnitudeBits,
  requantizedByte,
  solvePieces,
  thresholds,
  twoRoundings,
  type Scaling,
} from '../../../../src-main/compile/kernels/m0/requantization.ts';

/** gemmlowp's arithmetic as TensorFlow Lite Micro has it, with integers of any size. */
function reference(acc: number, { multiplier, shift, outputOffset }: Scaling): number {
  const left = BigInt(acc) << BigInt(Math.max(0, shift));
  const product = left * BigInt(multiplier);
  const nudge = product >= 0n ? 1n << 30n : 1n - (1n << 30n);
  const high = (product + nudge) / (1n << 31n);
  const right = BigInt(Math.max(0, -shift));
  const mask = (1n << right) - 1n;
  const threshold = (mask >> 1n) + (high < 0n ? 1n : 0n);
  const rounded = (high >> right) + ((high & mask) > threshold ? 1n : 0n);
  return Math.min(255, Math.max(0, Number(rounded) + outputOffset + 128));
}

const drawn = (rng: Rng): Scaling => ({
  multiplier: rng.int(2 ** 30, 2 ** 31 - 1),
  shift: rng.int(-13, 0),
  outputOffset: rng.pick([-128, -128, -17, 4, 127]),
});

describe('requantisation as TensorFlow Lite Micro has it', () => {
  it('is the same with numbers as with integers of any size', () => {
    const rng = new Rng(1);
    for (let n = 0; n < 20_000; n++) {
      const s = { ...drawn(rng), shift: rng.int(-31, 8) };
      const acc = rng.int(-(2 ** 22), 2 ** 22);
      expect(requantizedByte(acc, s)).toBe(reference(acc, s));
    }
    expect(highMul(-(2 ** 31), 2 ** 31 - 1)).toBe(-(2 ** 31) + 1);
  });

  it('has its thresholds where the output steps', () => {
    const rng = new Rng(2);
    for (let n = 0; n < 40; n++) {
      const s = drawn(rng);
      const range = { low: -rng.int(1, 50_000), high: rng.int(1, 50_000) };
      const at = thresholds(range, s);
      for (let j = 1; j < 256; j++) {
        if (at[j]! <= range.high) expect(reference(at[j]!, s)).toBeGreaterThanOrEqual(j);
        if (at[j]! > range.low) expect(reference(at[j]! - 1, s)).toBeLessThan(j);
      }
    }
  });
});

describe('requantisation by pieces', () => {
  it.each([
    [2, 13],
    [3, 11],
  ] as const)('with %i of %i bits is exact for every accumulator, or is not offered', (count, bits) => {
    const rng = new Rng(count);
    let found = 0;
    for (let n = 0; n < 60; n++) {
      const s = drawn(rng);
      const range = { low: -rng.int(1000, 60_000), high: rng.int(1000, 60_000) };
      const pieces = solvePieces(count, bits, range, s);
      if (!pieces) continue;
      found++;
      for (let acc = range.low; acc <= range.high; acc++)
        if (byPieces(acc, pieces) !== reference(acc, s))
          throw new Error(`${acc} ${JSON.stringify({ s, pieces })}`);
    }
    expect(found).toBeGreaterThan(20);
  });

  it('takes a start apart from the accumulator', () => {
    const s = { multiplier: 1_404_169_791, shift: -7, outputOffset: -128 };
    const start = 31_337;
    const pieces = solvePieces(2, 12, { low: -40_000, high: 40_000 }, s, start)!;
    for (let acc = -40_000; acc <= 40_000; acc++)
      expect(byPieces(acc, pieces)).toBe(reference(acc + start, s));
  });

  it('is refused where pieces of that size cannot resolve the thresholds', () => {
    // an accumulator of 20 bits whose every 4 096th value is a threshold, and 16 bits of multiplier
    const s = { multiplier: 1_234_567_891, shift: -11, outputOffset: 0 };
    expect(solvePieces(2, 8, { low: -(2 ** 20), high: 2 ** 20 }, s)).toBeNull();
  });

  it('is refused where a partial product would leave 32 bits', () => {
    const s = { multiplier: 1_404_169_791, shift: -10, outputOffset: -128 };
    const range = { low: -(2 ** 20), high: 2 ** 20 };
    expect(magnitudeBits([range])).toBe(21);
    expect(solvePieces(2, 15, range, s)).toBeNull();
  });

  it('has no two roundings for shifts and accumulators beyond its words', () => {
    const s = { multiplier: 2 ** 30, shift: -8, outputOffset: 0 };
    expect(twoRoundings({ low: -(2 ** 22), high: 2 ** 22 }, s)).not.toBeNull();
    expect(twoRoundings({ low: -(2 ** 23), high: 2 ** 23 }, s)).toBeNull();
    expect(twoRoundings({ low: -1000, high: 1000 }, { ...s, shift: 0 })).toBeNull();
    expect(twoRoundings({ low: -1000, high: 1000 }, { ...s, shift: -23 })).toBeNull();
  });

  it('knows a channel that is constant', () => {
    expect(
      constantByte({ low: -5000, high: -10 }, { multiplier: 2 ** 30, shift: -8, outputOffset: -128 }),
    ).toBe(0);
    expect(
      constantByte({ low: -5000, high: 5000 }, { multiplier: 2 ** 30, shift: -8, outputOffset: -128 }),
    ).toBeNull();
    expect(constantByte({ low: -9, high: 9 }, { multiplier: 0, shift: 0, outputOffset: 3 })).toBe(131);
  });
});
