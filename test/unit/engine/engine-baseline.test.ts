/** Nothing gets slower unseen: counts of our keyword spotter on every core against the committed ones. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { growth, readBaseline, TOLERANCE_REL } from '../../bench/engine-baseline.ts';
import { boardOf, coreKeys, countModel, type CoreKey } from '../../bench/engine-counts.ts';
import { describeWith, needs, root, type Need } from '../../needs.ts';
import { buildsFor } from '../../qemu/needs.ts';

const model = 'kws-syn';
const path = join(root, `models/${model}.tflite`);
const baseline = readBaseline();

function needsOf(core: CoreKey): readonly Need[] {
  return core.startsWith('pico') ? [] : buildsFor(boardOf(core));
}

describe.each(coreKeys)('counts on %s', (core) => {
  it('have a baseline', () => {
    expect(baseline[model]?.[core]?.total).toBeGreaterThan(0);
  });

  describeWith(needsOf(core), `of ${model}`, () => {
    it(`are at most ${TOLERANCE_REL * 100} % above the baseline (npm run bench:engine -- --write-baseline)`, async () => {
      const network = await countModel(path, model, core);
      expect(growth(network!, baseline[model]?.[core])).toBeLessThanOrEqual(TOLERANCE_REL);
    });
  });
});

describe('the measurement', () => {
  it('sees a layer that takes 1 % more', () => {
    const network = {
      unit: 'cycles' as const,
      layers: [],
      total: 1_010,
      macs: 1,
      programBytes: 0,
      arenaBytes: 0,
    };
    expect(growth(network, { total: 1_000, layers: [] })).toBeGreaterThan(TOLERANCE_REL);
  });

  describeWith([needs.qemuArm, needs.armGcc], 'in QEMU', () => {
    it('counts the same twice, to the few instructions of its own resolution', async () => {
      const [a, b] = [
        await countModel(path, model, 'mps2-an386'),
        await countModel(path, model, 'mps2-an386'),
      ];
      const apart = a!.layers.map((l, i) => Math.abs(l.count - b!.layers[i]!.count));
      expect(Math.max(...apart)).toBeLessThanOrEqual(8);
    });
  });
});
