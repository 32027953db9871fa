import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src-main/base/rng.ts';
import {
  affineRange,
  quantile,
  quantiseBias,
  quantiseValue,
  quantiseWeights,
} from '../../../src-main/train/quantise.ts';

describe('post-training quantisation', () => {
  it('zero is exact and the range is covered to half a step', () => {
    const rng = new Rng(1);
    for (let i = 0; i < 200; i++) {
      const low = rng.normal() * 10 - 5;
      const high = low + rng.float() * 40;
      const to = affineRange(low, high);
      expect(to.zeroPoint).toBeGreaterThanOrEqual(-128);
      expect(to.zeroPoint).toBeLessThanOrEqual(127);
      expect(quantiseValue(0, to)).toBe(to.zeroPoint);
      for (const real of [low, high, (low + high) / 2]) {
        const back = to.scale * (quantiseValue(real, to) - to.zeroPoint);
        expect(Math.abs(back - real)).toBeLessThan(1.01 * to.scale);
      }
    }
  });

  it('a ReLU range begins at −128', () => {
    expect(affineRange(0, 2.55)).toEqual({ scale: Math.fround(0.01), zeroPoint: -128 });
  });

  it('an empty range gives a usable scale', () => {
    expect(affineRange(0, 0)).toEqual({ scale: 1, zeroPoint: -128 });
  });

  it('weights are symmetric, each channel’s largest becomes ±127, a channel of zeros stays zero', () => {
    const weights = Float32Array.of(0.5, -2, 0, 0.25, 1, 0);
    const { data, scales } = quantiseWeights(weights, 3, (i) => i % 3);
    expect([...data]).toEqual([127, -127, 0, 64, 64, 0]);
    expect(scales).toEqual([Math.fround(0.5 / 127), Math.fround(2 / 127), 1]);
  });

  it('a bias counts in input scale times weight scale and saturates', () => {
    expect([...quantiseBias(Float32Array.of(1, -1), 0.1, [0.5, 0.25])]).toEqual([20, -40]);
    expect([...quantiseBias(Float32Array.of(1e9), 1e-6, [1e-6])]).toEqual([2147483647]);
  });

  it('a quantile is the value of that rank', () => {
    const x = Float32Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(quantile(x, 0.5)).toBe(50);
    expect(quantile(x, 1)).toBe(100);
    expect(quantile(x, 0)).toBe(1);
  });
});
