import { beforeAll, expect, it } from 'vitest';
import { Rng } from '../../src-main/base/rng.ts';
import { nearestRank } from '../../src-main/stream/distribution.ts';
import { PASS_BAND, resampled, STOP_BAND_DB } from '../../src-main/stream/resample.ts';
import { windowDet } from '../../src-main/stream/scoring-det.ts';
import { scoreSegments } from '../../src-main/stream/scoring-segments.ts';
import { scoreWords } from '../../src-main/stream/scoring-words.ts';
import { describeWith, needs } from '../needs.ts';
import { ask, askAll } from './stream-oracle.ts';

/** Many tones up to a share of the lower Nyquist frequency, fading in and out so that both ends are silent. */
function tones(fromHz: number, toHz: number, length: number): Float64Array {
  const rng = new Rng(fromHz);
  const top = (Math.min(fromHz, toHz) / 2) * PASS_BAND;
  const parts = Array.from({ length: 20 }, () => [top * rng.float(), 6.28 * rng.float()] as const);
  return Float64Array.from({ length }, (_, i) => {
    const fade = Math.sin((Math.PI * (i + 0.5)) / length) ** 2;
    return (
      (fade * parts.reduce((s, [hz, phase]) => s + Math.sin((2 * Math.PI * hz * i) / fromHz + phase), 0)) / 20
    );
  });
}

const decibel = (x: number) => 20 * Math.log10(x);

const RATES = [
  [44100, 16000],
  [48000, 16000],
  [8000, 16000],
  [11025, 16000],
  [50, 400],
  [16001, 16000],
] as const;

describeWith([needs.python], 'resampling against scipy.signal.resample_poly', () => {
  const signals = RATES.map(([from, to]) => tones(from, to, from > 16000 ? 6000 : 2000));
  let theirs: number[][] = [];
  beforeAll(() => {
    theirs = askAll(
      RATES.map(([from, to], i) => ({ what: 'resample', from, to, samples: [...signals[i]!] })),
    );
  });
  const worst = (a: readonly number[], b: ArrayLike<number>) =>
    decibel(a.reduce((m, v, i) => Math.max(m, Math.abs(v - b[i]!)), 0));

  it.each(RATES.map(([from, to], i) => [from, to, i] as const))(
    '%i Hz to %i Hz differs by less than the stop band',
    (from, to, i) => {
      const ours = resampled(signals[i]!, from, to);
      expect(ours.length).toBe(theirs[i]!.length);
      expect(worst(theirs[i]!, ours)).toBeLessThan(-STOP_BAND_DB + 6);
    },
  );

  it('would see linear interpolation', () => {
    const signal = signals[0]!;
    const linear = theirs[0]!.map((_, k) => {
      const at = (k * 44100) / 16000;
      const i = Math.floor(at);
      return signal[i]! + (at - i) * ((signal[i + 1] ?? 0) - signal[i]!);
    });
    expect(worst(theirs[0]!, linear)).toBeGreaterThan(-60);
  });
});

describeWith([needs.python], 'scores against scikit-learn and brute force', () => {
  it('gives the detection error trade-off of sklearn.metrics.det_curve', () => {
    const rng = new Rng(3);
    for (let round = 0; round < 2; round++) {
      const positive = Array.from({ length: 300 }, () => rng.float() < 0.3);
      // few distinct scores: ties must be one point
      const scores = positive.map((p) => Math.round(20 * (0.6 * rng.float() + (p ? 0.3 : 0))) / 20);
      const theirs = ask<{ fpr: number[]; fnr: number[]; thresholds: number[] }>('det', { positive, scores });
      const ours = windowDet(scores, positive)!;
      expect(theirs.thresholds.length).toBeGreaterThan(5);
      theirs.thresholds.forEach((threshold, i) => {
        const point = ours.find((p) => p.threshold === threshold)!;
        expect(point.falsePositiveRate).toBeCloseTo(theirs.fpr[i]!, 12);
        expect(point.falseNegativeRate).toBeCloseTo(theirs.fnr[i]!, 12);
      });
    }
  });

  it('gives the confusion matrix, precision, recall and F1 of scikit-learn', () => {
    const rng = new Rng(4);
    const labels = ['still', 'walking', 'running', 'stairs', 'never'];
    const truth = Array.from({ length: 400 }, () => labels[rng.int(0, 3)]!);
    const predicted = truth.map((t) => (rng.float() < 0.7 ? t : labels[rng.int(0, 2)]!));
    const segments = truth.map((label, i) => ({ label, startUs: i * 10, endUs: i * 10 + 10 }));
    const windows = predicted.map((label, i) => ({ label, startUs: i * 10 + 1, endUs: i * 10 + 9 }));
    const theirs = ask<{ matrix: number[][]; precision: number[]; recall: number[]; f1: number[] }>(
      'confusion',
      {
        truth,
        predicted,
        labels,
      },
    );
    const ours = scoreSegments(segments, windows, labels);
    expect(ours.confusion).toEqual(theirs.matrix);
    ours.classes.forEach((c, i) => {
      for (const figure of ['precision', 'recall', 'f1'] as const)
        if (theirs[figure][i] === null) expect(c[figure]).toBeNull();
        else expect(c[figure]).toBeCloseTo(theirs[figure][i]!, 12);
    });
  });

  it('applies the wake-word rule as a brute-force reading of it does', () => {
    const rng = new Rng(5);
    for (let round = 0; round < 5; round++) {
      let at = 0;
      const words = Array.from({ length: 50 }, () => {
        const start = (at += rng.int(200, 6000));
        return [start, (at += rng.int(300, 900))] as [number, number];
      });
      // on and around both ends of the intervals, and in bursts
      const heard = words
        .flatMap(([start, end]) => [
          start - 1,
          start,
          end,
          end + 1000,
          end + 1001,
          start + rng.int(-3000, 3000),
        ])
        .filter(() => rng.float() < 0.3)
        .flatMap((t) => (rng.float() < 0.3 ? [t, t + 1000, t + 1001] : [t]));
      const durationUs = (at + 5000) * 1000;
      const theirs = ask<{ found: number[]; missed: number[]; alarms: number[] }>('sww', { words, heard });
      const ours = scoreWords(
        words.map(([start, end]) => ({ label: 'marvin', startUs: start * 1000, endUs: end * 1000 })),
        heard.map((t) => ({ label: 'marvin', atUs: t * 1000 })),
        { durationUs, excluded: [] },
      );
      const starts = (outcome: string) =>
        ours.words.filter((w) => w.outcome === outcome).map((w) => w.startUs / 1000);
      expect(starts('found')).toEqual(theirs.found);
      expect(starts('missed')).toEqual(theirs.missed);
      expect(ours.falseAlarms.map((d) => d.atUs / 1000)).toEqual(theirs.alarms);
      expect(ours.truePositives + ours.falseNegatives).toBe(50);
    }
  });

  it('takes percentiles by nearest rank as numpy does', () => {
    const rng = new Rng(6);
    for (const n of [1, 7, 100]) {
      const values = Float64Array.from({ length: n }, () => rng.int(0, 1000)).sort();
      const percents = [50, 90, 99];
      const theirs = ask<number[]>('percentiles', { values: [...values], percents });
      expect(percents.map((p) => nearestRank(values, p / 100))).toEqual(theirs);
    }
  });
});
