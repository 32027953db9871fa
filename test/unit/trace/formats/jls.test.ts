/** JLS v2 out and in again, cut off and damaged. What another program makes of it: test/oracle/jls.test.ts. */
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../../src-main/base/crc.ts';
import { ok, orThrow } from '../../../../src-main/base/errors.ts';
import { Rng } from '../../../../src-main/base/rng.ts';
import { cutHeader, cutTrace } from '../../../../src-main/trace/cut.ts';
import { exportJls } from '../../../../src-main/trace/formats/jls-export.ts';
import { float32Codec } from '../../../../src-main/trace/float32.ts';
import { MemoryTraceStore } from '../../../../src-main/trace/memory-store.ts';
import { ChunkWriter } from '../../../../src-main/trace/recorder.ts';
import { Trace } from '../../../../src-main/trace/trace.ts';
import { plainCodec, plainWord } from '../plain-codec.ts';
import { plainHeader, writePlain } from '../written-trace.ts';
import { amperesOf, edgesOf, gapsOf, jlsOf, openJls, traceOf, writtenTrace } from './jls-bytes.ts';

const header = { ...plainHeader(), startedAt: '2024-05-06T07:08:09.250Z', logicMask: 0x85 };

/** Currents of up to 4 mA, three channels that change now and then, two gaps, two supplies, two marks. */
async function original(samples: number): Promise<Trace> {
  const rng = new Rng(samples);
  let logic = 0x81;
  const store = new MemoryTraceStore(header);
  const writer = new ChunkWriter(header, store, plainCodec);
  writer.calibration('{}');
  writer.supply({ volts: 3, uncertaintyV: 0.03, origin: 'set-point' });
  const words = Uint32Array.from({ length: samples }, () => {
    if (rng.float() < 0.002) logic ^= 1 << rng.int(0, 7);
    return plainWord(rng.int(0, 4_000_000), rng.int(0, 3), logic);
  });
  const third = Math.floor(samples / 3);
  writer.words(words, 0, third);
  writer.gap(11, 'lost');
  writer.mark('trace.flag', 'a: b');
  writer.words(words, third, 2 * third);
  writer.supply({ volts: 1.8, uncertaintyV: 0.01, origin: 'measured' });
  writer.mark('other', '');
  writer.words(words, 2 * third, samples);
  writer.gap(9, 'misaligned');
  orThrow(await writer.sync());
  return new Trace(store, plainCodec);
}

describe('JLS', () => {
  it.each([20, 127, 128, 9000, 82_000, 200_000])(
    'gives %i samples back to float32, with edges, gaps, marks, supplies and start',
    async (samples) => {
      const trace = await original(samples);
      const back = await traceOf(await jlsOf(trace, [{ fromSample: 5, toSample: 9, text: 'odd, "here"' }]));
      expect(back.header).toMatchObject({
        startedAt: header.startedAt,
        logicMask: 0x85,
        sampleRateHz: 100_000,
        source: 'emulated',
        monitor: header.monitor,
      });
      expect(back.lengthSamples).toBe(trace.lengthSamples);
      expect(amperesOf(back)).toEqual(Float64Array.from(amperesOf(trace), Math.fround));
      expect(edgesOf(back)).toEqual(edgesOf(trace));
      expect(gapsOf(back)).toEqual(gapsOf(trace));
      expect(back.source.supplies()).toEqual(trace.source.supplies());
      const marks = [...orThrow(trace.marks()), { sample: 5, kind: 'annotation', detail: 'odd, "here"' }];
      expect(orThrow(back.marks())).toEqual(marks.sort((a, b) => a.sample - b.sample));
    },
  );

  it('of a span begins with what is in force there', async () => {
    const trace = await original(90_000);
    const [from, to] = [70_000, 80_500];
    const back = await traceOf(await jlsOf(trace, [], from, to));
    expect(amperesOf(back)).toEqual(Float64Array.from(amperesOf(trace).subarray(from, to), Math.fround));
    expect(back.header.startedAt).toBe('2024-05-06T07:08:09.950Z');
    expect(orThrow(back.supply(0, 10)).volts).toBe(1.8);
  });

  it('refuses a sample rate that is no whole number, before anything is written', async () => {
    const store = new MemoryTraceStore({ ...plainHeader(), sampleRateHz: 976.5625 });
    await writePlain(store, Uint32Array.of(1, 2, 3));
    const writes: number[] = [];
    const sink = {
      writeAt: async (at: number) => {
        writes.push(at);
        return ok();
      },
    };
    expect(await exportJls(new Trace(store, plainCodec), 0, 3, sink)).toMatchObject({
      id: 'trace.export-rate',
    });
    expect(writes).toEqual([]);
  });
});

/** Rewrites the CRC of the chunk header at `at`. */
function sealHeader(bytes: Uint8Array, at: number): void {
  const view = new DataView(bytes.buffer);
  view.setUint32(at + 28, crc32c(bytes.subarray(at, at + 28)), true);
}

function* chunks(bytes: Uint8Array): Generator<{ at: number; tag: number; meta: number; length: number }> {
  const view = new DataView(bytes.buffer);
  for (let at = 32; at < bytes.length;) {
    const length = view.getUint32(at + 20, true);
    yield { at, tag: view.getUint8(at + 16), meta: view.getUint16(at + 18, true), length };
    at += 32 + (length > 0 ? Math.ceil((length + 4) / 8) * 8 : 0);
  }
}

describe('a damaged JLS file', () => {
  it('cut off anywhere gives its first samples or a clear error', async () => {
    const trace = await original(20_000);
    const whole = await jlsOf(trace);
    const expected = Float64Array.from(amperesOf(trace), Math.fround);
    let longest = 0;
    for (let size = 0; size < whole.length; size += size < 4096 ? 64 : 1024) {
      const file = openJls(whole.slice(0, size));
      if (!file.ok) {
        expect(['trace.import-damaged', 'trace.import-no-current']).toContain(file.id);
        continue;
      }
      expect(file.value.dropped.join()).toContain('cut off');
      const back = amperesOf(orThrow(await writtenTrace(file.value)));
      expect(back).toEqual(expected.subarray(0, back.length));
      longest = Math.max(longest, back.length);
    }
    expect(longest).toBe(expected.length);
  });

  it('with flipped bits never gives a wrong sample', async () => {
    const trace = await original(20_000);
    const whole = await jlsOf(trace);
    const expected = Float64Array.from(amperesOf(trace), Math.fround);
    const rng = new Rng(8);
    const seen = { same: 0, marked: 0, refused: 0 };
    for (let k = 0; k < 120; k++) {
      const bytes = Uint8Array.from(whole);
      // headers and definitions are at the beginning: half of the damage goes there
      for (let n = rng.int(1, 3); n > 0; n--)
        bytes[rng.int(0, k % 2 ? 4000 : bytes.length - 1)]! ^= 1 << rng.int(0, 7);
      const file = openJls(bytes);
      if (!file.ok) {
        expect(file.id).toMatch(/^trace\.import-/);
        seen.refused++;
        continue;
      }
      const back = orThrow(await writtenTrace(file.value));
      const amperes = amperesOf(back);
      expect(amperes.every((a, i) => Number.isNaN(a) || Object.is(a, expected[i]))).toBe(true);
      const marked = orThrow(back.marks()).some((m) => m.kind === 'trace.import-damaged');
      if (marked || file.value.dropped.length > 0) seen.marked++;
      else seen.same++;
    }
    expect(seen.marked).toBeGreaterThan(20);
    expect(seen.refused).toBeGreaterThan(5);
  });

  it('a chunk whose samples are damaged becomes a gap with a mark', async () => {
    const bytes = await jlsOf(await original(40_000));
    const data = [...chunks(bytes)].filter((c) => c.tag === 0x22 && c.meta === 1)[2]!;
    bytes[data.at + 1000]! ^= 1;
    const back = await traceOf(bytes);
    expect(gapsOf(back)).toContainEqual([16_384, 8192]);
    expect(orThrow(back.marks())).toContainEqual({
      sample: 16_384,
      kind: 'trace.import-damaged',
      detail: '8192 samples in a damaged chunk',
    });
  });

  it('marks where levels of a logic channel are lost', async () => {
    const bytes = await jlsOf(await original(40_000));
    const data = [...chunks(bytes)].find((c) => c.tag === 0x22 && c.meta === 4)!;
    bytes[data.at + 1000]! ^= 1;
    const marks = orThrow((await traceOf(bytes)).marks()).filter((m) => m.kind === 'trace.import-damaged');
    expect(marks.map((m) => [m.sample, m.detail])).toEqual([
      [0, 'D2: levels in a damaged chunk are taken as low'],
    ]);
  });

  it('takes samples that were left out from their summary where that says all of them', async () => {
    const store = new MemoryTraceStore(plainHeader());
    await writePlain(
      store,
      Uint32Array.from({ length: 30_000 }, (_, i) => plainWord(i < 20_000 ? 1000 : i)),
    );
    const bytes = await jlsOf(new Trace(store, plainCodec));
    const [first, , third] = [...chunks(bytes)].filter((c) => c.tag === 0x22 && c.meta === 1);
    const index = [...chunks(bytes)].find((c) => c.tag === 0x23 && c.meta === 0x1001)!;
    const view = new DataView(bytes.buffer);
    for (const [k, chunk] of [
      [0, first!],
      [2, third!],
    ] as const) {
      view.setUint8(chunk.at + 16, 0x7f);
      sealHeader(bytes, chunk.at);
      view.setBigUint64(index.at + 32 + 16 + 8 * k, 0n, true);
    }
    const payload = bytes.subarray(index.at + 32, index.at + 32 + index.length);
    const end = index.at + 32 + Math.ceil((index.length + 4) / 8) * 8;
    view.setUint32(end - 4, crc32c(payload), true);
    const back = amperesOf(await traceOf(bytes));
    expect(back.length).toBe(30_000);
    expect(new Set(back.subarray(0, 19_968))).toEqual(new Set([Math.fround(1e-6)]));
    // an entry in which the current changes tells no sample
    expect(back.subarray(19_968, 24_576).every(Number.isNaN)).toBe(true);
    expect(back[24_576]).toBe(Math.fround(24_576e-9));
  });
});

describe('a cut of an imported trace', () => {
  it('keeps the edges that came beside its samples', async () => {
    const whole = await traceOf(await jlsOf(await original(200_000)));
    const [from, to] = [61_234, 140_001];
    const store = new MemoryTraceStore(cutHeader(whole.header, { traceId: 'cut', title: 'cut' }, from, to));
    orThrow(await cutTrace(whole.source, [float32Codec], from, to, store));
    const cut = new Trace(store, float32Codec);
    expect(amperesOf(cut)).toEqual(amperesOf(whole).slice(from, to));
    const inside = edgesOf(whole).map((edges) =>
      edges
        .filter(([sample]) => sample! > from && sample! < to)
        .map(([sample, level]) => [sample! - from, level]),
    );
    expect(inside.flat().length).toBeGreaterThan(50);
    // a level that is high at the cut is an edge of the first sample
    expect(edgesOf(cut).map((edges) => edges.filter(([sample]) => sample !== 0))).toEqual(inside);
    const before = edgesOf(whole).map(
      (edges) => edges.filter(([sample]) => sample! <= from).at(-1)?.[1] ?? 0,
    );
    expect(edgesOf(cut).map((edges) => (edges[0]?.[0] === 0 ? 1 : 0))).toEqual(before);
  });
});
