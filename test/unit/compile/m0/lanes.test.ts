import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src-main/base/rng.ts';
import { allSums, weightedSum, type Addition } from '../../../../src-main/compile/kernels/m0/add-linear.ts';
import { laneFits, laneGroups, laneWord } from '../../../../src-main/compile/kernels/m0/lane-groups.ts';
import { laneStream, LONGEST_GROUP } from '../../../../src-main/compile/kernels/m0/lane-stream.ts';
import {
  correctionGroups,
  pixelStream,
  splitWeights,
} from '../../../../src-main/compile/kernels/m0/pixel-stream.ts';

/** The largest and smallest sums of products with any int8: inputs that match the weights' signs. */
function extremes(weights: ArrayLike<number>): [number, number] {
  let [high, low] = [0, 0];
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i]!;
    high += Math.max(127 * w, -128 * w);
    low += Math.min(127 * w, -128 * w);
  }
  return [low, high];
}

const inside = ([low, high]: [number, number]): boolean => low >= -32768 && high <= 32767;

const scaling = { multiplier: 1_404_169_791, shift: -7, outputOffset: -128 };

describe('a lane of 16 bits', () => {
  it('fits exactly as long as no input can overflow it', () => {
    for (let positive = 0; positive <= 300; positive++)
      for (let negative = 0; negative <= 300; negative++)
        expect(laneFits(positive, negative)).toBe(inside(extremes([positive, -negative])));
  });

  it('is taken apart again for every pair of weights and every input', () => {
    for (let low = -128; low < 128; low += 5)
      for (let high = -128; high < 128; high += 3)
        for (const x of [-128, -127, -1, 0, 1, 63, 127]) {
          const product = Math.imul(laneWord(low, high), x);
          const lower = (product << 16) >> 16;
          expect([lower, (product - lower) >> 16]).toEqual([Math.imul(low, x), Math.imul(high, x)]);
        }
  });

  it('ends its group before sign-matched inputs could overflow any channel', () => {
    const rng = new Rng(3);
    for (let n = 0; n < 200; n++) {
      const most = rng.pick([5, 40, 127]);
      const weights = Array.from({ length: 4 }, () =>
        Int8Array.from({ length: 96 }, () => rng.int(-most, most)),
      );
      const groups = laneGroups(weights, 2, LONGEST_GROUP)!;
      let from = 0;
      for (const length of groups) {
        expect(length % 2).toBe(0);
        for (const w of weights) expect(inside(extremes(w.subarray(from, from + length)))).toBe(true);
        from += length;
        const next = weights.some((w) => !inside(extremes(w.subarray(from - length, from + 2))));
        expect(from === 96 || length === LONGEST_GROUP || next).toBe(true);
      }
      expect(from).toBe(96);
    }
  });

  it('refuses two weights of −128: no group is short enough', () => {
    expect(laneGroups([Int8Array.of(-128, -128)], 2, LONGEST_GROUP)).toBeNull();
    const channel = { weights: Int8Array.of(-128, -128), start: 0, scaling };
    expect(laneStream([channel], 2, 0)).toBeNull();
  });
});

describe('groups of a fixed length', () => {
  it('add up to the weights, and fit with what was taken out', () => {
    const rng = new Rng(4);
    for (let n = 0; n < 300; n++) {
      const weights = Int8Array.from({ length: 64 }, () => rng.pick([rng.int(-128, 127), rng.int(-40, 40)]));
      const taps = rng.pick([4, 8, 16]);
      const { weights: reduced, corrections } = splitWeights(weights, taps);
      const sum = Int32Array.from(reduced);
      for (const c of corrections) sum[c.tap]! += c.excess;
      expect([...sum]).toEqual([...weights]);
      for (let from = 0; from < 64; from += taps)
        expect(inside(extremes(reduced.subarray(from, from + taps)))).toBe(true);
      for (const group of correctionGroups(corrections))
        expect(inside(extremes(group.map((c) => c.excess)))).toBe(true);
    }
  });
});

describe('a stream of pixels', () => {
  const live = { weights: Int8Array.from([90, -90, 90, -90]), start: 1000, scaling };

  it('leaves out channels whose output no input changes, and writes them as constants', () => {
    const dead = { weights: new Int8Array(4), start: -5, scaling };
    const stream = pixelStream([dead, live, dead], 4)!;
    expect(stream.channels).toBe(1);
    expect([...stream.constants!]).toEqual([-128, 0, -128]);
    expect(stream.words[0]! & 0xff).toBe(1);
  });

  it('refuses accumulators of more than 32 bits, starts of more than 24 and too many taps', () => {
    expect(pixelStream([{ ...live, start: 2 ** 31 - 100 }], 4)).toBeNull();
    expect(pixelStream([{ ...live, start: 2 ** 23, scaling: { ...scaling, shift: -16 } }], 4)).toBeNull();
    expect(pixelStream([{ ...live, weights: new Int8Array(8196).fill(1) }], 8196)).toBeNull();
  });
});

describe('ADD as one weighted sum', () => {
  const q = (real: number) => {
    const shift = Math.ceil(Math.log2(real));
    return { multiplier: Math.round((real / 2 ** shift) * 2 ** 31), shift };
  };
  const addition = (a: number, b: number, out: number, offset: number): Addition => {
    const twice = 2 * Math.max(a, b);
    return {
      ...{ offset1: 3, offset2: -9, outputOffset: offset },
      ...{ first: q(a / twice), second: q(b / twice), output: q(twice / (2 ** 20 * out)) },
    };
  };

  it('has the output of every pair of inputs', () => {
    const s = addition(0.05, 0.0713, 0.0987, -20);
    const sum = weightedSum(s)!;
    const wanted = allSums(s)!;
    for (let a = -128; a < 128; a++)
      for (let b = -128; b < 128; b++) {
        const y = (Math.imul(a, sum.factor1) + Math.imul(b, sum.factor2) + sum.constant) >> sum.shift;
        expect(Math.min(255, Math.max(0, y))).toBe(wanted[(a + 128) * 256 + b + 128]);
      }
  });

  it('is refused where roundings of the two inputs decide halves of the output', () => {
    expect(weightedSum(addition(0.05, 0.3, 0.1, -20))).toBeNull();
  });
});
