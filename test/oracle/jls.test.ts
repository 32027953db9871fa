/** JLS both ways against the format's own library: what it reads of our files, and what we read of its. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { MemoryTraceStore } from '../../src-main/trace/memory-store.ts';
import { Trace } from '../../src-main/trace/trace.ts';
import { describeWith, needs, python } from '../needs.ts';
import { plainCodec, plainWord } from '../unit/trace/plain-codec.ts';
import { plainHeader, writePlain } from '../unit/trace/written-trace.ts';
import {
  amperesOf,
  edgesOf,
  gapsOf,
  jlsOf,
  openJls,
  traceOf,
  writtenTrace,
} from '../unit/trace/formats/jls-bytes.ts';

/**
 * Reads our file, writes the same samples with the library itself, and compares what the library makes of both: the
 * statistics of its own file are the measure for ours.
 */
const READ = `
import sys, json, numpy as np
from pyjls import Reader, Writer, SignalType, DataType
path, raw, other = sys.argv[1:4]
x = np.fromfile(raw, dtype=np.float32)
with Writer(other) as w:
    w.source_def(source_id=1, name='s', vendor='v', model='m', version='1', serial_number='1')
    w.signal_def(1, source_id=1, signal_type=SignalType.FSR, data_type=DataType.F32, sample_rate=100000, name='current', units='A')
    w.fsr_f32(1, 0, x)
out = {}
with Reader(path) as r, Reader(other) as o:
    c = r.signal_lookup('current')
    out['signal'] = [c.length, c.sample_rate, c.units]
    out['equal'] = bool(np.array_equal(r.fsr(c.signal_id, 0, c.length), x, equal_nan=True))
    d = r.signal_lookup('D2')
    out['bits'] = d.length - c.length
    bits = np.unpackbits(r.fsr(d.signal_id, 0, d.length), bitorder='little')[:c.length]
    out['edges'] = [[int(i) + 1, int(bits[i + 1])] for i in np.nonzero(np.diff(bits))[0]][:2000]
    worst = 0.0
    compared = 0
    for increment in (1, 7, 100, 128, 1000, 2560, 10000, 51200, 300000):
        for start in (0, 1, 777, 81920, 100000):
            # its writer loses a last data chunk of less than one summary entry; ours is read whole
            n = (min(c.length, o.signals[1].length) - start) // increment
            if n < 1: continue
            for length in {1, min(n, 2000)}:
                a = r.fsr_statistics(c.signal_id, start, increment, length)
                b = o.fsr_statistics(1, start, increment, length)
                # where the library's upper summaries meet missing samples its own deviation is NaN
                there = np.isfinite(b)
                compared += int(there.sum())
                worst = max(worst, float(np.max(np.abs(a[there] - b[there]), initial=0)))
    out['statistics'] = [compared, worst]
    utc = []
    r.utc(c.signal_id, 0, lambda e: utc.extend([int(v) for v in row] for row in e))
    out['utc'] = utc
    notes = []
    r.annotations(c.signal_id, 0, lambda t, y, kind, group, data: notes.append([t, kind, group, data]) and False)
    out['notes'] = [len(notes), notes[0], notes[-1]]
    user = []
    r.user_data(lambda meta, data: user.append(data) and False)
    out['user'] = user
    out['source'] = r.source_lookup(1).model
print(json.dumps(out))
`;

const WRITE = `
import sys, json, numpy as np
from pyjls import Writer, SignalType, DataType, AnnotationType
path, raw = sys.argv[1:3]
rng = np.random.default_rng(5)
n = 300000
with Writer(path) as w:
    w.source_def(source_id=1, name='scope', vendor='v', model='JS', version='1.2', serial_number='77')
    def signal(i, name, units, kind, rate=100000):
        w.signal_def(i, source_id=1, signal_type=SignalType.FSR, data_type=kind, sample_rate=rate, name=name, units=units)
    signal(1, 'voltage', 'V', DataType.F32)
    signal(2, 'current', 'mA', DataType.F32)
    signal(3, 'gpi[0]', '', DataType.U1)
    signal(4, 'other', 'uA', DataType.I16)
    signal(5, 'wide', 'A', DataType.F64)
    signal(6, 'slow', 'A', DataType.U8, 1000)
    x = rng.gamma(2.0, 1.0, n).astype(np.float32)
    x[5000:5100] = np.nan
    x.tofile(raw)
    first = 12345
    for at in range(0, n, 7001):
        w.fsr_f32(2, first + at, x[at:at + 7001])
        w.fsr_f32(1, first + at, np.full(len(x[at:at + 7001]), 3.25, dtype=np.float32) + np.float32(0.01) * (at % 2))
    bits = ((np.arange(n) // 1237) & 1).astype(np.uint8)
    w.fsr(3, first, np.packbits(bits, bitorder='little'))
    w.fsr(4, 0, (np.arange(50000) % 4001 - 2000).astype(np.int16))
    w.fsr(5, 0, np.arange(20000, dtype=np.float64) / 3)
    w.fsr(6, 0, (np.arange(3000) % 256).astype(np.uint8))
    w.annotation(2, first + 1000, float('nan'), AnnotationType.TEXT, 0, 'hello')
    w.annotation(2, first + 2000, float('nan'), AnnotationType.VMARKER, 0, '1')
    w.annotation(2, first + 2500, float('nan'), AnnotationType.USER, 0, b'xyz')
    w.utc(2, first + 100000, (200000000 << 30))
`;

describeWith([needs.python], 'JLS and its own library', () => {
  const dir = mkdtempSync(join(tmpdir(), 'microjoule-jls-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const run = (script: string, ...args: string[]) =>
    execFileSync(python!, ['-c', script, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

  // one data chunk, one summary chunk and a little more, several levels
  it.each([
    [60, []],
    [81_950, []],
    [1_700_123, [{ at: 200_000, missing: 90_000 }]],
  ])('reads all of what we write: %i samples', async (samples, gaps) => {
    const words = Uint32Array.from({ length: samples }, (_, i) =>
      plainWord((i * 7919) % 4_000_000, 1, (Math.floor(i / 900) % 2) << 2),
    );
    const store = new MemoryTraceStore({ ...plainHeader(), startedAt: '2024-05-06T07:08:09.250Z' });
    await writePlain(store, words, gaps);
    const trace = new Trace(store, plainCodec);
    const notes = Array.from({ length: 230 }, (_, i) => ({
      fromSample: i % 60,
      toSample: 99,
      text: `note ${i}`,
    }));
    const [path, raw] = [join(dir, `${samples}.jls`), join(dir, `${samples}.raw`)];
    writeFileSync(path, await jlsOf(trace, notes));
    writeFileSync(raw, new Uint8Array(Float32Array.from(amperesOf(trace)).buffer));
    const seen = JSON.parse(run(READ, path, raw, join(dir, 'theirs.jls'))) as {
      statistics: [number, number];
      utc: number[][];
      user: { supplies: unknown }[];
      edges: number[][];
    };
    expect(seen).toMatchObject({
      signal: [trace.lengthSamples, 100_000, 'A'],
      equal: true,
      // its reader takes whole bytes
      bits: (8 - (trace.lengthSamples % 8)) % 8,
      source: 'plain',
      notes: [230, [0, 1, 2, 'note 0'], [59, 1, 2, expect.stringMatching(/^note \d+$/)]],
    });
    expect(seen.edges).toEqual(edgesOf(trace)[2]!.filter(([sample]) => sample !== 0));
    // currents of up to 4 mA: to the last digits of a binary32
    const [compared, worst] = seen.statistics;
    expect(compared).toBeGreaterThan(100);
    expect(worst).toBeLessThan(4e-3 * 2e-6);
    const seconds = Date.parse('2024-05-06T07:08:09.250Z') / 1000 - Date.UTC(2018, 0, 1) / 1000;
    expect(seen.utc[0]).toEqual([0, seconds * 2 ** 30]);
    expect(seen.user[0]).toMatchObject({ supplies: [{ volts: 3, sample: 0, uncertaintyV: 0.03 }] });
  });

  it('writes what we read: samples, unit, logic, gap, supply, marks, start', async () => {
    const [path, raw] = [join(dir, 'scope.jls'), join(dir, 'scope.raw')];
    run(WRITE, path, raw);
    const bytes = new Uint8Array(readFileSync(path));
    const milliA = new Float32Array(new Uint8Array(readFileSync(raw)).buffer);
    const file = orThrow(openJls(bytes));
    expect(file).toMatchObject({ sampleRateHz: 100_000, logicMask: 1 });
    expect(file.monitor).toEqual({ kind: 'JS', serial: '77', firmware: '1.2' });
    expect(file.dropped).toEqual([
      'samples of voltage: steady, kept as one supply voltage',
      '1 annotations that are no text, or damaged',
      'signal other [uA]',
      'signal wide [A]',
      'signal slow [A]',
    ]);
    // sample 100 000 was at second 200 000 000 of JLS time
    expect(file.startedAt).toBe(new Date(Date.UTC(2018, 0, 1) + 200_000_000e3 - 1000).toISOString());
    const trace = orThrow(await writtenTrace(file));
    expect(amperesOf(trace)).toEqual(Float64Array.from(milliA, (a) => a * 1e-3));
    expect(gapsOf(trace)).toEqual([[5000, 100]]);
    expect(edgesOf(trace)[0]).toEqual(
      Array.from({ length: Math.floor(299_999 / 1237) }, (_, k) => [(k + 1) * 1237, (k + 1) % 2]),
    );
    const supply = orThrow(trace.supply(0, 1000));
    expect(supply.volts).toBeCloseTo(3.255, 6);
    expect(supply.uncertaintyV).toBeCloseTo(0.005, 6);
    expect(orThrow(trace.marks())).toEqual([
      { sample: 1000, kind: 'annotation', detail: 'hello' },
      { sample: 2000, kind: 'marker', detail: '1' },
    ]);
    const other = orThrow(await writtenTrace(orThrow(openJls(bytes, 'other'))));
    expect(amperesOf(other).subarray(3999, 4003)).toEqual(
      Float64Array.of(1999e-6, 2000e-6, -2000e-6, -1999e-6).map((a) => Math.fround(a * 1e6) * 1e-6),
    );
    const wide = orThrow(openJls(bytes, 'wide'));
    expect(wide.dropped).toContain('digits of the current beyond float32');
    expect(amperesOf(orThrow(await writtenTrace(wide)))[19_999]).toBe(Math.fround(19_999 / 3));
    const slow = orThrow(openJls(bytes, 'slow'));
    expect(slow.dropped).toContain('logic signal gpi[0]: its sample rate is another');
    expect(amperesOf(orThrow(await writtenTrace(slow)))[300]).toBe(44);
    expect(openJls(bytes, 'voltage')).toMatchObject({ id: 'trace.import-no-current' });
  });

  it('summarises as we do: every entry of every level of its file, of the same samples', async () => {
    const path = join(dir, 'scope.jls');
    run(WRITE, path, join(dir, 'scope.raw'));
    const theirs = new Uint8Array(readFileSync(path));
    const ours = await jlsOf(await traceOf(theirs));
    const [a, b] = [summaries(theirs, 2), summaries(ours, 1)];
    expect(b.map((s) => [s.level, s.figures.length])).toEqual(a.map((s) => [s.level, s.figures.length]));
    expect(a.length).toBeGreaterThan(5);
    let compared = 0;
    for (const [k, { figures }] of a.entries())
      for (const [i, v] of figures.entries()) {
        // mA there, A here; its deviation over entries with missing samples is NaN
        if (Number.isNaN(v)) continue;
        expect(Math.abs(b[k]!.figures[i]! - v * 1e-3)).toBeLessThan(
          2e-6 * Math.max(1e-3, Math.abs(v) * 1e-3),
        );
        compared++;
      }
    expect(compared).toBeGreaterThan(9000);
  });
});

/** The summaries of a signal, level by level. A walk of its own: only lengths and tags. */
function summaries(bytes: Uint8Array, signal: number): { level: number; figures: Float32Array }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const found: { level: number; figures: Float32Array }[] = [];
  for (let at = 32; at < bytes.length;) {
    const length = view.getUint32(at + 20, true);
    const meta = view.getUint16(at + 18, true);
    if (bytes[at + 16] === 0x24 && (meta & 0xff) === signal)
      found.push({
        level: meta >> 12,
        figures: new Float32Array(bytes.slice(at + 48, at + 32 + length).buffer),
      });
    at += 32 + (length > 0 ? Math.ceil((length + 4) / 8) * 8 : 0);
  }
  return found.sort((a, b) => a.level - b.level);
}
