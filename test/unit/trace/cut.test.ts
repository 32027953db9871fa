import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { PPK2_DEFAULTS } from '../../../src-main/monitor/ppk2/calibration.ts';
import { ppk2Codec } from '../../../src-main/monitor/ppk2/decoder.ts';
import { compareSpans } from '../../../src-main/trace/compare.ts';
import { clockRelation, sampleOnOther } from '../../../src-main/trace/clock-relation.ts';
import { cutHeader, cutTrace } from '../../../src-main/trace/cut.ts';
import { CHUNK_SAMPLES, newTraceHeader } from '../../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { ChunkWriter } from '../../../src-main/trace/recorder.ts';
import { Trace } from '../../../src-main/trace/trace.ts';
import { plainCodec, plainWord } from './plain-codec.ts';
import { plainHeader, writePlain } from './written-trace.ts';

/** A PPK2 that changes its range all the time, so that the spike filter has a state at every place. */
async function recorded(): Promise<MemoryTraceStore> {
  const format = {
    codecId: 'ppk2',
    sampleRateHz: 100_000,
    rangeCount: 5,
    monitor: { kind: 'ppk2', serial: null, firmware: null },
  };
  const store = new MemoryTraceStore(
    newTraceHeader(format, { traceId: 'whole', title: 'whole', source: 'emulated' }),
  );
  const writer = new ChunkWriter(store.header, store, ppk2Codec);
  writer.calibration(JSON.stringify({ calibration: PPK2_DEFAULTS, volts: 3, filtered: true }));
  writer.supply({ volts: 3, uncertaintyV: 0.01, origin: 'set-point' });
  const rng = new Rng(31);
  const block = new Uint32Array(10_000);
  let range = 0;
  for (let k = 0; k < 30; k++) {
    for (let i = 0; i < block.length; i++) {
      if (rng.float() < 0.01) range = rng.int(0, 4);
      block[i] =
        (rng.int(100, 8000) | (range << 14) | (((k * 10_000 + i) & 63) << 18) | (((i >> 9) & 1) << 24)) >>> 0;
    }
    writer.words(block, 0, block.length);
    if (k === 7) writer.gap(333, 'lost');
    if (k === 12) writer.gap(200_000, 'misaligned');
    if (k === 15) writer.supply({ volts: 1.8, uncertaintyV: 0.01, origin: 'measured' });
    if (k === 20) writer.mark('test', `block ${k}`);
    orThrow(await writer.settle());
  }
  orThrow(await writer.sync());
  return store;
}

function samplesOf(trace: Trace, from: number, to: number) {
  const amperes: number[] = [];
  const logic: number[] = [];
  for (let at = from; at < to;) {
    const index = Math.floor(at / CHUNK_SAMPLES);
    const end = Math.min(to, (index + 1) * CHUNK_SAMPLES);
    const { samples } = orThrow(trace.decodedChunk(index));
    const base = index * CHUNK_SAMPLES;
    amperes.push(...samples.amperes.subarray(at - base, end - base));
    logic.push(...samples.logic.subarray(at - base, end - base));
    at = end;
  }
  return { amperes, logic };
}

describe('a cut', () => {
  it.each([
    [0, 500_333],
    [1, 70_000],
    [12_345, 12_346],
    [79_990, 80_400],
    [80_100, 80_200],
    [65_536, 131_072],
    [150_000, 480_000],
    [200_000, 210_000],
  ])(
    'from %i to %i decodes to the same samples, with gaps, supply and marks in their place',
    async (from, to) => {
      const store = await recorded();
      const whole = new Trace(store, ppk2Codec);
      const piece = new MemoryTraceStore(cutHeader(store.header, { traceId: 'cut', title: 'cut' }, from, to));
      orThrow(await cutTrace(store, [ppk2Codec], from, to, piece));
      const cut = new Trace(piece, ppk2Codec);
      expect(cut.lengthSamples).toBe(to - from);
      expect(cut.header.cutFrom).toEqual({ traceId: 'whole', fromSample: from, toSample: to });
      const [a, b] = [samplesOf(whole, from, to), samplesOf(cut, 0, to - from)];
      expect(b.amperes).toEqual(a.amperes);
      const gaps = orThrow(whole.gaps(from, to)).map((g) => {
        const first = Math.max(g.firstSample, from);
        return { ...g, firstSample: first - from, missing: Math.min(to, g.firstSample + g.missing) - first };
      });
      expect(orThrow(cut.gaps())).toEqual(gaps);
      const supplyAt = (t: Trace, at: number) => orThrow(t.supply(at, at + 1)).volts;
      for (const at of [from, (from + to) >> 1, to - 1])
        expect(supplyAt(cut, at - from)).toBe(supplyAt(whole, at));
      expect(orThrow(cut.marks())).toEqual(
        orThrow(whole.marks(from, to)).map((m) => ({ ...m, sample: m.sample - from })),
      );
      // edges that happened inside the span: not the first sample's level, nor one in a gap that began before
      const edges = (t: Trace, x: number, y: number) =>
        orThrow(t.edges(0, x, y))
          .filter((e) => e.sample - e.uncertainSamples >= x - 1)
          .map((e) => e.sample - x);
      expect(edges(cut, 1, to - from)).toEqual(edges(whole, from + 1, to));
    },
  );
});

describe('a comparison', () => {
  async function constant(nanoAmperes: number, noise: number, seed: number): Promise<Trace> {
    const rng = new Rng(seed);
    const words = Uint32Array.from({ length: 200_000 }, () => plainWord(nanoAmperes + rng.int(0, noise)));
    const accuracy = {
      origin: 'test',
      gainRel: [0.01, 0.01, 0.01, 0.01],
      offsetA: [0, 0, 0, 0],
      stepA: [0, 0, 0, 0],
      clockRel: 0,
    };
    const header = { ...plainHeader(), accuracy, monitor: { kind: 'plain', serial: 'S1', firmware: null } };
    const store = new MemoryTraceStore(header);
    await writePlain(store, words);
    return new Trace(store, plainCodec);
  }
  const all = (trace: Trace) => ({ trace, from: 0, to: trace.lengthSamples });

  it('says lower or higher only beyond all that is uncertain; one monitor’s bound is common to both', async () => {
    const base = await constant(1_000_000, 1000, 1);
    const slightly = await constant(995_000, 1000, 2);
    const half = await constant(500_000, 1000, 3);
    const same = await constant(1_000_000, 1000, 4);
    const verdict = (a: Trace, b: Trace) => orThrow(compareSpans(all(a), all(b))).figures[0]!.verdict;
    expect(verdict(base, slightly)).toBe('lower');
    expect(verdict(slightly, base)).toBe('higher');
    expect(verdict(base, half)).toBe('lower');
    expect(verdict(base, same)).toBe("can't tell");
    expect(verdict(base, base)).toBe('equal');
    // another monitor: 0.5 % is less than 1 % of each, half is not
    const other = (t: Trace) => {
      const header = { ...t.header, monitor: { ...t.header.monitor, serial: 'S2' } };
      const source = Object.create(t.source, { header: { value: header } }) as typeof t.source;
      for (const key of ['lengthSamples', 'chunk', 'summary', 'supplies', 'calibration'] as const)
        Object.defineProperty(source, key, { value: t.source[key].bind(t.source) });
      return new Trace(source, plainCodec);
    };
    expect(verdict(base, other(slightly))).toBe("can't tell");
    expect(verdict(base, other(half))).toBe('lower');
  });
});

describe('the relation of a sample clock to the computer’s', () => {
  it('finds rate and origin of late deliveries, within its own bound', () => {
    const rng = new Rng(8);
    for (const ppm of [-80, 0, 35]) {
      const usPerSample = 10 * (1 - ppm * 1e-6);
      const points = Array.from({ length: 600 }, (_, k) => {
        const sample = k * 65_536;
        // 1 ms frames, some late by 5 ms
        const late = rng.float() < 0.01 ? 5000 * rng.float() : 1000 * rng.float();
        return { sample, hostUs: 1e6 + sample * usPerSample + late };
      });
      const r = orThrow(clockRelation(points, 100_000));
      expect(Math.abs(r.ratePpm - ppm)).toBeLessThanOrEqual(r.ratePlusMinusPpm);
      expect(Math.abs(r.ratePpm - ppm)).toBeLessThan(2);
      expect(Math.abs(r.originUs - 1e6)).toBeLessThan(200);
      for (const p of points)
        expect(p.hostUs).toBeGreaterThanOrEqual(r.originUs + p.sample * r.usPerSample - 1e-3);
    }
  });

  it('puts a sample of one trace onto the other', () => {
    const line = (originUs: number, usPerSample: number) =>
      orThrow(
        clockRelation(
          Array.from({ length: 50 }, (_, k) => ({
            sample: k * 1000,
            hostUs: originUs + k * 1000 * usPerSample,
          })),
          1e6 / usPerSample,
        ),
      );
    expect(sampleOnOther(line(500, 10), 100, line(1000, 0.5))).toBeCloseTo(1000, 6);
  });

  it('says nothing of two points', () => {
    expect(clockRelation([{ sample: 0, hostUs: 0 }], 1e5)).toMatchObject({ ok: false, id: 'trace.no-clock' });
  });
});
