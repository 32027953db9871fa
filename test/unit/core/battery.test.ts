/** Duty cycles of stored runs: what of their uncertainty reaches the life of a battery. */
import { describe, expect, it } from 'vitest';
import { ok, orThrow } from '../../../src-main/base/errors.ts';
import type { Quantity, RunResult } from '../../../src-main/contract/index.ts';
import { batteryOf, type BatterySources } from '../../../src-main/core/battery.ts';

const quantity = (value: number, more: object): Quantity =>
  ({
    value,
    source: 'measured',
    interval: { method: 't', confidence: 0.95, low: null, high: null },
    systematic: null,
    ...more,
  }) as unknown as Quantity;

/** 100 µJ − 4 + 6 (95 %) ± 5 (bound) in 20 ms. */
const energy = quantity(100, {
  interval: { method: 't', confidence: 0.95, low: 96, high: 106 },
  systematic: { combined: 'linear', plusMinus: 5, parts: [] },
});

function sources(energyPerInference: Quantity | null): BatterySources {
  return {
    result: (runId) =>
      ok({
        runId,
        status: 'finished',
        plan: { mode: 'energy' },
        latency: quantity(20_000, {}),
        energyPerInference,
      } as unknown as RunResult),
    trace: {
      statistics: () => {
        throw new Error('no trace was named');
      },
    },
  };
}

const request = {
  battery: { capacityMah: 1000, volts: 3, efficiency: 1 },
  sleepUw: { value: 10, plusMinus: 1 },
  runs: [{ runId: 3, everyS: 1 }],
  spans: [],
};

describe('a battery for the inferences of a run', () => {
  it('lasts by energy per inference, with the wider side of its interval and its bound', () => {
    const life = orThrow(batteryOf(request, sources(energy)));
    // 100 µJ every second, and 98 % of the time 10 µW
    expect(life.meanPowerUw.value).toBeCloseTo(109.8, 9);
    expect(life.meanPowerUw.plusMinus).toBeCloseTo(11 + 0.98, 9);
    expect(life.hours).toBeCloseTo(3e6 / 109.8, 6);
    expect(life.lowHours).toBeCloseTo(3e6 / (109.8 + 11.98), 6);
    expect(life.shares.map((s) => s.time)).toEqual([0.02, 0.98]);
    expect(life.notes).toEqual([]);
  });

  it('says what is unknown of its interval', () => {
    const bare = quantity(100, { source: 'emulated' });
    expect(orThrow(batteryOf(request, sources(bare))).notes).toEqual([
      'run 3, one inference: its energy is emulated',
      'run 3, one inference: its statistical interval is unknown',
      'run 3, one inference: the bound of its monitor is unknown',
    ]);
  });

  it('needs a run with an energy', () => {
    expect(batteryOf(request, sources(null))).toMatchObject({ id: 'predict.no-energy', facts: { run: 3 } });
  });
});
