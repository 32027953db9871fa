import { describe, expect, it } from 'vitest';
import type { OperatorPoint, Recalibration } from '../../../src-main/contract/bench/predictor.ts';
import {
  byReason,
  insideInterval,
  kernelResiduals,
  kernelsOf,
  pointLabel,
  refitVerdict,
  residualOf,
} from '../../../src-renderer/screens/predict/predict-view.ts';
import { quantity } from '../report/run-fixture.ts';

const point = (kernel: string, predictedCycles: number, measuredCycles: number): OperatorPoint => ({
  runId: 1,
  runs: 1,
  modelName: 'kws',
  targetId: 'pico',
  source: 'emulated',
  index: 3,
  kernel,
  name: '',
  macs: 1,
  predictedCycles,
  measuredCycles,
});

describe('errors of the predictor', () => {
  it('are signed: above 0 it expected more than there was', () => {
    expect(residualOf(point('a', 110, 100))).toBeCloseTo(0.1, 12);
    expect(residualOf(point('a', 110, 0))).toBeNaN();
    expect(pointLabel(point('Conv', 11_000, 10_000))).toBe(
      'kws 3 Conv: 10\u202f000 cycles, predicted 11\u202f000 (+10.0 %)',
    );
  });

  it('by kind: mean error, bias and worst, the kind that costs most first', () => {
    const points = [
      point('fc', 90, 100),
      point('fc', 130, 100),
      point('conv', 1000, 1000),
      point('fc', 5, 0),
    ];
    expect(kernelsOf(points)).toEqual(['conv', 'fc']);
    const [conv, fc] = kernelResiduals(points);
    expect(conv).toMatchObject({ kernel: 'conv', n: 1, mape: 0, worst: 0 });
    expect(fc!.kernel).toBe('fc');
    expect(fc!.mape).toBeCloseTo(0.2, 12);
    expect(fc!.bias).toBeCloseTo(0.1, 12);
    expect(fc!.worst).toBeCloseTo(0.3, 12);
    expect(conv!.share + fc!.share).toBeCloseTo(1, 12);
  });

  it('an interval holds what was measured, or not, or claims nothing', () => {
    const measured = quantity({ value: 10, unit: 'us' });
    const predicted = (low: number | null, high: number | null) =>
      quantity({ value: 11, unit: 'us', interval: { method: 'prediction', confidence: 0.95, low, high } });
    const asked = (low: number | null, high: number | null) =>
      insideInterval({
        runId: 1,
        modelName: '',
        targetId: '',
        figure: 'latency',
        predicted: predicted(low, high),
        measured,
      });
    expect([asked(9, 12), asked(10.5, 12), asked(null, 12)]).toEqual([true, false, null]);
  });
});

describe('what is said of a refit', () => {
  const fit = (before: number, after: number): Recalibration => ({
    targetId: 't',
    firmwareHash: 'f',
    factors: [],
    layers: 1,
    before: { mape: before, worst: 1, kendallTau: null },
    after: { mape: after, worst: 1, kendallTau: null },
    programs: [],
  });

  it('is what it does to models it has not seen', () => {
    expect(refitVerdict(fit(0.1, 0.05))).toContain('better');
    expect(refitVerdict(fit(0.05, 0.1))).toContain('worse');
    expect(refitVerdict(fit(0.05, 0.0504))).toContain('changes nothing');
  });

  it('runs that were left out stand together by their reason', () => {
    expect(
      byReason([
        { runId: 9, reason: 'a' },
        { runId: 2, reason: 'b' },
        { runId: 4, reason: 'a' },
      ]),
    ).toEqual([
      { reason: 'a', runs: [4, 9] },
      { reason: 'b', runs: [2] },
    ]);
  });
});
