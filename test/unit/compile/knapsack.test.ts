import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src-main/base/rng.ts';
import { selectItems, type Item, type Limits } from '../../../src-main/compile/knapsack.ts';

function randomLayers(rng: Rng, layers: number, options: number): Item[][] {
  return Array.from({ length: layers }, () =>
    Array.from({ length: rng.int(1, options) }, () => ({
      cycles: rng.int(1, 1000),
      flashBytes: 16 * rng.int(0, 60),
      ramBytes: 16 * rng.int(0, 60),
    })),
  );
}

/** Every selection, one after the other. */
function bruteForce(layers: readonly (readonly Item[])[], limits: Limits): number | null {
  let best: number | null = null;
  const go = (i: number, cycles: number, flash: number, ram: number): void => {
    if (flash > limits.flashBytes || ram > limits.ramBytes) return;
    if (i === layers.length) {
      best = best === null ? cycles : Math.min(best, cycles);
      return;
    }
    for (const o of layers[i]!) go(i + 1, cycles + o.cycles, flash + o.flashBytes, ram + o.ramBytes);
  };
  go(0, 0, 0, 0);
  return best;
}

const total = (layers: readonly (readonly Item[])[], taken: readonly number[], key: keyof Item) =>
  taken.reduce((n, o, i) => n + layers[i]![o]![key], 0);

describe('one option a layer within two limits', () => {
  it('takes as few cycles as the best of all selections, or says that none fits', () => {
    const rng = new Rng(11);
    let refused = 0;
    for (let k = 0; k < 400; k++) {
      const layers = randomLayers(rng, rng.int(1, 6), 5);
      const limits = { flashBytes: 16 * rng.int(0, 250), ramBytes: 16 * rng.int(0, 250) };
      const best = bruteForce(layers, limits);
      const found = selectItems(layers, limits);
      if (best === null) refused++;
      expect(found?.cycles ?? null).toBe(best);
      if (!found) continue;
      expect(found.boundCycles).toBe(found.cycles);
      expect(total(layers, found.taken, 'cycles')).toBe(found.cycles);
      expect(total(layers, found.taken, 'flashBytes')).toBeLessThanOrEqual(limits.flashBytes);
      expect(total(layers, found.taken, 'ramBytes')).toBeLessThanOrEqual(limits.ramBytes);
    }
    expect(refused).toBeGreaterThan(10);
    expect(refused).toBeLessThan(390);
  });

  it('without limits takes the fastest of each layer, the first of equals', () => {
    const item = (cycles: number): Item => ({ cycles, flashBytes: 1600, ramBytes: 0 });
    const limits = { flashBytes: Infinity, ramBytes: Infinity };
    expect(selectItems([[item(5), item(3), item(3)], [item(9)]], limits)).toEqual({
      taken: [1, 0],
      cycles: 12,
      boundCycles: 12,
    });
  });

  it('of very many layers stays within the limits and near its bound', () => {
    const rng = new Rng(3);
    const layers = Array.from({ length: 60 }, () =>
      Array.from({ length: 6 }, () => ({
        cycles: rng.int(1, 1_000_000),
        flashBytes: 16 * rng.int(0, 4000),
        ramBytes: 16 * rng.int(0, 4000),
      })),
    );
    const limits = { flashBytes: 60 * 16 * 1500, ramBytes: 60 * 16 * 1500 };
    const found = selectItems(layers, limits)!;
    expect(total(layers, found.taken, 'flashBytes')).toBeLessThanOrEqual(limits.flashBytes);
    expect(total(layers, found.taken, 'ramBytes')).toBeLessThanOrEqual(limits.ramBytes);
    expect(found.boundCycles).toBeLessThanOrEqual(found.cycles);
    expect(found.cycles / found.boundCycles).toBeLessThan(1.01);
  });
});
