import { describe, expect, it } from 'vitest';
import { kendallTau } from '../../../src-main/base/rank-correlation.ts';

describe("Kendall's tau", () => {
  it('is 1 for the same order, −1 for the reverse, whatever the distances', () => {
    expect(kendallTau([1, 2, 3, 4], [10, 11, 500, 501])).toBe(1);
    expect(kendallTau([1, 2, 3, 4], [9, 8, 7, -6])).toBe(-1);
  });

  it('agrees with scipy.stats.kendalltau (τ-b) with and without ties', () => {
    expect(kendallTau([12, 2, 1, 12, 2], [1, 4, 7, 1, 0])).toBeCloseTo(-0.4714045207910316, 14);
    expect(kendallTau([7, 6, 5, 1, 2, 3, 8], [4, 3, 7, 5, 1, 6, 2])).toBeCloseTo(-0.14285714285714288, 14);
  });

  it('does not exist where one side has no order', () => {
    expect(kendallTau([1, 1, 1], [1, 2, 3])).toBeNull();
    expect(kendallTau([], [])).toBeNull();
  });
});
