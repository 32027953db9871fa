/** Energy per operator, read from a trace whose current the analysis knows nothing of. */
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { windowEnergy } from '../../../src-main/trace/energy.ts';
import {
  boundaryBoundSamples,
  layerEnergies,
  type LayerEnergies,
} from '../../../src-main/trace/layer-energy.ts';
import { operatorSegments } from '../../../src-main/trace/operator-segments.ts';
import {
  measureHidden,
  randomLoad,
  type HiddenLoad,
  type HiddenOptions,
  type Measured,
} from './hidden-load.ts';

const CHANNELS = [1, 2, 3];
const SEEDS = 50;
const SAMPLE_S = 1e-5;

function analyse(m: Measured, load: HiddenLoad): LayerEnergies {
  const segments = orThrow(operatorSegments(m.trace, m.window, CHANNELS, load));
  return orThrow(layerEnergies(m.trace, segments, { accuracy: m.accuracy, idleA: m.idleA }));
}

interface Tally {
  layers: number;
  within: number;
  /** Within a tenth of what is stated: a statement that is too wide by far would pass this as well. */
  withinTenth: number;
  sharesOfLong: number[];
  worstShareOfLong: number;
  worstClosure: number;
}

async function tally(options: HiddenOptions): Promise<Tally> {
  const t: Tally = {
    layers: 0,
    within: 0,
    withinTenth: 0,
    sharesOfLong: [],
    worstShareOfLong: 0,
    worstClosure: 0,
  };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const load = randomLoad(new Rng(seed * 7919), 110, 3000);
    const m = await measureHidden(load, seed, options);
    const { layers, sumJ } = analyse(m, load);
    for (const [k, l] of layers.entries()) {
      if (load.durationsUs[k]! <= 10 * SAMPLE_S * 1e6) continue;
      t.layers++;
      if (Math.abs(l.joules - m.truthJ[k]!) <= l.plusMinusJ) t.within++;
      if (Math.abs(l.joules - m.truthJ[k]!) <= l.plusMinusJ / 10) t.withinTenth++;
      if (l.durationS >= 1e-3) t.sharesOfLong.push(l.plusMinusJ / l.joules);
      if (l.durationS >= 1e-3) t.worstShareOfLong = Math.max(t.worstShareOfLong, l.plusMinusJ / l.joules);
    }
    const whole = orThrow(windowEnergy(m.trace, m.window, { accuracy: m.accuracy })).gross.joules;
    t.worstClosure = Math.max(t.worstClosure, Math.abs((sumJ * load.inferences) / whole - 1));
  }
  return t;
}

describe(`energy per layer over ${SEEDS} seeds of the hidden current model`, () => {
  it.each([
    ['clean edges', {}],
    ['5 µs of edge jitter and 100 ppm of clock drift', { jitterUs: 5, driftPpm: 100 }],
  ])('lies within what it states in at least 95 %% of the layers: %s', async (_name, options) => {
    const t = await tally(options);
    expect(t.layers).toBeGreaterThan(400);
    expect(t.within / t.layers).toBeGreaterThanOrEqual(0.95);
    expect(t.withinTenth / t.layers).toBeLessThan(0.95);
    expect(t.worstShareOfLong).toBeLessThanOrEqual(0.05);
    const shares = t.sharesOfLong.sort((a, b) => a - b);
    expect(shares[shares.length >> 1]).toBeLessThan(0.01);
    expect(t.worstClosure).toBeLessThan(1e-9);
  });
});

const steady = { driftPpm: 0, jitterUs: 0 };

describe('one window', () => {
  it('inferences that last a whole number of samples keep the bound of half a sample a boundary', async () => {
    const load = { operators: 2, inferences: 20, durationsUs: [403.3, 596.7] };
    const m = await measureHidden(load, 3, steady);
    const segments = orThrow(operatorSegments(m.trace, m.window, CHANNELS, load));
    expect(boundaryBoundSamples(segments)).toBe(0.5);
    const { layers } = analyse(m, load);
    // every inference is sampled alike: the spread over them says nothing of the error
    for (const [k, l] of layers.entries()) {
      expect(l.bounds.edgesJ).toBeGreaterThan(20 * l.statisticalJ);
      expect(Math.abs(l.joules - m.truthJ[k]!)).toBeLessThan(l.plusMinusJ);
    }
  });

  it('inferences that fall on all places within a sample average them out', async () => {
    const load = { operators: 2, inferences: 60, durationsUs: [403.3, 602.9] };
    const m = await measureHidden(load, 3, steady);
    const bound = boundaryBoundSamples(orThrow(operatorSegments(m.trace, m.window, CHANNELS, load)));
    expect(bound).toBeLessThan(0.2);
    const { layers } = analyse(m, load);
    for (const [k, l] of layers.entries())
      expect(Math.abs(l.joules - m.truthJ[k]!)).toBeLessThan(l.plusMinusJ);
  });

  it.each([1, 2, 3])(
    '%d inferences: few say little of their spread, and the uncertainty says so',
    async (inferences) => {
      let within = 0;
      let layers = 0;
      for (let seed = 1; seed <= 20; seed++) {
        const load = { ...randomLoad(new Rng(seed * 104729), 110, 1500), inferences };
        const m = await measureHidden(load, seed, { jitterUs: 5, driftPpm: 100 });
        for (const [k, l] of analyse(m, load).layers.entries()) {
          layers++;
          if (Math.abs(l.joules - m.truthJ[k]!) <= l.plusMinusJ) within++;
          expect(l.statisticalJ).toBeGreaterThan(0);
        }
      }
      expect(within / layers).toBeGreaterThanOrEqual(0.95);
    },
  );

  it('operators shorter than a sample have no more energy than their neighbours’ current allows', async () => {
    const load = { operators: 4, inferences: 25, durationsUs: [700.1, 3.3, 2.2, 900.4] };
    const m = await measureHidden(load, 5, steady);
    const { layers } = analyse(m, load);
    for (const k of [1, 2]) {
      expect(layers[k]!.joules).toBeGreaterThanOrEqual(0);
      expect(Math.abs(layers[k]!.joules - m.truthJ[k]!)).toBeLessThan(layers[k]!.plusMinusJ);
    }
  });

  it('the last operator may be too short to be seen on the pins at all', async () => {
    const load = { operators: 3, inferences: 12, durationsUs: [700.1, 800.3, 0.4] };
    const m = await measureHidden(load, 6, steady);
    const { layers } = analyse(m, load);
    expect(layers.map((l) => l.inferences)).toEqual([12, 12, 12]);
    expect(layers[2]!.durationS).toBeLessThan(SAMPLE_S);
  });

  it('jitter of the edges shows in the spread of the lengths', async () => {
    const load = { operators: 6, inferences: 200, durationsUs: [700.1, 333.3, 500.7, 900.4, 212.9, 641.3] };
    const jitterS = async (jitterUs: number) =>
      analyse(await measureHidden(load, 7, { jitterUs }), load).edgeJitterS;
    expect(await jitterS(0)).toBeLessThan(2e-6);
    // ±20 µs uniform has a standard deviation of 20/√3 µs
    expect(await jitterS(20)).toBeCloseTo(20e-6 / Math.sqrt(3), 5);
  });

  it('net energies are gross without the idle current', async () => {
    const load = randomLoad(new Rng(11), 110, 3000);
    const m = await measureHidden(load, 8, steady);
    for (const l of analyse(m, load).layers)
      expect(l.netJ! + 3.3 * m.idleA * l.durationS).toBeCloseTo(l.joules, 12);
  });

  it('another number of operators than the pins show is refused', async () => {
    const load = { operators: 5, inferences: 12, durationsUs: [300, 400, 500, 600, 700] };
    const m = await measureHidden(load, 9, steady);
    for (const operators of [4, 6])
      expect(operatorSegments(m.trace, m.window, CHANNELS, { ...load, operators })).toMatchObject({
        ok: false,
        id: 'trace.operator-count',
      });
    // logic inputs that nobody wired
    expect(operatorSegments(m.trace, m.window, [5, 6, 7], load)).toMatchObject({
      ok: false,
      id: 'trace.no-operator-edges',
    });
  });
});
