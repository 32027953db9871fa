/** Energy of named phases above idle, against sums made here of what was put into the trace. */
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import type { MonitorAccuracy } from '../../../src-main/trace/accuracy.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { phaseEnergies } from '../../../src-main/trace/phases.ts';
import { Trace } from '../../../src-main/trace/trace.ts';
import { plainCodec, plainWord } from './plain-codec.ts';
import { plainHeader, writePlain } from './written-trace.ts';

const exact: MonitorAccuracy = {
  origin: 'test',
  gainRel: [0, 0, 0, 0],
  offsetA: [0, 0, 0, 0],
  stepA: [0, 0, 0, 0],
  clockRel: 0,
};
const VOLTS = 3;
const RATE = 100_000;
const IDLE_NA = 200_000;

/** Three phases after 0.2 s of idle; boundaries anywhere in a sample, each sample the mean over its period. */
async function threePhases(seed: number, lengthsS: readonly number[], currentsNa: readonly number[]) {
  const rng = new Rng(seed);
  const startS = 0.2 + rng.float() * 1e-5;
  const borders = [startS];
  for (const l of lengthsS) borders.push(borders.at(-1)! + l);
  const samples = Math.ceil((borders.at(-1)! + 0.05) * RATE);
  const words = new Uint32Array(samples);
  for (let i = 0; i < samples; i++) {
    let nanoA = IDLE_NA;
    for (const [k, na] of currentsNa.entries()) {
      const overlap = Math.min(borders[k + 1]! * RATE, i + 1) - Math.max(borders[k]! * RATE, i);
      if (overlap > 0) nanoA += overlap * (na - IDLE_NA);
    }
    // triangular noise of ±4 µA
    words[i] = plainWord(Math.round(nanoA + (rng.float() + rng.float() - 1) * 20_000), 2, 0);
  }
  const store = new MemoryTraceStore(plainHeader());
  await writePlain(store, words);
  const phases = currentsNa.map((_, k) => ({
    name: ['kernel load', 'input load', 'inference'][k]!,
    fromSample: borders[k]! * RATE,
    toSample: borders[k + 1]! * RATE,
  }));
  const truthJ = currentsNa.map((na, k) => VOLTS * (na - IDLE_NA) * 1e-9 * lengthsS[k]!);
  return { trace: new Trace(store, plainCodec), phases, truthJ };
}

describe('energy of phases above idle', () => {
  const idle = { fromSample: 1000, toSample: 19_000 };

  it('is within 1 % for three phases with noise, wherever their edges fall', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { trace, phases, truthJ } = await threePhases(
        seed,
        [0.0211, 0.00437, 0.0313],
        [1_900_000, 2_800_000, 4_100_000],
      );
      const result = orThrow(phaseEnergies(trace, phases, { accuracy: exact, idle }));
      expect(result.idleA).toBeCloseTo(2e-4, 6);
      for (const [k, p] of result.phases.entries()) {
        expect(Math.abs(p.netJ / truthJ[k]! - 1)).toBeLessThan(0.01);
        expect(Math.abs(p.netJ - truthJ[k]!)).toBeLessThan(p.plusMinusJ);
        // reversible: gross is there, and net is gross without idle
        expect(p.grossJ - VOLTS * result.idleA * p.durationS).toBeCloseTo(p.netJ, 12);
      }
    }
  });

  it('a phase shorter than a sample takes its share of it, within what it states', async () => {
    const { trace, phases, truthJ } = await threePhases(3, [0.0211, 4e-6, 0.0313], [1.9e6, 2.8e6, 4.1e6]);
    const short = orThrow(phaseEnergies(trace, phases, { accuracy: exact, idle })).phases[1]!;
    expect(short.durationS).toBeCloseTo(4e-6, 12);
    expect(short.netJ).toBeGreaterThan(0);
    expect(Math.abs(short.netJ - truthJ[1]!)).toBeLessThan(short.plusMinusJ);
  });

  it('a phase that draws less than idle by noise has no negative energy', async () => {
    const { trace, phases } = await threePhases(4, [0.02, 0.004, 0.03], [IDLE_NA - 2000, IDLE_NA, IDLE_NA]);
    for (const p of orThrow(phaseEnergies(trace, phases, { accuracy: exact, idle })).phases) {
      expect(p.netJ).toBeGreaterThanOrEqual(0);
      expect(p.netJ).toBeLessThan(p.plusMinusJ + 1e-7);
    }
  });

  it('refuses a phase outside the trace', async () => {
    const { trace } = await threePhases(5, [0.02, 0.004, 0.03], [1.9e6, 2.8e6, 4.1e6]);
    const beyond = [{ name: 'x', fromSample: 10, toSample: 1e9 }];
    expect(phaseEnergies(trace, beyond, { accuracy: exact, idle })).toMatchObject({ id: 'trace.bad-span' });
  });
});
