import { describe, expect, it } from 'vitest';
import { verdictWord } from '../../../src-main/contract/comparison.ts';
import { operatorCosts } from '../../../src-main/contract/operator-costs.ts';
import type { Quantity } from '../../../src-main/contract/quantity.ts';
import { compareRuns } from '../../../src-main/report/comparison.ts';
import { reportHtml } from '../../../src-main/report/html.ts';
import { reportMarkdown } from '../../../src-main/report/markdown.ts';
import { buildReport } from '../../../src-main/report/report-model.ts';
import { quantity, runFixture } from './run-fixture.ts';

const latency = (ms: number, half: number): Quantity =>
  quantity({
    value: ms * 1000,
    unit: 'us',
    interval: { method: 't', confidence: 0.95, low: (ms - half) * 1000, high: (ms + half) * 1000 },
  });

const profile = (cycles: readonly number[]) => ({
  ops: cycles.map((c, index) => ({
    index,
    kernel: index === 1 ? 'SoftmaxS8' : 'Conv2dS8',
    name: `op${index}`,
    macs: 10,
    cycles: c,
  })),
  totalCycles: cycles.reduce((a, b) => a + b, 0),
  clockHz: 125e6,
  arenaHighBytes: null,
  arenaBytes: 100,
});

const base = runFixture({ runId: 4, latency: latency(100, 1), profile: profile([900, 100]) });
const other = runFixture({ runId: 9, latency: latency(90, 1), profile: profile([700, 100]) });

describe('a run beside a baseline', () => {
  it('compares every figure both have, in the order of every table', () => {
    const compared = compareRuns(base, other);
    expect(compared).toMatchObject({ baseline: 4, runId: 9, sameBench: true });
    expect(compared.figures.map((f) => [f.figure, f.verdict])).toEqual([
      ['latency', 'better'],
      ['energy per inference', 'equal'],
    ]);
    expect(compared.figures[0]!.change).toBeCloseTo(-0.1, 12);
    expect(compared.figures[0]!.gap).toBeCloseTo(2000, 9);
  });

  it('the words are those of the figure', () => {
    expect(verdictWord({ figure: 'latency', verdict: 'worse' })).toBe('slower');
    expect(verdictWord({ figure: 'net energy per inference', verdict: 'better' })).toBe('less energy');
    expect(verdictWord({ figure: 'accuracy', verdict: "can't tell" })).toBe("can't tell");
  });

  it('energies of operators carry what is uncertain between neighbours, cycles nothing', () => {
    const layer = {
      energyUj: 12,
      netUj: null,
      durationUs: 5,
      meanCurrentA: null,
      inferences: 3,
      statisticalUj: 0.1,
      plusMinusUj: 0.4,
      commonUj: 2,
    };
    const run = { ...base, layerEnergies: [{ ...layer, index: 1 }] };
    expect(operatorCosts(run, 'cycles').map((o) => [o.value, o.plusMinus])).toEqual([
      [900, 0],
      [100, 0],
    ]);
    expect(operatorCosts(run, 'energy')).toEqual([
      { index: 1, kernel: 'SoftmaxS8', name: 'op1', value: 12, plusMinus: 0.4 },
    ]);
  });
});

describe('a report with a baseline', () => {
  const model = buildReport({ generator: 'm', system: [], runs: [other, base], baseline: 4 });

  it('has the verdicts in HTML and Markdown, and the operators that changed', () => {
    const html = reportHtml(model);
    expect(html).toContain('Compared with run 4');
    expect(html).toContain('<strong>faster</strong>');
    expect(html).toContain('−200 (−22.2 %)');
    expect(reportMarkdown(model)).toMatch(/\| latency \| run 9 \|.*−10.00 % \| faster \|/);
  });

  it('says so where no operator changed, instead of an empty chart', () => {
    const same = buildReport({
      generator: 'm',
      system: [],
      runs: [base, runFixture({ ...base, runId: 5 })],
      baseline: 4,
    });
    expect(reportHtml(same)).toContain('The same in every operator.');
  });

  it('without one, or with one that is not among the runs, compares nothing', () => {
    for (const baseline of [null, 77]) {
      const plain = buildReport({ generator: 'm', system: [], runs: [base, other], baseline });
      expect(plain).toMatchObject({ baseline: null, comparisons: [] });
      expect(reportHtml(plain)).not.toContain('Compared with');
    }
  });
});
