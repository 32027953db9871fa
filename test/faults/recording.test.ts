/** What may happen to a recording: the process killed, the disk slow, full or damaged, somebody else reading. */
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ok, orThrow, type Result } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { Traces } from '../../src-main/core/traces.ts';
import { ThreadedTraceFile } from '../../src-main/store/threaded-trace-file.ts';
import { TraceFile } from '../../src-main/store/trace-file.ts';
import type { ChunkSink, TraceBatch } from '../../src-main/trace/chunk-store.ts';
import { float32Calibration, float32Codec } from '../../src-main/trace/float32.ts';
import { newTraceHeader } from '../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../src-main/trace/memory-store.ts';
import { ChunkWriter } from '../../src-main/trace/recorder.ts';
import { recordTrace } from '../../src-main/trace/recording.ts';
import { Trace } from '../../src-main/trace/trace.ts';
import { currentAt, twoChannelSource } from '../two-channel-source.ts';
import { plainCodec, plainWord } from '../unit/trace/plain-codec.ts';
import { plainHeader, writePlain } from '../unit/trace/written-trace.ts';

const folder = mkdtempSync(join(tmpdir(), 'recording-faults-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let serial = 0;
const fresh = () => join(folder, `${serial++}.mjtrace`);

const noReferences = { pathOf: () => ok(null), all: () => ok([]) };
const openTraces = () =>
  new Traces({ tracesDir: folder, nowIso: () => '2001-02-03T04:05:06Z', known: noReferences });

describe('kill -9 in mid-recording', () => {
  it('costs at most a second, and the trace is closed as interrupted when it is opened next', async () => {
    const path = fresh();
    const child = spawn(process.execPath, [join(import.meta.dirname, 'recording-child.ts'), path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let given = 0;
    await new Promise<void>((resolve) =>
      child.stdout.on('data', (d: Buffer) => {
        given = Number(d.toString().trim().split('\n').at(-1));
        if (given > 230_000) resolve();
      }),
    );
    child.kill('SIGKILL');
    await new Promise((resolve) => child.on('close', resolve));
    await using traces = openTraces();
    const info = orThrow(traces.info(path));
    expect(info).toMatchObject({ state: 'stopped-by-failure', reason: 'interrupted' });
    expect(info.lengthSamples).toBeGreaterThanOrEqual(given - 100_000);
    expect(existsSync(`${path}-wal`)).toBe(false);
    const s = orThrow(traces.statistics({ trace: path, fromSample: 0, toSample: info.lengthSamples }));
    expect(s.missingSamples).toBe(0);
    expect(s.minA).toBe(0);
    expect(s.maxA).toBeCloseTo(999e-6, 9);
  });

  it('a trace that a living process records is left alone', async () => {
    const path = fresh();
    using file = orThrow(TraceFile.create(path, plainHeader()));
    await writePlain(file, new Uint32Array(70_000).fill(plainWord(7)));
    using reader = orThrow(TraceFile.open(path));
    expect(reader.state()).toBe('recording');
    expect(reader.interrupted()).toBe(false);
  });
});

/** A sink that takes nothing until it is released. */
function stalled(behind: ChunkSink): ChunkSink & { release: () => void } {
  let release = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  return {
    release,
    commit: async (batch: TraceBatch) => {
      await gate;
      return behind.commit(batch);
    },
    finish: (state, reason) => behind.finish(state, reason),
  };
}

describe('a writer that stalls', () => {
  it('for a second of two channels at 2 Msps costs no sample, and nobody waits for it', async () => {
    const source = twoChannelSource(2_000_000);
    const store = new MemoryTraceStore(
      newTraceHeader(source.streamFormat, { traceId: 't', title: 't', source: 'emulated' }),
    );
    const sink = stalled(store);
    const writer = new ChunkWriter(store.header, sink, float32Codec, {
      moreCodecs: [float32Codec],
      whenFull: 'gap',
    });
    for (const channel of [0, 1]) writer.calibration(float32Calibration(), channel);
    const words = new Uint32Array(20_000);
    for (let sent = 0; sent < 2_000_000; sent += words.length) {
      for (const channel of [0, 1]) writer.words(words, 0, words.length, channel);
      // resolves at once although nothing was written
      orThrow(await writer.settle());
    }
    expect(writer.committedSamples).toBe(0);
    expect(writer.ringPeakBytes).toBeGreaterThan(1e6);
    sink.release();
    orThrow(await writer.sync());
    expect([writer.committedSamples, writer.missingSamples]).toEqual([2_000_000, 0]);
  });

  it('because another program holds the file for 250 ms costs no sample', async () => {
    const path = fresh();
    const source = twoChannelSource(100_000);
    const header = newTraceHeader(source.streamFormat, { traceId: 't', title: 't', source: 'emulated' });
    await using store = orThrow(await ThreadedTraceFile.create(path, header));
    const recording = recordTrace(source, store, float32Codec, {
      moreCodecs: [float32Codec],
      whenFull: 'gap',
      maxSamples: 3_000_000,
    });
    const other = new Database(path);
    other.exec('BEGIN IMMEDIATE');
    await sleep(250);
    other.exec('ROLLBACK');
    other.close();
    expect(await recording.ended).toMatchObject({
      kind: 'complete',
      committedSamples: 3_000_000,
      missingSamples: 0,
    });
  });

  it('for longer than the ring lasts: a gap of its own cause, and every sample after it in its place', async () => {
    const store = new MemoryTraceStore(plainHeader());
    const sink = stalled(store);
    const writer = new ChunkWriter(store.header, sink, plainCodec, {
      whenFull: 'gap',
      ringBytes: 1_000_000,
    });
    writer.calibration('{}');
    const block = new Uint32Array(10_000);
    let given = 0;
    const give = async (blocks: number) => {
      for (let k = 0; k < blocks; k++) {
        for (let i = 0; i < block.length; i++) block[i] = plainWord((given + i) % 4_000_000);
        writer.words(block, 0, block.length);
        given += block.length;
        orThrow(await writer.settle());
      }
    };
    await give(100);
    expect(writer.missingSamples).toBeGreaterThan(300_000);
    expect(writer.ringPeakBytes).toBeLessThan(1_500_000);
    sink.release();
    await new Promise((resolve) => setImmediate(resolve));
    await give(50);
    orThrow(await writer.sync());
    const trace = new Trace(store, plainCodec);
    expect(trace.lengthSamples).toBe(given);
    const gaps = orThrow(trace.gaps());
    expect(gaps.length).toBe(1);
    expect(gaps[0]!.cause).toBe('writer-overrun');
    const [from, to] = [gaps[0]!.firstSample, gaps[0]!.firstSample + gaps[0]!.missing];
    expect(orThrow(trace.span(0, given)).missingSamples).toBe(to - from);
    for (const at of [0, from - 1, to, given - 1])
      expect(orThrow(trace.span(at, at + 1)).ampereSamples).toBeCloseTo((at % 4_000_000) * 1e-9, 15);
    expect(orThrow(trace.span(from, to)).coveredSamples).toBe(0);
  });

  it('holds a simulated source back instead, without a gap', async () => {
    const store = new MemoryTraceStore(plainHeader());
    const sink = stalled(store);
    const writer = new ChunkWriter(store.header, sink, plainCodec, { ringBytes: 500_000 });
    writer.calibration('{}');
    const block = new Uint32Array(70_000).fill(plainWord(3));
    let given = 0;
    const feeding = (async () => {
      for (let k = 0; k < 20; k++) {
        writer.words(block, 0, block.length);
        given += block.length;
        orThrow(await writer.settle());
      }
    })();
    await new Promise((resolve) => setImmediate(resolve));
    expect(given).toBeLessThan(20 * 70_000);
    sink.release();
    await feeding;
    orThrow(await writer.sync());
    expect([writer.committedSamples, writer.missingSamples]).toEqual([20 * 70_000, 0]);
  });
});

describe('a disk that fills up', () => {
  it('stops the recording while it can still be closed: a clear end, and all that was committed', async () => {
    const path = fresh();
    let free = 1e9;
    const source = twoChannelSource(100_000);
    const header = newTraceHeader(source.streamFormat, { traceId: 't', title: 't', source: 'emulated' });
    const options = { minFreeBytes: 5e8, freeBytes: () => (free -= 1e7) };
    let committed: number;
    {
      using file = orThrow(TraceFile.create(path, header, options));
      const end = await recordTrace(source, file, float32Codec, { moreCodecs: [float32Codec] }).ended;
      expect(end).toMatchObject({ kind: 'failed', failure: { id: 'trace.disk-low' } });
      expect(end.failure!.next).toMatch(/Free space/);
      committed = end.committedSamples;
    }
    expect(committed).toBeGreaterThan(1_000_000);
    expect(existsSync(`${path}-wal`)).toBe(false);
    using file = orThrow(TraceFile.open(path));
    expect([file.state(), orThrow(file.reason())]).toEqual(['stopped-by-failure', 'trace.disk-low']);
    expect(file.lengthSamples()).toBe(committed);
    const last = orThrow(new Trace(file, float32Codec).span(committed - 1, committed)).ampereSamples;
    expect(last).toBe(currentAt((committed - 1) % 640_000));
  });

  it('has no room to begin with: refused before a file is made', () => {
    const path = fresh();
    expect(TraceFile.create(path, plainHeader(), { minFreeBytes: 100, freeBytes: () => 99 })).toMatchObject({
      ok: false,
      id: 'trace.disk-low',
    });
    expect(existsSync(path)).toBe(false);
  });
});

describe('reading while it is recorded', () => {
  it('a second reader follows the growing end, and what it saw never changes', async () => {
    const path = fresh();
    const source = twoChannelSource(100_000);
    const header = newTraceHeader(source.streamFormat, { traceId: 't', title: 't', source: 'emulated' });
    await using store = orThrow(await ThreadedTraceFile.create(path, header));
    const recording = recordTrace(source, store, float32Codec, {
      moreCodecs: [float32Codec],
      maxSamples: 6_000_000,
    });
    await using traces = openTraces();
    let seen = 0;
    let looks = 0;
    let first = NaN;
    while (seen < 6_000_000) {
      const info = orThrow(traces.info(path));
      expect(info.lengthSamples).toBeGreaterThanOrEqual(seen);
      seen = info.lengthSamples;
      looks++;
      if (seen > 640_000) {
        const half = orThrow(traces.statistics({ trace: path, fromSample: 0, toSample: 640_000 }));
        if (Number.isNaN(first)) first = half.meanA;
        expect(half.meanA).toBe(first);
        const tail = orThrow(traces.statistics({ trace: path, fromSample: seen - 10, toSample: seen }));
        expect(tail.missingSamples).toBe(0);
        const volts = { trace: path, fromSample: seen - 10, toSample: seen, channel: 1 };
        expect(orThrow(traces.statistics(volts)).meanA).toBeCloseTo(3.3, 1);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(looks).toBeGreaterThan(5);
    expect(await recording.ended).toMatchObject({ kind: 'complete', missingSamples: 0 });
  });
});

describe('a damaged trace file', () => {
  const good = fresh();
  const request = (trace: string, fromSample: number, toSample: number) => ({ trace, fromSample, toSample });

  beforeAll(async () => {
    const header = { ...newPlain(), codecId: 'float32', rangeCount: 1 };
    using file = orThrow(TraceFile.create(good, header));
    const writer = new ChunkWriter(header, file, float32Codec);
    writer.calibration(float32Calibration());
    writer.supply({ volts: 3, uncertaintyV: 0.01, origin: 'measured' });
    const values = new Float32Array(50_000);
    for (let k = 0; k < 8; k++) {
      for (let i = 0; i < values.length; i++) values[i] = ((k * 50_000 + i) % 977) * 1e-6;
      writer.words(new Uint32Array(values.buffer), 0, values.length);
      if (k % 3 === 1) writer.gap(100 + k, 'lost');
      writer.mark('test', `block ${k}`);
      orThrow(await writer.settle());
    }
    orThrow(await writer.sync());
    orThrow(await file.finish('complete', 'stopped'));
  });

  function newPlain() {
    const accuracy = { origin: 'test', gainRel: [0.01], offsetA: [0], stepA: [0], clockRel: 0 };
    return { ...plainHeader(), accuracy };
  }

  /** Everything that can be asked, each as what it gives. */
  async function answers(path: string): Promise<string[]> {
    await using traces = openTraces();
    const info = traces.info(path);
    const asked: Result<unknown>[] = [
      info,
      traces.statistics(request(path, 0, 400_209)),
      traces.statistics(request(path, 1000.5, 65_000)),
      traces.statistics(request(path, 131_072, 327_680)),
      traces.envelope(request(path, 0, 400_209), 300),
      traces.histogram(request(path, 100, 400_000)),
      traces.spectrum(request(path, 0, 40_000), 1024),
      traces.nextTrigger(request(path, 0, 400_209), { kind: 'level', levelA: 900e-6, direction: 'rising' }),
      traces.markers(request(path, 0, 400_209)),
    ];
    return asked.map((r) =>
      r.ok
        ? JSON.stringify(r.value, (key, v: unknown) =>
            key === 'path' ? '' : v instanceof Float64Array || v instanceof Uint8Array ? [...v] : v,
          )
        : `failed ${r.id}`,
    );
  }

  function withoutEnergy(answer: string): string {
    const value = JSON.parse(answer) as { energy?: unknown; noEnergy?: { id: string } | null };
    if (value.noEnergy) expect(value.energy).toBeNull();
    return value.noEnergy === undefined ? answer : JSON.stringify({ ...value, energy: null, noEnergy: null });
  }

  it('never crashes and never gives another number: the old answer, or a failure', async () => {
    const truth = await answers(good);
    expect(truth.filter((a) => a.startsWith('failed'))).toEqual([]);
    const bytes = readFileSync(good);
    const rng = new Rng(2024);
    let failures = 0;
    for (let round = 0; round < 120; round++) {
      const path = fresh();
      const damaged = Buffer.from(bytes);
      if (round % 4 === 3) {
        // a page that the disk lost
        const page = rng.int(0, Math.floor(bytes.length / 32_768) - 1);
        damaged.fill(round % 8 === 3 ? 0 : 0xa5, page * 32_768, (page + 1) * 32_768);
      } else
        for (let k = 0; k <= round % 3; k++) {
          // structure and small tables lie at the beginnings and ends of pages
          const page = rng.int(0, Math.floor(bytes.length / 32_768) - 1) * 32_768;
          const at = round % 2 === 0 ? page + rng.int(0, 600) : page + 32_767 - rng.int(0, 600);
          damaged[at]! ^= 1 << rng.int(0, 7);
        }
      writeFileSync(path, damaged);
      const got = await answers(path);
      for (const [k, answer] of got.entries()) {
        if (answer.startsWith('failed')) {
          failures++;
          expect(answer).toMatch(/^failed trace\./);
        } else {
          // an energy may be missing, with its reason
          const same = answer === truth[k] || withoutEnergy(answer) === withoutEnergy(truth[k]!);
          expect(same, `round ${round}, answer ${k}: ${answer.slice(0, 300)}`).toBe(true);
        }
      }
      rmSync(path);
    }
    expect(failures).toBeGreaterThan(50);
  });

  it('a supply, an edge list or a length that was edited is refused, not believed', async () => {
    const edits: readonly (readonly [string, string])[] = [
      ['UPDATE supply SET volts = 30', 'trace.damaged-row'],
      ["UPDATE meta SET value = '300000' WHERE key = 'length'", 'trace.damaged-row'],
      [
        "UPDATE meta SET value = replace(value, '100000', '200000') WHERE key = 'header'",
        'trace.damaged-row',
      ],
      ['UPDATE calibration SET json = \'{"amperesPerUnit":2}\'', 'trace.damaged-row'],
      ['UPDATE gap SET missing = missing + 1', 'trace.damaged-row'],
      ['DELETE FROM gap WHERE first_sample = 100000', 'trace.damaged-row'],
      ['DELETE FROM supply', 'trace.damaged-row'],
      ['UPDATE chunk SET length = 99 WHERE idx = 0', 'trace.damaged'],
      ['DELETE FROM chunk WHERE idx = 0', 'trace.no-chunk'],
    ];
    for (const [sql, id] of edits) {
      const path = fresh();
      copyFileSync(good, path);
      const db = new Database(path);
      db.exec(sql);
      db.close();
      await using traces = openTraces();
      const info = traces.info(path);
      const result = info.ok ? traces.statistics(request(path, 0.5, 40_000)) : info;
      const energy = result.ok && 'noEnergy' in result.value ? result.value.noEnergy : null;
      expect(result.ok ? energy?.id : result.id, sql).toBe(id);
    }
  });
});

it('a writer thread that cannot begin says why, and leaves nothing behind', async () => {
  const created = await ThreadedTraceFile.create(join(folder, 'no/such/folder/x.mjtrace'), plainHeader());
  expect(created).toMatchObject({ ok: false, id: 'trace.write-failed' });
  const there = fresh();
  writeFileSync(there, '');
  expect(await ThreadedTraceFile.create(there, plainHeader())).toMatchObject({
    ok: false,
    id: 'trace.exists',
  });
});
