import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { fidelity, kernelFactors, refit, type RefitSample } from '../../../src-main/calibrate/refit.ts';

/** Programs whose convolutions take `bias` times what the model says, and whose flash waits are right. */
function samples(
  programs: number,
  bias: (program: number, rng: Rng) => number,
  layers = 4,
  seed = 5,
): RefitSample[] {
  const rng = new Rng(seed);
  return Array.from({ length: programs }, (_, p) =>
    Array.from({ length: layers }, (_, index): RefitSample => {
      const computingCycles = 1000 + 100_000 * rng.float();
      const waitingCycles = 5000 * rng.float();
      return {
        program: `p${p}`,
        index,
        kernel: 'Conv2dS8',
        computingCycles,
        waitingCycles,
        measuredCycles: computingCycles * bias(p, rng) + waitingCycles,
      };
    }),
  ).flat();
}

describe('a refit on the op profiles of runs', () => {
  it('finds a factor that all Programs share, and leaves the waits for flash alone', () => {
    const { factors, heldOut } = orThrow(refit(samples(4, () => 1.25)));
    expect(factors).toHaveLength(1);
    expect(factors[0]!.factor).toBeCloseTo(1.25, 12);
    expect(heldOut.before.mape).toBeGreaterThan(0.1);
    expect(heldOut.after.mape).toBeLessThan(1e-12);
    expect(heldOut.after.kendallTau).toBe(1);
  });

  it('judges each Program by a fit that has not seen it: what is true of one Program only does not help it', () => {
    // only p0 is slower than predicted; the fit without it knows nothing of that
    const { heldOut } = orThrow(refit(samples(4, (p) => (p === 0 ? 2 : 1))));
    const [own] = heldOut.programs;
    expect(own!.program).toBe('p0');
    expect(own!.afterCycles).toBeCloseTo(own!.beforeCycles, 6);
    // and the others get worse by what p0 alone suggests
    expect(heldOut.after.mape).toBeGreaterThan(heldOut.before.mape);
  });

  it('the factor is the least-squares one on relative error: no other is better', () => {
    const own = samples(3, (_p, rng) => 0.8 + 0.5 * rng.float(), 6, 11);
    const best = kernelFactors(own)[0]!.factor;
    const loss = (s: number) =>
      own.reduce((n, x) => n + ((s * x.computingCycles + x.waitingCycles) / x.measuredCycles - 1) ** 2, 0);
    for (const off of [0.99, 0.999, 1.001, 1.01]) expect(loss(best * off)).toBeGreaterThan(loss(best));
  });

  it('a kernel with too few layers keeps its prediction', () => {
    const few: RefitSample[] = ['a', 'b'].map((program) => ({
      program,
      index: 9,
      kernel: 'SoftmaxS8',
      computingCycles: 100,
      waitingCycles: 0,
      measuredCycles: 300,
    }));
    const { factors } = orThrow(refit([...samples(3, () => 1.1), ...few]));
    expect(factors.find((f) => f.kernel === 'SoftmaxS8')).toMatchObject({
      factor: 1,
      layers: 2,
      programs: 2,
    });
  });

  it('refuses to judge on fewer than three Programs', () => {
    expect(refit(samples(2, () => 1.25))).toMatchObject({
      ok: false,
      id: 'predict.too-few-programs',
      facts: { programs: 2, needed: 3 },
    });
    expect(refit([])).toMatchObject({ ok: false, facts: { programs: 0 } });
  });
});

describe('fidelity of predictions', () => {
  it('is the mean of the absolute relative errors, the worst of them, and their order', () => {
    const f = fidelity([
      { predicted: 110, measured: 100 },
      { predicted: 80, measured: 100 },
      { predicted: 300, measured: 200 },
    ]);
    expect(f.mape).toBeCloseTo((0.1 + 0.2 + 0.5) / 3, 12);
    expect(f.worst).toBeCloseTo(0.5, 12);
    expect(f.kendallTau).toBeCloseTo(2 / Math.sqrt(3 * 2), 12);
  });
});
