import { describe, expect, it } from 'vitest';
import { fail, ok, orThrow, type Result } from '../../../src-main/base/errors.ts';
import type { TraceBatch } from '../../../src-main/trace/chunk-store.ts';
import { CHUNK_SAMPLES } from '../../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { ChunkWriter } from '../../../src-main/trace/recorder.ts';
import { Trace } from '../../../src-main/trace/trace.ts';
import { plainCodec, plainWord } from './plain-codec.ts';
import { plainHeader } from './written-trace.ts';

const block = new Uint32Array(20_000).fill(plainWord(1000));

describe('the chunk writer', () => {
  it('commits at least once a second of data, at every rate', async () => {
    for (const rate of [1000, 4000, 100_000, 2_000_000]) {
      const lengths: number[] = [0];
      const store = new MemoryTraceStore(plainHeader(rate));
      const commit = store.commit.bind(store);
      store.commit = async (b) => {
        lengths.push(b.lengthSamples);
        return commit(b);
      };
      const writer = new ChunkWriter(store.header, store, plainCodec);
      writer.calibration('{}');
      const piece = Math.min(block.length, rate / 50);
      for (let n = 0; n < 5 * rate; n += piece) {
        writer.words(block, 0, piece);
        orThrow(await writer.settle());
      }
      for (let i = 1; i < lengths.length; i++)
        expect(lengths[i]! - lengths[i - 1]!).toBeLessThanOrEqual(rate);
      expect(5 * rate - lengths.at(-1)!).toBeLessThanOrEqual(rate);
    }
  });

  it('keeps the order of commits when a reader asks for one in the midst of another', async () => {
    const seen: number[] = [];
    const release: (() => void)[] = [];
    const slow = {
      async commit(b: TraceBatch): Promise<Result<void>> {
        if (seen.push(b.lengthSamples) === 1) await new Promise<void>((resolve) => release.push(resolve));
        return ok();
      },
      finish: async () => ok(),
    };
    const writer = new ChunkWriter(plainHeader(), slow, plainCodec);
    writer.calibration('{}');
    for (let k = 0; k < 4; k++) writer.words(block, 0, block.length);
    const first = writer.settle();
    writer.words(block, 0, 100);
    const second = writer.sync();
    await Promise.resolve();
    expect(seen).toEqual([CHUNK_SAMPLES]);
    expect(writer.committedSamples).toBe(0);
    release[0]!();
    orThrow(await first);
    orThrow(await second);
    expect(seen).toEqual([CHUNK_SAMPLES, 80_100]);
    expect(writer.committedSamples).toBe(80_100);
  });

  it('is readable up to its last sync while it goes on, and the last chunk grows', async () => {
    const store = new MemoryTraceStore(plainHeader());
    const writer = new ChunkWriter(store.header, store, plainCodec);
    writer.calibration('{}');
    const trace = new Trace(store, plainCodec);
    for (let k = 1; k <= 12; k++) {
      writer.words(block, 0, block.length);
      orThrow(await writer.sync());
      const n = k * block.length;
      expect(trace.lengthSamples).toBe(n);
      expect(orThrow(trace.span(0, n)).sums.sum).toBeCloseTo(n * 1e-6, 9);
      expect(orThrow(trace.span(n - 10, n)).sums.valid).toBe(10);
    }
  });

  it('refuses samples before a calibration, and a second calibration in mid-stream', async () => {
    const store = new MemoryTraceStore(plainHeader());
    const early = new ChunkWriter(store.header, store, plainCodec);
    early.words(block, 0, 10);
    expect(await early.settle()).toMatchObject({ ok: false, id: 'trace.no-calibration' });
    const late = new ChunkWriter(store.header, store, plainCodec);
    late.calibration('{}');
    late.words(block, 0, 10);
    late.calibration('{}');
    expect(await late.settle()).toMatchObject({ ok: false, id: 'trace.calibration-changed' });
  });

  it('stays stopped after a sink failed', async () => {
    const store = new MemoryTraceStore(plainHeader());
    store.commit = async () => fail('trace.disk-full', {}, 'test', 'test');
    const writer = new ChunkWriter(store.header, store, plainCodec);
    writer.calibration('{}');
    writer.words(block, 0, 10);
    expect(await writer.sync()).toMatchObject({ id: 'trace.disk-full' });
    writer.words(block, 0, 10);
    writer.gap(5, 'lost');
    expect(writer.lengthSamples).toBe(10);
    expect(await writer.sync()).toMatchObject({ id: 'trace.disk-full' });
  });
});
