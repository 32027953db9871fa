import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { fitCostModel, type CostSample } from '../../../src-main/predict/cost-model.ts';

const target = { board: 'pico', firmwareHash: '01234567', timingModel: 'emulated/xip-1', clockHz: 125e6 };

function layer(rng: Rng, k: readonly [number, number, number, number], noise: number): CostSample {
  const macs = rng.int(100, 500_000);
  const outputs = rng.int(10, 4000);
  const bytes = rng.int(100, 20_000);
  const cycles = (k[0] * macs + k[1] * outputs + k[2] * bytes + k[3]) * (1 + noise * rng.normal());
  return { kernel: 'Conv2dS8', macs, outputs, bytes, cycles };
}

describe('cost model', () => {
  it('recovers the coefficients that made noiseless layers', () => {
    const rng = new Rng(1);
    const samples = Array.from({ length: 20 }, () => layer(rng, [9.5, 120, 0.75, 2400], 0));
    const fit = orThrow(fitCostModel(target, samples)).kernels.Conv2dS8!;
    expect(fit.a).toBeCloseTo(9.5, 6);
    expect(fit.b).toBeCloseTo(120, 4);
    expect(fit.c).toBeCloseTo(0.75, 4);
    expect(fit.d).toBeCloseTo(2400, 2);
    expect(fit.residuals.worst).toBeLessThan(1e-9);
  });

  it('states residuals as large as the noise of the layers', () => {
    const rng = new Rng(2);
    const samples = Array.from({ length: 400 }, () => layer(rng, [9.5, 120, 0.75, 2400], 0.03));
    const fit = orThrow(fitCostModel(target, samples)).kernels.Conv2dS8!;
    expect(fit.residuals.std).toBeGreaterThan(0.025);
    expect(fit.residuals.std).toBeLessThan(0.035);
  });

  it('fits a kernel whose columns are dependent (no MACs, bytes twice the outputs)', () => {
    const samples = [10, 50, 200, 700, 3000].map((n) => ({
      kernel: 'Copy',
      macs: 0,
      outputs: n,
      bytes: 2 * n,
      cycles: 3 * n + 40,
    }));
    const fit = orThrow(fitCostModel(target, samples)).kernels.Copy!;
    expect(fit.residuals.worst).toBeLessThan(1e-9);
    expect(fit.b + 2 * fit.c).toBeCloseTo(3, 8);
  });

  it('refuses four coefficients on four layers', () => {
    const rng = new Rng(3);
    const r = fitCostModel(
      target,
      Array.from({ length: 4 }, () => layer(rng, [1, 1, 1, 1], 0)),
    );
    expect(r.ok).toBe(false);
    if (!r.ok) expect(r.id).toBe('predict.too-few-layers');
  });
});
