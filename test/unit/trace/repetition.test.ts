/** Inferences found in the current alone. */
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { findRepetition } from '../../../src-main/trace/repetition.ts';
import { Trace } from '../../../src-main/trace/trace.ts';
import { plainCodec, plainWord } from './plain-codec.ts';
import { plainHeader, writePlain } from './written-trace.ts';

const RATE = 100_000;

/** `levelsNa` of equal length, one after the other, over and over with a period of `periodS`. */
async function repeating(periodS: number, levelsNa: readonly number[], seconds: number, noiseNa: number) {
  const rng = new Rng(5);
  const words = Uint32Array.from({ length: seconds * RATE }, (_, i) => {
    const phase = (i / RATE / periodS) % 1;
    const nanoA = levelsNa[Math.floor(phase * levelsNa.length)]!;
    return plainWord(Math.round(nanoA + (rng.float() + rng.float() - 1) * noiseNa), 2, 0);
  });
  const store = new MemoryTraceStore(plainHeader());
  await writePlain(store, words);
  return new Trace(store, plainCodec);
}

const levels = [1.6e6, 2.8e6, 1.8e6, 3.7e6, 2.2e6, 3.4e6, 2e6, 3.3e6];
const meanA = levels.reduce((a, b) => a + b, 0) / levels.length / 1e9;

describe('inferences without a sync pin', () => {
  it.each([0.00173, 0.0213, 0.14871])(
    'finds a period of %s s and the energy of one inference',
    async (periodS) => {
      const trace = await repeating(periodS, levels, 3, 4e5);
      const found = orThrow(findRepetition(trace, 20_000, 280_000));
      expect(Math.abs(found.periodS - periodS)).toBeLessThan(found.periodPlusMinusS + 1e-7);
      expect(found.confidence).toBeGreaterThan(0.85);
      expect(found.energyPerPeriodJ / (3 * meanA * periodS)).toBeCloseTo(1, 2);
    },
  );

  it.each([434.95e-6, 434.5e-6, 435e-6, 583.3e-6, 216.7e-6, 1295e-6])(
    'a period of %s s, which is no whole number of samples, is not taken for a multiple of it',
    async (periodS) => {
      const trace = await repeating(periodS, [0.5e6, 4e6, 0.8e6, 2e6], 1, 5e4);
      for (const [from, to] of [
        [20_000, 90_000],
        [20_000, 22_000],
      ] as const) {
        const found = orThrow(findRepetition(trace, from, to));
        expect(Math.abs(found.periodS / periodS - 1)).toBeLessThan(2e-3);
      }
    },
  );

  it('takes the period, not its multiple, and not the shorter likeness within', async () => {
    // two nearly equal halves: the half period is alike, the whole one is the same
    const trace = await repeating(0.02, [1.6e6, 3.7e6, 2.4e6, 1.6e6, 3.7e6, 3e6], 3, 2e4);
    expect(orThrow(findRepetition(trace, 0, 300_000)).periodS).toBeCloseTo(0.02, 5);
  });

  it('the confidence falls with the noise, and below one half it refuses', async () => {
    const weak = levels.map((l) => 2e6 + l / 10);
    const confident = async (noiseNa: number) => {
      const trace = await repeating(0.0213, weak, 2.5, noiseNa);
      return orThrow(findRepetition(trace, 0, 250_000, { leastConfidence: 0 })).confidence;
    };
    // variance of the levels, and of triangular noise of ±a: a²/6
    const mean = weak.reduce((s, l) => s + l, 0) / weak.length;
    const signal = weak.reduce((s, l) => s + (l - mean) ** 2, 0) / weak.length;
    for (const noiseNa of [5e4, 3e5])
      expect(await confident(noiseNa)).toBeCloseTo(signal / (signal + noiseNa ** 2 / 6), 1);
    const trace = await repeating(0.0213, weak, 2.5, 3e5);
    expect(findRepetition(trace, 0, 250_000)).toMatchObject({ ok: false, id: 'trace.no-repetition' });
  });

  it('noise and a constant do not repeat', async () => {
    const noise = await repeating(1, [2e6], 1, 4e5);
    expect(findRepetition(noise, 0, 100_000)).toMatchObject({ ok: false, id: 'trace.no-repetition' });
    const constant = await repeating(1, [2e6], 1, 0);
    expect(findRepetition(constant, 0, 100_000)).toMatchObject({ ok: false, id: 'trace.no-repetition' });
  });
});
