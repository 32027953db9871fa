import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src-main/base/rng.ts';
import {
  bootstrapMedian,
  formatWithUncertainty,
  mean,
  median,
  quantileOfSorted,
  rocAuc,
  rocAucOneVsRest,
  sampleStd,
  tCritical,
  tInterval,
  tTwoSidedTail,
  wilson,
  zCritical,
} from '../../../src-main/base/statistics.ts';
import { root } from '../../needs.ts';

interface Oracle {
  t: { dof: number; confidence: number; t: number }[];
  interval: { values: number[]; mean: number; std: number; median: number; low: number; high: number }[];
  wilson: { k: number; n: number; confidence: number; low: number; high: number }[];
  auc: { scores: number[]; labels: number[]; auc: number }[];
  multiAuc: { rows: number[][]; classes: number[]; macro: number };
}
/** By SciPy and scikit-learn: test/oracle/statistics_oracle.py. */
const oracle = JSON.parse(readFileSync(join(root, 'test/oracle/statistics.json'), 'utf8')) as Oracle;

const relative = (got: number, want: number) => Math.abs(got - want) / Math.max(Math.abs(want), 1e-300);

describe('statistics', () => {
  it('t quantiles equal SciPy to 1e-9', () => {
    for (const c of oracle.t)
      expect(relative(tCritical(c.dof, c.confidence), c.t), JSON.stringify(c)).toBeLessThan(1e-9);
  });

  it('the t tail inverts the quantile, and one degree of freedom is the Cauchy distribution', () => {
    for (const c of oracle.t) expect(tTwoSidedTail(c.t, c.dof)).toBeCloseTo(1 - c.confidence, 12);
    expect(tTwoSidedTail(1, 1)).toBeCloseTo(0.5, 14);
    expect(tTwoSidedTail(0, 3)).toBe(1);
  });

  it('mean, median, standard deviation and t interval equal NumPy and SciPy', () => {
    for (const c of oracle.interval) {
      expect(relative(mean(c.values), c.mean)).toBeLessThan(1e-15);
      expect(median(c.values)).toBe(c.median);
      expect(relative(sampleStd(c.values), c.std)).toBeLessThan(1e-12);
      const got = tInterval(c.values);
      expect(got.method).toBe('t');
      expect(relative(got.low!, c.low)).toBeLessThan(1e-12);
      expect(relative(got.high!, c.high)).toBeLessThan(1e-12);
    }
  });

  it('five identical windows are deterministic, not ± 0', () => {
    expect(tInterval([12.5, 12.5, 12.5, 12.5, 12.5])).toEqual({
      mean: 12.5,
      low: 12.5,
      high: 12.5,
      n: 5,
      method: 'deterministic',
    });
  });

  it('one window has no interval', () => {
    expect(tInterval([12.5])).toEqual({ mean: 12.5, low: null, high: null, n: 1, method: 'single' });
  });

  it('refuses empty and non-finite input instead of giving a number', () => {
    expect(() => mean([])).toThrow();
    expect(() => median([1, NaN])).toThrow();
    expect(() => tInterval([1, Infinity])).toThrow();
    expect(() => sampleStd([1])).toThrow();
    expect(() => wilson(11, 10)).toThrow();
    expect(() => tCritical(4, 1)).toThrow();
  });

  it('the mean keeps 1 beside 1e16', () => {
    expect(mean([1e16, 1, -1e16, 1])).toBe(0.5);
  });

  it('Wilson intervals equal SciPy and stay inside [0, 1]', () => {
    for (const c of oracle.wilson) {
      const got = wilson(c.k, c.n, c.confidence);
      expect(got.low).toBeCloseTo(c.low, 12);
      expect(got.high).toBeCloseTo(c.high, 12);
      expect(got.low).toBeLessThanOrEqual(got.value);
      expect(got.high).toBeGreaterThanOrEqual(got.value);
    }
    expect(wilson(0, 10).low).toBe(0);
    expect(wilson(10, 10).high).toBe(1);
    expect(zCritical(0.95)).toBeCloseTo(1.959963984540054, 13);
  });

  it('AUC with ties equals scikit-learn', () => {
    for (const c of oracle.auc) expect(rocAuc(c.scores, c.labels)!).toBeCloseTo(c.auc, 13);
  });

  it('AUC of one class alone does not exist', () => {
    expect(rocAuc([1, 2, 3], [1, 1, 1])).toBeNull();
    expect(rocAuc([1, 1], [0, 1])).toBe(0.5);
    expect(rocAuc([1, 2], [0, 1])).toBe(1);
    expect(rocAuc([2, 1], [0, 1])).toBe(0);
  });

  it('one-vs-rest AUC on normalised rows equals scikit-learn and skips absent classes', () => {
    expect(rocAucOneVsRest(oracle.multiAuc.rows, oracle.multiAuc.classes).macro!).toBeCloseTo(
      oracle.multiAuc.macro,
      13,
    );
    const some = rocAucOneVsRest(
      [
        [0.9, 0.1, 0],
        [0.2, 0.8, 0],
      ],
      [0, 1],
    );
    expect(some.perClass).toEqual([1, 1, null]);
    expect(some.macro).toBe(1);
  });

  it('a bootstrap of the median covers the truth about as often as it says', () => {
    const rng = new Rng(3);
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const sample = Float64Array.from({ length: 25 }, () => rng.normal());
      const got = bootstrapMedian(sample, rng, { resamples: 400 });
      if (got.low! <= 0 && 0 <= got.high!) covered++;
    }
    // 95 % of 200, ± 4 standard deviations of the binomial
    expect(covered).toBeGreaterThanOrEqual(178);
    expect(covered).toBeLessThan(200);
  });

  it('a bootstrap of five claims no interval', () => {
    expect(bootstrapMedian([1, 2, 3, 4, 5], new Rng(1))).toEqual({
      median: 3,
      low: null,
      high: null,
      n: 5,
      method: 'too-few',
    });
    expect(bootstrapMedian([2, 2, 2], new Rng(1)).method).toBe('deterministic');
  });

  it('quantiles interpolate as NumPy does', () => {
    expect(quantileOfSorted([1, 2, 3, 4], 0.25)).toBe(1.75);
    expect(quantileOfSorted([5], 0.9)).toBe(5);
  });
});

describe('formatWithUncertainty', () => {
  it.each([
    [12.4137, 0.0612, '12.41 ± 0.06'],
    [12.4137, 0.0123, '12.414 ± 0.012'],
    [12.4137, 0.097, '12.41 ± 0.10'],
    [0.0000123456, 0.00000078, '0.0000123 ± 0.0000008'],
    [123456, 678, '123500 ± 700'],
    [123456, 120, '123460 ± 120'],
    [5, 40, '10 ± 40'],
    [-3.14159, 0.25, '-3.14 ± 0.25'],
    [7, 0, '7'],
  ])('%d ± %d → %s', (value, uncertainty, text) => {
    expect(formatWithUncertainty(value, uncertainty)).toBe(text);
  });
});
