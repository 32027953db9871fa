import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import type { MonitorAccuracy } from '../../../src-main/trace/accuracy.ts';
import { rangeSystematics } from '../../../src-main/trace/accuracy.ts';
import { windowEnergy } from '../../../src-main/trace/energy.ts';
import { ChunkWriter } from '../../../src-main/trace/recorder.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { Trace } from '../../../src-main/trace/trace.ts';
import { windowsOf } from '../../../src-main/trace/windows.ts';
import { plainCodec, plainWord } from './plain-codec.ts';
import { plainHeader, writePlain, type Gap } from './written-trace.ts';

const exact: MonitorAccuracy = {
  origin: 'test',
  gainRel: [0, 0, 0, 0],
  offsetA: [0, 0, 0, 0],
  stepA: [0, 0, 0, 0],
  clockRel: 0,
};

/** 1.1 s of 1 mA, a window of 0.5 s of 3 mA, 0.1 s of 1 mA; volts 3. */
async function oneWindow(gaps: readonly Gap[] = [], idleNanoA = 1_000_000): Promise<Trace> {
  const words = new Uint32Array(170_000);
  words.fill(plainWord(idleNanoA, 2, 0), 0, 110_000);
  words.fill(plainWord(3_000_000, 3, 1), 110_000, 160_000);
  words.fill(plainWord(idleNanoA, 2, 0), 160_000);
  const store = new MemoryTraceStore(plainHeader());
  await writePlain(store, words, gaps);
  return new Trace(store, plainCodec);
}

function firstWindow(trace: Trace) {
  return windowsOf(orThrow(trace.edges(0)))[0]!;
}

describe('energy of a window', () => {
  it('is voltage × current × time, gross and net of idle', async () => {
    const trace = await oneWindow();
    const energy = orThrow(windowEnergy(trace, firstWindow(trace), { accuracy: exact }));
    expect(energy.durationS).toBe(0.5);
    expect(energy.gross.joules).toBeCloseTo(3 * 3e-3 * 0.5, 12);
    expect(energy.net!.joules).toBeCloseTo(3 * 2e-3 * 0.5, 12);
    expect(energy.idle).toMatchObject({ coverage: 1 });
    expect(energy.idle!.meanA).toBeCloseTo(1e-3, 12);
    expect(energy.notes).toEqual([]);
  });

  it('keeps the systematic parts apart and adds them linearly', async () => {
    const trace = await oneWindow();
    const accuracy = {
      ...exact,
      gainRel: [0, 0, 0.5, 0.02],
      offsetA: [0, 0, 0, 1e-5],
      stepA: [0, 0, 0, 4e-6],
      clockRel: 1e-4,
    };
    const { gross, net } = orThrow(windowEnergy(trace, firstWindow(trace), { accuracy }));
    const s = gross.systematic;
    expect(s.gainJ).toBeCloseTo(0.02 * gross.joules, 12);
    expect(s.offsetJ).toBeCloseTo(3 * 1e-5 * 0.5, 12);
    expect(s.quantisationJ).toBeCloseTo(3 * 2e-6 * 0.5, 12);
    expect(s.clockJ).toBeCloseTo(1e-4 * gross.joules, 12);
    expect(s.supplyJ).toBeCloseTo(0.01 * gross.joules, 12);
    // each edge is known to one sample period of at most 3 mA
    expect(s.edgesJ).toBeCloseTo(2 * 3 * 3e-3 * 1e-5, 12);
    expect(gross.systematicJ).toBeCloseTo(
      s.gainJ + s.offsetJ + s.quantisationJ + s.clockJ + s.supplyJ + s.edgesJ,
      12,
    );
    // window and idle lie in different ranges: both gain errors count
    expect(net!.systematic.gainJ).toBeCloseTo(0.02 * gross.joules + 0.5 * 3 * 1e-3 * 0.5, 12);
  });

  it('a gain error common to window and idle acts on the difference only', () => {
    const accuracy = { ...exact, gainRel: [0, 0, 0, 0.1] };
    const parts = rangeSystematics(accuracy, { samples: [0, 0, 0, 0], ampereSamples: [0, 0, 0, 2] }, 1);
    expect(parts.gainJ).toBeCloseTo(0.2, 12);
  });

  it('missing samples lower the coverage and widen the bound; no value is made up', async () => {
    const clean = await oneWindow();
    const lossy = await oneWindow([{ at: 120_000, missing: 5000 }]);
    const a = orThrow(windowEnergy(clean, firstWindow(clean), { accuracy: exact }));
    const b = orThrow(windowEnergy(lossy, firstWindow(lossy), { accuracy: exact }));
    expect(b.coverage).toBeCloseTo(50_000 / 55_000, 12);
    expect(b.missingSamples).toBe(5000);
    expect(b.coveredChargeC).toBeCloseTo(a.coveredChargeC, 15);
    expect(b.minA).toBe(a.minA);
    expect(b.notes).toEqual(['missing-samples:5000']);
    // constant current: nothing that could hide in the gap was seen
    expect(b.gross.systematic.lossJ).toBeLessThan(1e-15);
  });

  it('a gap across the window’s edge shows as the uncertainty of that edge', async () => {
    const trace = await oneWindow([{ at: 110_000, missing: 40 }]);
    const window = firstWindow(trace);
    expect(window.startUncertainSamples).toBe(41);
    const { gross } = orThrow(windowEnergy(trace, window, { accuracy: exact }));
    expect(gross.systematic.edgesJ).toBeCloseTo((41 + 1) * 3 * 3e-3 * 1e-5, 12);
  });

  it('gives no net energy without a second of idle before, and says why', async () => {
    const words = new Uint32Array(90_000);
    words.fill(plainWord(1000, 0, 0), 0, 50_000);
    words.fill(plainWord(2000, 0, 1), 50_000, 80_000);
    const store = new MemoryTraceStore(plainHeader());
    await writePlain(store, words);
    const trace = new Trace(store, plainCodec);
    const energy = orThrow(windowEnergy(trace, firstWindow(trace), { accuracy: exact }));
    expect(energy.net).toBeNull();
    expect(energy.notes[0]).toMatch(/^idle-too-short/);
  });

  it('flags an idle that is not steady', async () => {
    const words = new Uint32Array(170_000);
    for (let i = 0; i < words.length; i++)
      words[i] = plainWord(
        i < 60_000 ? 1_000_000 : i < 110_000 ? 2_000_000 : 3_000_000,
        0,
        i >= 110_000 && i < 160_000 ? 1 : 0,
      );
    const store = new MemoryTraceStore(plainHeader());
    await writePlain(store, words);
    const trace = new Trace(store, plainCodec);
    const energy = orThrow(windowEnergy(trace, firstWindow(trace), { accuracy: exact }));
    expect(energy.notes[0]).toMatch(/^idle-not-steady/);
  });

  it('does not guess a voltage, nor take the mean of two', async () => {
    const trace = await oneWindow();
    const store = new MemoryTraceStore(plainHeader());
    const writer = new ChunkWriter(store.header, store, plainCodec);
    writer.calibration('{}');
    writer.words(new Uint32Array(100).fill(plainWord(5, 0, 1)), 0, 100);
    orThrow(await writer.sync());
    const window = { ...firstWindow(trace), startSample: 10, endSample: 20 };
    expect(windowEnergy(new Trace(store, plainCodec), window, { accuracy: exact })).toMatchObject({
      ok: false,
      id: 'trace.no-supply',
    });
    writer.supply({ volts: 3, uncertaintyV: 0, origin: 'set-point' });
    writer.words(new Uint32Array(100).fill(plainWord(5, 0, 1)), 0, 100);
    writer.supply({ volts: 3.3, uncertaintyV: 0, origin: 'set-point' });
    writer.words(new Uint32Array(100).fill(plainWord(5, 0, 1)), 0, 100);
    orThrow(await writer.sync());
    const across = { ...window, startSample: 150, endSample: 250 };
    expect(windowEnergy(new Trace(store, plainCodec), across, { accuracy: exact })).toMatchObject({
      ok: false,
      id: 'trace.supply-changed',
    });
  });

  it('a window of which nothing arrived has no energy', async () => {
    const trace = await oneWindow([{ at: 111_000, missing: 3000 }]);
    const window = { ...firstWindow(trace), startSample: 111_500, endSample: 112_500 };
    expect(windowEnergy(trace, window, { accuracy: exact })).toMatchObject({
      ok: false,
      id: 'trace.window-empty',
    });
  });
});

describe('windows from edges', () => {
  const edge = (sample: number, level: 0 | 1, uncertainSamples = 1) => ({
    sample,
    channel: 0,
    level,
    uncertainSamples,
  });

  it('pairs rising and falling edges', () => {
    expect(windowsOf([edge(5, 1), edge(9, 0), edge(20, 1), edge(30, 0), edge(40, 1)])).toMatchObject([
      { ordinal: 0, startSample: 5, endSample: 9 },
      { ordinal: 1, startSample: 20, endSample: 30 },
    ]);
  });

  it('leaves out a window that was open when the recording began', () => {
    expect(
      windowsOf([edge(0, 1, Number.MAX_SAFE_INTEGER), edge(9, 0), edge(20, 1), edge(30, 0)]),
    ).toMatchObject([{ ordinal: 0, startSample: 20 }]);
  });
});
