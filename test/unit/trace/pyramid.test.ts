import { beforeAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { LEVEL_SAMPLES } from '../../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { Trace } from '../../../src-main/trace/trace.ts';
import { plainCodec, plainWord } from './plain-codec.ts';
import { plainHeader, writePlain, type Gap } from './written-trace.ts';

/** The straightforward statistics of [from, to), two passes, missing samples left out. */
function bruteForce(timeline: Float64Array, logic: Uint8Array, from: number, to: number) {
  let sum = 0;
  let valid = 0;
  let min = Infinity;
  let max = -Infinity;
  let or = 0;
  let and = 255;
  for (let i = from; i < to; i++) {
    const a = timeline[i]!;
    if (Number.isNaN(a)) continue;
    valid++;
    sum += a;
    min = Math.min(min, a);
    max = Math.max(max, a);
    or |= logic[i]!;
    and &= logic[i]!;
  }
  let m2 = 0;
  for (let i = from; i < to; i++) if (!Number.isNaN(timeline[i]!)) m2 += (timeline[i]! - sum / valid) ** 2;
  return { sum, valid, min, max, m2, or, and };
}

function close(a: number, b: number, relative = 1e-9): boolean {
  return Math.abs(a - b) <= relative * Math.max(Math.abs(a), Math.abs(b));
}

const SAMPLES = 1_300_000;

describe('hierarchical sums', () => {
  const words = new Uint32Array(SAMPLES);
  const gaps: Gap[] = [];
  let timeline = new Float64Array();
  let logic = new Uint8Array();
  let trace: Trace;

  beforeAll(async () => {
    const rng = new Rng(8);
    for (let i = 0; i < SAMPLES; i++) {
      const level = Math.floor(i / 5000) % 3 === 0 ? 3_000_000 : 700;
      words[i] = plainWord(level + rng.int(0, 400), Math.floor(i / 777) % 4, rng.int(0, 255));
    }
    let at = 500;
    for (let g = 0; g < 60; g++)
      gaps.push({ at: (at += rng.int(63, 22_000)), missing: g === 30 ? 140_000 : rng.int(1, 200) });
    const missing = gaps.reduce((sum, g) => sum + g.missing, 0);
    timeline = new Float64Array(SAMPLES + missing);
    logic = new Uint8Array(timeline.length);
    let word = 0;
    let next = 0;
    for (let i = 0; i < timeline.length;) {
      if (next < gaps.length && gaps[next]!.at === i) {
        timeline.fill(NaN, i, i + gaps[next]!.missing);
        i += gaps[next++]!.missing;
        // a gap that begins inside another one is shifted behind it by the writer
        while (next < gaps.length && gaps[next]!.at < i) gaps[next] = { ...gaps[next]!, at: i };
        continue;
      }
      timeline[i] = ((words[word]! & 0xffffff) >>> 2) * 1e-9;
      logic[i] = words[word]! >>> 24;
      word++;
      i++;
    }
    const store = new MemoryTraceStore(plainHeader());
    await writePlain(store, words, gaps);
    trace = new Trace(store, plainCodec);
  });

  it('the timeline is as long as what came and what is missing', () => {
    expect(trace.lengthSamples).toBe(timeline.length);
  });

  it('equal a brute-force scan to 1e-9 over random spans of every length', () => {
    const rng = new Rng(21);
    for (let k = 0; k < 150; k++) {
      const length = Math.floor(10 ** (rng.float() * Math.log10(timeline.length)));
      const from = rng.int(0, timeline.length - length - 1);
      const truth = bruteForce(timeline, logic, from, from + length + 1);
      const span = orThrow(trace.span(from, from + length + 1));
      const { sums } = span;
      expect(sums.valid).toBe(truth.valid);
      expect(span.missingSamples).toBe(length + 1 - truth.valid);
      if (truth.valid === 0) continue;
      expect(close(sums.sum, truth.sum)).toBe(true);
      expect(close(sums.m2, truth.m2) || sums.m2 < 1e-24).toBe(true);
      expect([sums.min, sums.max, sums.or, sums.and]).toEqual([truth.min, truth.max, truth.or, truth.and]);
      expect(
        close(
          sums.rangeSum.reduce((a, b) => a + b),
          truth.sum,
        ),
      ).toBe(true);
      expect(sums.rangeSamples.reduce((a, b) => a + b)).toBe(truth.valid);
    }
  });

  it('every bucket of every level equals a scan of its samples', () => {
    for (const level of [0, 1, 2, 3]) {
      const size = LEVEL_SAMPLES[level]!;
      const whole = Math.floor(trace.settledSamples / size);
      const result = trace.eachBucket(level, 0, whole, (row, i, bucket) => {
        if (bucket % 37 !== 0 && level < 2) return;
        const truth = bruteForce(timeline, logic, bucket * size, (bucket + 1) * size);
        expect(row.valid[i]).toBe(truth.valid);
        if (truth.valid === 0) return;
        expect(close(row.sum[i]!, truth.sum)).toBe(true);
        expect([row.min[i], row.max[i], row.or[i], row.and[i]]).toEqual([
          truth.min,
          truth.max,
          truth.or,
          truth.and,
        ]);
        expect(close(row.m2[i]!, truth.m2) || row.m2[i]! < 1e-24).toBe(true);
      });
      expect(result.ok).toBe(true);
    }
  });

  it('a sample is constant over its period: fractional ends weigh it', () => {
    const [a, b, c] = [timeline[100]!, timeline[101]!, timeline[102]!];
    expect(close(orThrow(trace.span(100.25, 102.5)).ampereSamples, 0.75 * a + b + 0.5 * c)).toBe(true);
    expect(close(orThrow(trace.span(101.2, 101.7)).ampereSamples, 0.5 * b)).toBe(true);
    expect(orThrow(trace.span(101.2, 101.7)).coveredSamples).toBeCloseTo(0.5, 12);
  });

  it('spans of neighbours add up to the span of both, wherever the border lies', () => {
    const whole = orThrow(trace.span(1000, 400_000)).ampereSamples;
    for (const cut of [1000.5, 65_536, 70_000.25, 131_072, 262_144, 399_999.9]) {
      const left = orThrow(trace.span(1000, cut)).ampereSamples;
      const right = orThrow(trace.span(cut, 400_000)).ampereSamples;
      expect(close(left + right, whole)).toBe(true);
    }
  });

  it.each([
    [-1, 5],
    [5, 5],
    [9, 5],
    [0, 1e12],
    [NaN, 5],
  ])('refuses the span %s to %s', (from, to) => {
    expect(trace.span(from, to)).toMatchObject({ ok: false, id: 'trace.bad-span' });
  });
});

describe('a short sleep in a long trace', () => {
  it('1 µA for 1 ms amid a minute at 4 mA keeps its digits', async () => {
    const samples = 6_000_000;
    const words = new Uint32Array(samples).fill(plainWord(4_000_000));
    const at = 3_141_592;
    words.fill(plainWord(1000), at, at + 100);
    const store = new MemoryTraceStore(plainHeader());
    await writePlain(store, words);
    const trace = new Trace(store, plainCodec);
    const sleep = orThrow(trace.span(at, at + 100));
    expect(close(sleep.ampereSamples, 100 * 1e-6, 1e-12)).toBe(true);
    const whole = orThrow(trace.span(0, samples));
    expect(close(whole.ampereSamples, (samples - 100) * 4e-3 + 100e-6)).toBe(true);
    expect(close(whole.sums.min, 1e-6)).toBe(true);
  });
});
