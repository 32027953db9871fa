import { describe, expect, it } from 'vitest';
import { rocAuc } from '../../../src-main/base/statistics.ts';
import type { AccuracyItem, OutputCheck } from '../../../src-main/contract/index.ts';
import { argmax, checkOutput, comparison, meanScores, score } from '../../../src-main/run/accuracy.ts';

const item = (label: number, scores: number[], outputCheck: OutputCheck = 'equal'): AccuracyItem => ({
  index: 0,
  name: '',
  label,
  predicted: argmax(scores),
  scores,
  inferences: 1,
  outputCheck,
  difference: null,
});

describe('accuracy', () => {
  it('argmax takes the first of equals, as NumPy does', () => {
    expect(argmax([0.1, 0.4, 0.4, 0.1])).toBe(1);
    expect(argmax([-3])).toBe(0);
    expect(argmax([])).toBe(-1);
  });

  it('top-1 is correct over items, with an interval that is not ± 0 at the ends', () => {
    const s = score([item(0, [0.9, 0.1]), item(1, [0.2, 0.8])], 'top1');
    expect(s).toMatchObject({ value: 1, correct: 2, interval: { method: 'wilson', high: 1 } });
    expect(s.interval.low!).toBeLessThan(0.4);
  });

  it('AUC takes the only score, or the second of two', () => {
    const distances = [0.2, 0.9, 0.4, 0.1];
    const labels = [0, 1, 1, 0];
    const one = score(
      labels.map((l, i) => item(l, [distances[i]!])),
      'auc',
    );
    const two = score(
      labels.map((l, i) => item(l, [1 - distances[i]!, distances[i]!])),
      'auc',
    );
    expect(one.value).toBe(rocAuc(distances, labels));
    expect(two.value).toBe(one.value);
  });

  it('AUC of one class alone is null, not a number', () => {
    expect(score([item(0, [0.1]), item(0, [0.2])], 'auc').value).toBeNull();
    expect(score([], 'top1').value).toBeNull();
  });

  it('the score of a file is the mean of its windows', () => {
    expect(meanScores([[1], [2], [6]])).toEqual([3]);
    expect(meanScores([[0.1, 0.3]])).toEqual([0.1, 0.3]);
  });
});

describe('device against host twin', () => {
  const expected = { raw: new Uint8Array([1, 2]), printed: [0.00390625, 0.5] };

  it('raw bytes decide where the device gives them, whatever it prints', () => {
    expect(checkOutput({ raw: new Uint8Array([1, 2]), scores: [9, 9], printStep: 0.001 }, expected)).toBe(
      'equal',
    );
    expect(
      checkOutput({ raw: new Uint8Array([1, 3]), scores: [0.004, 0.5], printStep: 0.001 }, expected),
    ).toBe('different');
    expect(
      checkOutput({ raw: new Uint8Array([1, 2, 0]), scores: [0.004, 0.5], printStep: 0.001 }, expected),
    ).toBe('different');
  });

  it('without them half a printed digit is allowed and no more', () => {
    const printed = (scores: number[]) => checkOutput({ raw: null, scores, printStep: 0.001 }, expected);
    expect(printed([0.004, 0.5])).toBe('equal-in-print');
    // 0.0045 rounds either way
    expect(
      checkOutput(
        { raw: null, scores: [0.005], printStep: 0.001 },
        { raw: new Uint8Array(), printed: [0.0045] },
      ),
    ).toBe('equal-in-print');
    expect(printed([0.005, 0.5])).toBe('different');
    expect(printed([0.004])).toBe('different');
    expect(printed([NaN, 0.5])).toBe('different');
  });

  it('says what was compared and how', () => {
    expect(comparison([], [item(0, [1]), item(0, [1], 'different')]).text).toBe(
      'device = host: equal on 1 of 2',
    );
    expect(comparison([], [item(0, [1], 'equal-in-print')])).toMatchObject({
      method: 'print-precision',
      equal: 1,
    });
    expect(comparison([], [item(0, [1], 'not-compared')])).toMatchObject({
      method: 'none',
      compared: 0,
      text: 'device = host: not compared',
    });
  });
});
