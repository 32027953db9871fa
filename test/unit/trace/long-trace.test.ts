/** Ten minutes of the benchmark's day, by the same code, and that this code writes what the recorder writes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { ppk2Codec } from '../../../src-main/monitor/ppk2/decoder.ts';
import { CHUNK_SAMPLES } from '../../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { envelope } from '../../../src-main/trace/navigation-envelope.ts';
import { histogram } from '../../../src-main/trace/navigation-histogram.ts';
import { statistics } from '../../../src-main/trace/navigation-statistics.ts';
import { nextTrigger } from '../../../src-main/trace/navigation-trigger.ts';
import { ChunkWriter } from '../../../src-main/trace/recorder.ts';
import { Trace } from '../../../src-main/trace/trace.ts';
import {
  CALIBRATION_JSON,
  decodeKinds,
  openLongTrace,
  SLEEP_AT,
  SLEEP_SAMPLES,
  wordsOfKind,
  writeLongTrace,
  type LongTrace,
} from '../../long-trace.ts';
import { close } from './timeline.ts';

const folder = mkdtempSync(join(tmpdir(), 'long-trace-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const kinds = decodeKinds();

describe('ten minutes at 100 ksps with 1 µA for 100 samples in their midst', () => {
  const path = join(folder, 'ten-minutes.mjtrace');
  let long: LongTrace;
  let trace: Trace;
  beforeAll(() => {
    writeLongTrace(path, 916);
    long = openLongTrace(path);
    trace = new Trace(long.source, ppk2Codec);
  });
  afterAll(() => long[Symbol.dispose]());

  const at = (i: number): number => {
    const chunk = Math.floor(i / CHUNK_SAMPLES);
    return kinds[long.kindOf(chunk)].samples.amperes[i % CHUNK_SAMPLES]!;
  };

  function scan(from: number, to: number) {
    let sum = 0;
    let min = Infinity;
    let max = -Infinity;
    for (let i = from; i < to; i++) {
      const a = at(i);
      sum += a;
      if (a < min) min = a;
      if (a > max) max = a;
    }
    const mean = sum / (to - from);
    let m2 = 0;
    for (let i = from; i < to; i++) m2 += (at(i) - mean) ** 2;
    return { mean, min, max, std: Math.sqrt(m2 / (to - from)) };
  }

  it('statistics of spans of every length, the whole included, equal a scan of all samples to 1e-9', () => {
    const rng = new Rng(12);
    const length = trace.lengthSamples;
    const sleep = long.sleepChunk * CHUNK_SAMPLES + SLEEP_AT;
    const spans: (readonly [number, number])[] = [
      [0, length],
      [sleep, sleep + SLEEP_SAMPLES],
      [sleep + 3, sleep + SLEEP_SAMPLES],
    ];
    for (let k = 0; k < 12; k++) {
      const n = Math.floor(100 * 50_000 ** rng.float());
      const from = Math.max(0, sleep - Math.floor(rng.float() * 2 * n));
      spans.push([from, Math.min(length, from + n)]);
    }
    for (const [from, to] of spans) {
      const truth = scan(from, to);
      const s = orThrow(statistics(trace, from, to));
      expect([s.minA, s.maxA]).toEqual([truth.min, truth.max]);
      expect(close(s.meanA, truth.mean)).toBe(true);
      // of a constant current both are rounding
      expect(close(s.stdA, truth.std) || s.stdA + truth.std < 1e-12 * truth.mean).toBe(true);
    }
  });

  it('the sleep keeps its digits: about 1 µA, although 5 mA flow around it', () => {
    const sleep = long.sleepChunk * CHUNK_SAMPLES + SLEEP_AT;
    // without the three samples that the spike filter replaces after each change of range
    const s = orThrow(statistics(trace, sleep + 3, sleep + SLEEP_SAMPLES));
    expect(s.meanA).toBeGreaterThan(0.5e-6);
    expect(s.meanA).toBeLessThan(1.5e-6);
    expect(s.stdA).toBeLessThan(1e-12);
  });

  it('2000 columns of the whole show the sleep in one of them, and each is exact', () => {
    const e = orThrow(envelope(trace, 0, trace.lengthSamples, 2000));
    const sleep = long.sleepChunk * CHUNK_SAMPLES + SLEEP_AT;
    const low = [...e.min.keys()].filter((k) => e.min[k]! < 2e-6);
    expect(low.length).toBe(1);
    const k = low[0]!;
    expect(e.borders[k]!).toBeLessThanOrEqual(sleep);
    expect(e.borders[k + 1]!).toBeGreaterThan(sleep);
    for (const j of [0, 7, k - 1, k, k + 1, 1999]) {
      const truth = scan(e.borders[j]!, e.borders[j + 1]!);
      expect([e.min[j], e.max[j]]).toEqual([truth.min, truth.max]);
      expect(close(e.mean[j]!, truth.mean)).toBe(true);
    }
  });

  it('a level trigger finds the sleep, and the least quantile is its current', () => {
    const hit = orThrow(
      nextTrigger(trace, { kind: 'level', levelA: 100e-6, direction: 'falling' }, 0, trace.lengthSamples),
    );
    const sleep = long.sleepChunk * CHUNK_SAMPLES + SLEEP_AT;
    expect(hit.kind).toBe('found');
    if (hit.kind !== 'found') return;
    expect(at(hit.sample)).toBeLessThanOrEqual(100e-6);
    expect(at(hit.sample - 1)).toBeGreaterThan(100e-6);
    expect(hit.sample - sleep).toBeLessThanOrEqual(3);
    const h = orThrow(histogram(trace, 0, trace.lengthSamples, { shares: [0, 0.5] }));
    expect(h.samples).toBe(trace.lengthSamples);
    expect(h.quantiles[0]!.value).toBeLessThan(1.5e-6);
    expect(close(h.quantiles[1]!.value, at(0), 0.05)).toBe(true);
  });
});

it('writes the rows that the recorder writes of the same words', async () => {
  const chunks = 40;
  const path = join(folder, 'equal.mjtrace');
  writeLongTrace(path, chunks);
  using long = openLongTrace(path);
  const memory = new MemoryTraceStore(long.source.header);
  const writer = new ChunkWriter(memory.header, memory, ppk2Codec);
  writer.calibration(CALIBRATION_JSON, 0, kinds.work.startState);
  for (let i = 0; i < chunks; i++) {
    writer.words(wordsOfKind(long.kindOf(i)), 0, CHUNK_SAMPLES);
    orThrow(await writer.settle());
  }
  orThrow(await writer.sync());
  for (let i = 0; i < chunks; i++) {
    for (const level of [0, 1])
      expect(Buffer.from(orThrow(long.source.summary(level, i)).bytes)).toEqual(
        Buffer.from(orThrow(memory.summary(level, i)).bytes),
      );
    expect([...orThrow(long.source.valueCounts(0, i)).bytes]).toEqual([
      ...orThrow(memory.valueCounts(0, i)).bytes,
    ]);
    expect(orThrow(long.source.chunk(i)).words).toEqual(orThrow(memory.chunk(i)).words);
  }
  for (const [level, block] of [
    [2, 0],
    [2, 1],
    [2, 2],
    [3, 0],
  ] as const)
    expect(Buffer.from(orThrow(long.source.summary(level, block)).bytes)).toEqual(
      Buffer.from(orThrow(memory.summary(level, block)).bytes),
    );
  expect([...orThrow(long.source.valueCounts(1, 1)).bytes]).toEqual([
    ...orThrow(memory.valueCounts(1, 1)).bytes,
  ]);
});
