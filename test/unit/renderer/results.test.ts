import { describe, expect, it } from 'vitest';
import type { ResultRow } from '../../../src-main/contract/bench/results.ts';
import type { FigureComparison } from '../../../src-main/contract/comparison.ts';
import { headFigures, operatorRows } from '../../../src-renderer/screens/results/detail.ts';
import {
  changeText,
  choicesOf,
  comparisonOf,
  filtered,
  noFilter,
  ownAxis,
  stripAxes,
  verdictMark,
} from '../../../src-renderer/screens/results/rows.ts';
import { energyUj, latencyUs, windowStrip } from '../../../src-renderer/screens/results/windows.ts';
import { newestRuns, runNumbers } from '../../../src-renderer/screens/report/report-choice.ts';
import { quantity, runFixture } from '../report/run-fixture.ts';

function row(over: Partial<ResultRow['run']> & { values?: readonly number[] }): ResultRow {
  const { values = [], ...run } = over;
  return {
    run: {
      runId: 1,
      status: 'finished',
      mode: 'energy',
      modelName: 'kws',
      modelSha256: 'aa',
      targetId: 'pico-emulated',
      source: 'emulated',
      startedAt: '',
      endedAt: null,
      windowsFinished: 0,
      windowsPlanned: 0,
      latencyUs: null,
      energyUjPerInference: null,
      score: null,
      valid: null,
      ...run,
    },
    targetName: '',
    latency: null,
    energy: null,
    netEnergy: null,
    accuracy: null,
    windows: values.map((value, index) => ({ index, attempt: 0, value, excluded: false })),
    comparison: '',
    hasProfile: false,
    hasLayers: false,
    hasPrediction: false,
    notes: 0,
  };
}

describe('the table of runs', () => {
  const rows = [
    row({ runId: 1, modelName: 'kws', targetId: 'pico', source: 'measured' }),
    row({ runId: 2, modelName: 'kws', mode: 'accuracy' }),
    row({ runId: 3, modelName: 'ad' }),
  ];
  const ids = (filter: Partial<typeof noFilter>) =>
    filtered(rows, { ...noFilter, ...filter }).map((r) => r.run.runId);

  it('is filtered by all that is chosen at once', () => {
    expect(ids({})).toEqual([1, 2, 3]);
    expect(ids({ model: 'kws' })).toEqual([1, 2]);
    expect(ids({ model: 'kws', mode: 'accuracy' })).toEqual([2]);
    expect(ids({ source: 'measured', mode: 'accuracy' })).toEqual([]);
    expect(choicesOf(rows, 'model')).toEqual(['ad', 'kws']);
  });

  it('strips of one model and kind share an axis; others do not', () => {
    const time = row({ runId: 7, mode: 'performance', values: [5, 6] });
    const a = row({ runId: 8, values: [10, 20] });
    const b = row({ runId: 9, values: [15, 40] });
    const axisOf = stripAxes([time, a, b, row({ runId: 10, modelSha256: 'bb' })]);
    expect(axisOf(a)).toEqual({ low: 10, high: 40 });
    expect(axisOf(b)).toEqual({ low: 10, high: 40 });
    expect(axisOf(time)).toEqual({ low: 5, high: 6 });
    expect(ownAxis(b)).toEqual({ low: 15, high: 40 });
    expect(ownAxis(row({}))).toBeNull();
  });
});

describe('a change against the baseline', () => {
  const change = (x: number, verdict: FigureComparison['verdict'] = 'worse'): FigureComparison => ({
    figure: 'latency',
    baseline: 1,
    other: 1 + x,
    change: x,
    gap: 0,
    verdict,
  });

  it('has as many decimals as it takes to tell it from nothing', () => {
    expect([5.02, -0.0189, 0.0003, 0.00001, 0.000001, 0].map((x) => changeText(change(x)))).toEqual([
      '+502.0 %',
      '−1.89 %',
      '+0.030 %',
      '+0.001 %',
      '< 0.001 %',
      '0 %',
    ]);
  });

  it('has a sign for those who do not tell colours apart', () => {
    expect(
      [change(1), change(-1, 'better'), change(0, 'equal'), change(1, "can't tell")].map(verdictMark),
    ).toEqual(['▲', '▼', '=', '≈']);
  });

  it('is found by run and figure', () => {
    const all = [{ baseline: 1, runId: 2, sameBench: true, figures: [change(0.5)] }];
    expect(comparisonOf(all, 2, 'latency')?.change).toBe(0.5);
    expect(comparisonOf(all, 2, 'accuracy')).toBeNull();
    expect(comparisonOf(all, 3, 'latency')).toBeNull();
  });
});

describe('a run in detail', () => {
  it('lists the figures it has', () => {
    expect(headFigures(runFixture()).map((f) => f.label)).toEqual(['Latency', 'Energy per inference']);
    const accuracy = {
      scoring: 'auc' as const,
      score: quantity({ value: 0.9, unit: 'AUC' }),
      items: 1,
      correct: null,
      threshold: null,
      meetsThreshold: null,
    };
    expect(headFigures(runFixture({ accuracy })).at(-1)?.label).toBe('ROC AUC');
  });

  it('operators carry cycles, prediction and energy where they are known', () => {
    const layer = {
      index: 1,
      energyUj: 12.345,
      netUj: null,
      durationUs: 70,
      meanCurrentA: null,
      inferences: 5,
      statisticalUj: 0.1,
      plusMinusUj: 0.4,
      commonUj: 1,
    };
    const rows = operatorRows(runFixture({ layerEnergies: [layer] }));
    expect(rows).toMatchObject([
      { index: 0, cycles: 4_000_000, predicted: 3_900_000, cyclesPerMac: 12.5, energy: null },
      { index: 1, cycles: 9000, predicted: null, residual: null, cyclesPerMac: null, energy: '12.3 ± 0.4' },
    ]);
    expect(rows[0]!.residual).toBeCloseTo(-0.025, 12);
    expect(rows[0]!.share + rows[1]!.share).toBeCloseTo(1, 12);
    expect(operatorRows(runFixture({ profile: null }))).toEqual([]);
  });

  it('windows are dots per inference, the excluded one a cross', () => {
    const run = runFixture();
    expect(latencyUs(run.windows[0]!)).toBeCloseTo(10_010_000 / 62, 6);
    expect(energyUj(run.windows[1]!)).toBeCloseTo(801_000 / 62, 6);
    expect(latencyUs({ ...run.windows[0]!, durationUs: null })).toBeNull();
    const strip = windowStrip(run)!;
    expect(strip.match(/<circle/g)).toHaveLength(2);
    expect(strip.match(/<path/g)).toHaveLength(1);
    expect(windowStrip(runFixture({ windows: [run.windows[0]!] }))).toBeNull();
  });
});

describe('the runs of a report', () => {
  it('an address is read leniently and never twice', () => {
    expect(runNumbers('3,1,3,x,-2,0,1e9,7')).toEqual([3, 1, 7]);
    expect(runNumbers(undefined)).toEqual([]);
  });

  it('without a choice: the newest finished one of each mode of the newest model and target', () => {
    const runs = [
      row({ runId: 9, status: 'failed' }),
      row({ runId: 8, mode: 'accuracy' }),
      row({ runId: 7, modelSha256: 'bb' }),
      row({ runId: 6, targetId: 'pico' }),
      row({ runId: 5 }),
      row({ runId: 4, mode: 'performance' }),
      row({ runId: 3 }),
    ].map((r) => r.run);
    expect(newestRuns(runs)).toEqual([4, 5, 8]);
    expect(newestRuns([])).toEqual([]);
  });
});
