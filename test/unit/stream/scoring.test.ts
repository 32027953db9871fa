import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { detect } from '../../../src-main/stream/detector.ts';
import { distributionOf } from '../../../src-main/stream/distribution.ts';
import { windowDet } from '../../../src-main/stream/scoring-det.ts';
import { scoreSegments } from '../../../src-main/stream/scoring-segments.ts';
import { scoreWords, sww01Verdict } from '../../../src-main/stream/scoring-words.ts';
import { lengthWithin, union } from '../../../src-main/stream/spans.ts';
import { parseTruth } from '../../../src-main/stream/truth-file.ts';

const S = 1e6;
const word = (startS: number, endS: number, label = 'yes') => ({
  label,
  startUs: startS * S,
  endUs: endS * S,
});
const heard = (atS: number, label = 'yes') => ({ label, atUs: atS * S });
const whole = { durationUs: 1200 * S, excluded: [] };

describe('the wake-word rule', () => {
  it('takes a detection from the start of a word until 1 s after its end, both included', () => {
    for (const [at, found] of [
      [9.999999, false],
      [10, true],
      [10.5, true],
      [11.5, true],
      [11.500001, false],
    ] as const) {
      const score = scoreWords([word(10, 10.5)], [heard(at)], whole);
      expect([score.truePositives, score.falsePositives], `at ${at} s`).toEqual(found ? [1, 0] : [0, 1]);
    }
  });

  it('takes several detections of one word as one', () => {
    const score = scoreWords([word(10, 10.5)], [heard(10.2), heard(10.7), heard(11.5)], whole);
    expect(score).toMatchObject({ truePositives: 1, falsePositives: 0, falseNegatives: 0 });
    expect(score.words[0]).toMatchObject({ detectedAtUs: 10.2 * S, delayUs: -0.3 * S });
  });

  it('counts false detections within 1 s of a counted one once; the second is counted from, not chained', () => {
    const at = (...s: number[]) =>
      scoreWords(
        [],
        s.map((x) => heard(x)),
        whole,
      ).falsePositives;
    expect(at(1, 2)).toBe(1);
    expect(at(1, 2.000001)).toBe(2);
    // 1, then 1.8 is swallowed, 2.6 is more than 1 s after the counted one
    expect(at(1, 1.8, 2.6)).toBe(2);
  });

  it('another word said in its place is a false alarm and a miss', () => {
    const score = scoreWords([word(10, 10.5, 'yes')], [heard(10.4, 'no')], whole);
    expect(score).toMatchObject({ truePositives: 0, falseNegatives: 1, falsePositives: 1 });
    expect(score.labels).toEqual([
      { label: 'no', words: 0, found: 0, falseAlarms: 1 },
      { label: 'yes', words: 1, found: 0, falseAlarms: 0 },
    ]);
  });

  it('rates are per hour of what was scored', () => {
    const score = scoreWords([], [heard(10), heard(500)], {
      durationUs: 1200 * S,
      excluded: [{ startUs: 100 * S, endUs: 400 * S }],
    });
    expect(score.falsePositivesPerHour).toBeCloseTo((2 * 3600) / 900, 12);
    expect(scoreWords([], [], { durationUs: 0, excluded: [] }).falsePositivesPerHour).toBeNull();
  });

  it('what was never streamed is not missed', () => {
    const score = scoreWords([word(10, 10.5), word(30, 30.5)], [heard(10.6)], {
      durationUs: 20 * S,
      excluded: [],
    });
    expect(score).toMatchObject({ truePositives: 1, falseNegatives: 0, excludedWords: 0 });
  });

  const fifty = Array.from({ length: 50 }, (_, i) => word(20 * i, 20 * i + 0.5));
  it.each([
    [8, 8, true],
    [9, 8, false],
    [8, 9, false],
  ])('%i missed and %i false alarms of 50: passes %s', (missed, alarms, passes) => {
    const found = fifty.slice(missed).map((w) => heard(w.endUs / S));
    const wrong = Array.from({ length: alarms }, (_, i) => heard(20 * i + 10));
    const score = scoreWords(fifty, [...found, ...wrong], whole);
    expect(score).toMatchObject({
      falseNegatives: missed,
      falsePositives: alarms,
      truePositives: 50 - missed,
    });
    expect(sww01Verdict(score).passes).toBe(passes);
  });

  it('does not apply to other streams, and says why', () => {
    const verdict = (words: ReturnType<typeof word>[], excluded: { startUs: number; endUs: number }[] = []) =>
      sww01Verdict(scoreWords(words, [], { durationUs: 1200 * S, excluded }));
    expect(verdict(fifty.slice(1))).toEqual({ passes: null, reason: '49 words, not 50' });
    expect(verdict([...fifty.slice(1), word(5, 6, 'no')]).reason).toMatch(/2 different words/);
    expect(verdict(fifty, [{ startUs: 20.4 * S, endUs: 21 * S }])).toMatchObject({
      passes: null,
      reason: '1 words are excluded',
    });
  });
});

describe('detections from outputs', () => {
  const rule = { smoothingWindows: 2, threshold: 0.6, refractorySamples: 100, ignoredClasses: [2] };
  const windows = (...outputs: number[][]) => outputs.map((o, i) => ({ lastSample: 50 * i, outputs: o }));

  it('need the mean of as many windows as are averaged', () => {
    expect(detect(windows([1, 0, 0]), rule)).toEqual([]);
    expect(detect(windows([1, 0, 0], [0.2, 0, 0.8]), rule)).toEqual([
      { classIndex: 0, score: 0.6, lastSample: 50 },
    ]);
    expect(detect(windows([1, 0, 0], [0.1, 0, 0.9]), rule)).toEqual([]);
  });

  it('rest after one, whatever the class', () => {
    const yes = [1, 0, 0];
    const no = [0, 1, 0];
    expect(detect(windows(yes, yes, yes, yes), rule).map((d) => d.lastSample)).toEqual([50, 150]);
    expect(detect(windows(yes, yes, no, no), rule).map((d) => [d.classIndex, d.lastSample])).toEqual([
      [0, 50],
      [1, 150],
    ]);
  });

  it('never are of an ignored class, and forget what was before a gap', () => {
    expect(detect(windows([0, 0, 1], [0, 0, 1]), rule)).toEqual([]);
    const [a, b] = windows([1, 0, 0], [1, 0, 0]);
    expect(detect([a!, { ...b!, afterGap: true }], rule)).toEqual([]);
  });
});

describe('windows against segments', () => {
  const truth = [
    { label: 'still', startUs: 0, endUs: 10 },
    { label: 'walking', startUs: 12, endUs: 20 },
  ];
  const window = (startUs: number, endUs: number, label: string) => ({ startUs, endUs, label });

  it('count where they lie whole in one; transitions and gaps are told apart', () => {
    const score = scoreSegments(
      truth,
      [window(0, 5, 'still'), window(5, 10, 'walking'), window(9, 13, 'still'), window(12, 20, 'walking')],
      ['still', 'walking', 'running'],
      [{ startUs: 15, endUs: 16 }],
    );
    expect(score.confusion).toEqual([
      [1, 1, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(score).toMatchObject({
      windows: 2,
      correct: 1,
      accuracy: 0.5,
      mixedWindows: 1,
      excludedWindows: 1,
    });
    expect(score.classes[2]).toMatchObject({ precision: null, recall: null, f1: null });
  });

  it('a label that the model does not know is a row of its own', () => {
    const score = scoreSegments(
      [{ label: 'swimming', startUs: 0, endUs: 9 }],
      [window(1, 2, 'still')],
      ['still'],
    );
    expect(score.labels).toEqual(['still', 'swimming']);
    expect(score.confusion).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect(scoreSegments([], [], ['still'])).toMatchObject({ accuracy: null, macroF1: null });
  });
});

describe('small parts', () => {
  it('a trade-off needs both kinds', () => {
    expect(windowDet([0.1, 0.2], [true, true])).toBeNull();
    expect(windowDet([], [])).toBeNull();
    expect(windowDet([0.9, 0.1], [true, false])).toEqual([
      { threshold: 0.9, falsePositiveRate: 0, falseNegativeRate: 0 },
      { threshold: 0.1, falsePositiveRate: 1, falseNegativeRate: 0 },
    ]);
  });

  it('percentiles are values that occurred', () => {
    expect(distributionOf([])).toBeNull();
    expect(distributionOf([3, 1, 2])).toEqual({
      n: 3,
      minUs: 1,
      medianUs: 2,
      p90Us: 3,
      p99Us: 3,
      maxUs: 3,
      meanUs: 2,
    });
  });

  it('spans are joined and measured', () => {
    const spans = union([
      { startUs: 5, endUs: 7 },
      { startUs: 0, endUs: 2 },
      { startUs: 6, endUs: 9 },
      { startUs: 4, endUs: 4 },
    ]);
    expect(spans).toEqual([
      { startUs: 0, endUs: 2 },
      { startUs: 5, endUs: 9 },
    ]);
    expect(lengthWithin(spans, 6)).toBe(3);
  });

  it('ground truth comes as label,start,end or as a label track', () => {
    const read = (text: string) => orThrow(parseTruth(text, 'f', 'words')).spans;
    expect(read('label,start_s,end_s\nno,3,3.5\nyes,1,1.4\n')).toEqual([
      word(1, 1.4, 'yes'),
      word(3, 3.5, 'no'),
    ]);
    expect(read('# Audacity\n1.0\t1.4\tyes\r\n')).toEqual([word(1, 1.4, 'yes')]);
    for (const bad of ['', 'yes,2,1', 'yes,-1,1', 'yes,a,b\nyes,c,d', 'a,1,2\nyes'])
      expect(parseTruth(bad, 'f', 'words'), bad).toMatchObject({ ok: false, id: 'stream.truth-malformed' });
  });
});
