/** What goes out of a trace and comes back is the same where the format allows, and the rest is said. */
import { describe, expect, it } from 'vitest';
import { ok, orThrow, type Result } from '../../../../src-main/base/errors.ts';
import { Rng } from '../../../../src-main/base/rng.ts';
import { exportCsv } from '../../../../src-main/trace/formats/csv-export.ts';
import { exportPpkCsv, importCurrentCsv } from '../../../../src-main/trace/formats/current-csv.ts';
import type { ExportSink } from '../../../../src-main/trace/formats/exported.ts';
import type { ImportedTrace } from '../../../../src-main/trace/formats/imported.ts';
import { exportPpk2, importPpk2 } from '../../../../src-main/trace/formats/ppk2-file.ts';
import { importedHeader, writeImported } from '../../../../src-main/trace/formats/write-imported.ts';
import { float32Codec } from '../../../../src-main/trace/float32.ts';
import { CHUNK_SAMPLES } from '../../../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../../../src-main/trace/memory-store.ts';
import { Trace } from '../../../../src-main/trace/trace.ts';
import { plainCodec, plainWord } from '../plain-codec.ts';
import { plainHeader, writePlain, type Gap } from '../written-trace.ts';

/** 1.5 chunks of currents with logic that changes now and then, and two gaps. */
async function original(): Promise<Trace> {
  const rng = new Rng(9);
  let logic = 0;
  const words = Uint32Array.from({ length: 98_000 }, () => {
    if (rng.float() < 0.002) logic ^= 1 << rng.int(0, 7);
    return plainWord(rng.int(0, 4_000_000), rng.int(0, 3), logic);
  });
  const gaps: Gap[] = [
    { at: 1234, missing: 1 },
    { at: 65_500, missing: 200 },
  ];
  const store = new MemoryTraceStore({ ...plainHeader(), startedAt: '2024-05-06T07:08:09.000Z' });
  await writePlain(store, words, gaps);
  return new Trace(store, plainCodec);
}

function collector(): { sink: ExportSink; bytes: () => Uint8Array } {
  const pieces: Uint8Array[] = [];
  return {
    sink: {
      write: async (piece): Promise<Result<void>> => {
        pieces.push(Uint8Array.from(piece));
        return ok();
      },
    },
    bytes: () => Buffer.concat(pieces),
  };
}

/** Hands bytes out in pieces of a size that divides nothing. */
const opened = (bytes: Uint8Array, piece = 7919) =>
  async function* () {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  };

async function imported(file: ImportedTrace): Promise<Trace> {
  const header = importedHeader(file, 'imported');
  const store = new MemoryTraceStore(header);
  orThrow(await writeImported(file, header, store));
  return new Trace(store, float32Codec);
}

function samples(trace: Trace): Float64Array {
  const all = new Float64Array(trace.lengthSamples);
  for (let at = 0; at < all.length; at += CHUNK_SAMPLES) {
    const chunk = orThrow(trace.decodedChunk(at / CHUNK_SAMPLES));
    all.set(chunk.samples.amperes.subarray(0, chunk.length), at);
  }
  return all;
}

const edgesOf = (trace: Trace) =>
  Array.from({ length: 8 }, (_, c) => orThrow(trace.edges(c)).map((e) => [e.sample, e.level]));
const gapsOf = (trace: Trace) => orThrow(trace.gaps()).map((g) => [g.firstSample, g.missing]);

function expectSame(back: Trace, from: Trace, relative: number): void {
  expect(back.lengthSamples).toBe(from.lengthSamples);
  expect(gapsOf(back)).toEqual(gapsOf(from));
  expect(edgesOf(back)).toEqual(edgesOf(from));
  const [a, b] = [samples(back), samples(from)];
  let worst = 0;
  for (let i = 0; i < b.length; i++) {
    if (Number.isNaN(a[i]!) !== Number.isNaN(b[i]!)) worst = Infinity;
    if (b[i]! > 0) worst = Math.max(worst, Math.abs(a[i]! / b[i]! - 1));
  }
  expect(worst).toBeLessThanOrEqual(relative);
}

/** Half a unit in the last place of binary32. */
const FLOAT32 = 2 ** -24;

describe('.ppk2', () => {
  it('comes back with the same samples to float32, edges, gaps, rate and start', async () => {
    const trace = await original();
    const out = collector();
    orThrow(await exportPpk2(trace, 0, trace.lengthSamples, out.sink));
    const file = orThrow(await importPpk2(opened(out.bytes()), 'again'));
    expect(file).toMatchObject({ sampleRateHz: 100_000, startedAt: '2024-05-06T07:08:09.000Z' });
    const back = await imported(file);
    expectSame(back, trace, FLOAT32);
    // and a second time bit for bit
    const twice = collector();
    orThrow(await exportPpk2(back, 0, back.lengthSamples, twice.sink));
    const again = await imported(orThrow(await importPpk2(opened(twice.bytes(), 131), 'twice')));
    expect(samples(again)).toEqual(samples(back));
  });

  it('refuses what is none, and a session that ends within a sample', async () => {
    const trace = await original();
    const out = collector();
    orThrow(await exportPpk2(trace, 0, 5000, out.sink));
    const whole = out.bytes();
    for (const bytes of [
      new Uint8Array(0),
      whole.subarray(0, whole.length >> 1),
      new Uint8Array(500).fill(80),
    ])
      expect(await importPpk2(opened(bytes), 'x')).toMatchObject({ ok: false, id: 'trace.import-damaged' });
  });

  it('survives damage anywhere', async () => {
    const trace = await original();
    const out = collector();
    orThrow(await exportPpk2(trace, 0, 3000, out.sink));
    const rng = new Rng(3);
    const seen = new Set<string>();
    for (let i = 0; i < 150; i++) {
      const bytes = Uint8Array.from(out.bytes());
      for (let k = rng.int(1, 6); k > 0; k--) bytes[rng.int(0, bytes.length - 1)] = rng.int(0, 255);
      const file = await importPpk2(opened(bytes), 'x');
      if (!file.ok) seen.add(file.id);
      else {
        const header = importedHeader(file.value, 'x');
        const written = await writeImported(file.value, header, new MemoryTraceStore(header));
        seen.add(written.ok ? 'read' : written.id);
      }
    }
    expect([...seen].filter((id) => id !== 'read' && !id.startsWith('trace.'))).toEqual([]);
    expect(seen.has('trace.import-damaged')).toBe(true);
  });
});

describe('CSV of the Power Profiler app', () => {
  it('comes back with the same samples to float32, edges and gaps', async () => {
    const trace = await original();
    const out = collector();
    orThrow(await exportPpkCsv(trace, 0, trace.lengthSamples, out.sink));
    const text = new TextDecoder().decode(out.bytes());
    expect(text.split('\n')[0]).toBe('Timestamp(ms),Current(uA),D0-D7,D0,D1,D2,D3,D4,D5,D6,D7');
    const file = orThrow(await importCurrentCsv(opened(out.bytes()), 'again', 3));
    expectSame(await imported(file), trace, FLOAT32);
  });
});

describe('CSV of everything', () => {
  it('has every sample with all its digits, and comes back the same', async () => {
    const trace = await original();
    const out = collector();
    orThrow(await exportCsv(trace, 0, trace.lengthSamples, 'samples', out.sink));
    const rows = new TextDecoder().decode(out.bytes()).trim().split('\n');
    expect(rows).toHaveLength(1 + trace.lengthSamples);
    expect(rows[1 + 1234]).toMatch(/^1234,0\.01234,,/);
    expect(Number(rows[1 + 500]!.split(',')[2])).toBe(samples(trace)[500]);
    const file = orThrow(await importCurrentCsv(opened(out.bytes()), 'again', null));
    expectSame(await imported(file), trace, FLOAT32);
  });

  it('lists edges, gaps, marks and supplies', async () => {
    const trace = await original();
    const rowsOf = async (table: 'edges' | 'gaps' | 'supplies') => {
      const out = collector();
      orThrow(await exportCsv(trace, 0, trace.lengthSamples, table, out.sink));
      return new TextDecoder().decode(out.bytes()).trim().split('\n');
    };
    expect(await rowsOf('gaps')).toEqual([
      'sample,time_s,missing,cause',
      '1234,0.01234,1,lost',
      '65500,0.655,200,lost',
    ]);
    expect((await rowsOf('edges')).length).toBe(1 + edgesOf(trace).flat().length);
    expect((await rowsOf('supplies'))[1]).toBe('0,0,3,0.03,set-point');
  });
});

describe('CSV from elsewhere', () => {
  const text = (s: string) => opened(new TextEncoder().encode(s), 5);

  it('takes units from the head, empty cells and long steps as gaps', async () => {
    const rows = [
      'time_s;temp;Current [mA];D3',
      '0;1;1.5;0',
      '0.001;1;2.5;1',
      '0.002;1;;1',
      '0.003;1;3;0',
      '0.006;1;4;0',
    ];
    const file = orThrow(await importCurrentCsv(text(rows.join('\r\n')), 'x', 1.8));
    expect(file).toMatchObject({ sampleRateHz: 1000, dropped: ['column temp'], logicMask: 8 });
    const trace = await imported(file);
    expect([...samples(trace)].map((a) => (Number.isNaN(a) ? null : Number(a.toFixed(6))))).toEqual([
      0.0015,
      0.0025,
      null,
      0.003,
      null,
      null,
      0.004,
    ]);
    expect(orThrow(trace.supply(0, 7)).volts).toBe(1.8);
  });

  it.each([
    ['no head', '0,1\n1,2\n', 'trace.import-columns'],
    ['no unit', 'time,current\n0,1\n', 'trace.import-columns'],
    ['a word among numbers', 'time_s,current_a\n0,1\n0.1,x\n', 'trace.import-damaged'],
    ['one row', 'time_s,current_a\n0,1\n', 'trace.import-damaged'],
    ['nothing', '', 'trace.import-damaged'],
  ])('refuses %s', async (_name, content, id) => {
    expect(await importCurrentCsv(text(content), 'x', null)).toMatchObject({ ok: false, id });
  });

  it('time that goes back is refused with its line', async () => {
    const file = orThrow(
      await importCurrentCsv(text('time_s,current_a\n0,1\n0.1,1\n0.2,1\n0.1,1\n0.2,1\n'), 'x', null),
    );
    const header = importedHeader(file, 'x');
    expect(await writeImported(file, header, new MemoryTraceStore(header))).toMatchObject({
      id: 'trace.import-damaged',
      facts: { line: 5 },
    });
  });
});
