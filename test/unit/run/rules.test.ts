import { describe, expect, it } from 'vitest';
import { RunPlan, type WindowResult } from '../../../src-main/contract/index.ts';
import { benchmarkRules, validity } from '../../../src-main/run/rules.ts';
import { plan } from './fakes.ts';

const window = (index: number, over: Partial<WindowResult> = {}): WindowResult => ({
  index,
  attempt: 0,
  status: 'finished',
  exclusion: null,
  inputName: `f${index}`,
  inputSha256: `${index}`,
  inferences: 800,
  warmUp: 5,
  durationUs: 10e6,
  energy: null,
  outputCheck: 'equal',
  startedAt: '',
  ...over,
});
const five = (over: Partial<WindowResult> = {}) => [0, 1, 2, 3, 4].map((i) => window(i, over));

function broken(
  over: Parameters<typeof plan>[0],
  windows: readonly WindowResult[],
  more: Partial<Parameters<typeof validity>[0]> = {},
): string[] {
  const v = validity({
    plan: RunPlan.parse(plan(over)),
    windows,
    itemsDone: 0,
    itemsInSet: 0,
    inputsAreRandom: false,
    score: null,
    ...more,
  });
  expect(v.valid).toBe(v.rules.every((r) => r.kept));
  for (const r of v.rules) expect(r.reason).not.toBe('');
  return v.rules.filter((r) => !r.kept).map((r) => r.rule);
}

describe('run rules', () => {
  it('exactly 10 s is long enough, one microsecond less is not', () => {
    expect(broken({}, five())).toEqual([]);
    expect(broken({}, [...five().slice(1), window(0, { durationUs: 10e6 - 1 })])).toEqual([
      'every window lasts at least 10 s',
    ]);
  });

  it('more than five windows are fine in performance and wrong in energy', () => {
    const six = [...five(), window(5)];
    expect(broken({}, six)).toEqual([]);
    expect(
      broken(
        { mode: 'energy' },
        six.map((w) => ({ ...w, warmUp: 0 })),
      ),
    ).toEqual(['exactly 5 windows']);
  });

  it('voided windows count for nothing', () => {
    const withVoid = [
      ...five(),
      window(2, { attempt: 1, status: 'excluded', durationUs: 1, outputCheck: 'not-compared' }),
    ];
    expect(broken({}, withVoid)).toEqual([]);
    expect(broken({}, five({ status: 'excluded' }))).toEqual([
      '5 windows',
      'every window lasts at least 10 s',
      '5 different inputs',
    ]);
  });

  it('warm-up in an energy window breaks a rule', () => {
    expect(broken({ mode: 'energy' }, five())).toEqual(['no warm-up in energy windows']);
  });

  it("random inputs are refused for a benchmark and fine for a model of one's own", () => {
    expect(broken({}, five(), { inputsAreRandom: true })).toEqual([]);
    expect(broken({ benchmark: 'kws01' }, five(), { inputsAreRandom: true })).toEqual([
      'inputs come from the data set',
    ]);
  });

  it.each([
    ['kws01', 0.9, 1000],
    ['vww01', 0.8, 1000],
    ['ic01', 0.85, 200],
    ['ad01', 0.85, 72],
    ['ad01', 0.85, 248],
  ] as const)('%s is closed at %d on %d files', (benchmark, threshold, files) => {
    const facts = { itemsDone: files, itemsInSet: files };
    expect(benchmarkRules(benchmark).threshold).toBe(threshold);
    expect(broken({ mode: 'accuracy', benchmark }, [], { ...facts, score: threshold })).toEqual([]);
    expect(broken({ mode: 'accuracy', benchmark }, [], { ...facts, score: threshold - 0.001 })).toEqual([
      `score at least ${threshold}`,
    ]);
  });

  it('a part of the data set is no accuracy run', () => {
    expect(
      broken({ mode: 'accuracy', benchmark: 'kws01' }, [], { itemsDone: 100, itemsInSet: 1000, score: 0.95 }),
    ).toEqual(['all files of the data set']);
    expect(
      broken({ mode: 'accuracy', benchmark: 'kws01' }, [], { itemsDone: 500, itemsInSet: 500, score: 0.95 }),
    ).toEqual(['a data set of 1000 files']);
  });
});
