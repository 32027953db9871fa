import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { TraceAnnotations } from '../../../src-main/store/trace-annotations.ts';
import { TraceFile } from '../../../src-main/store/trace-file.ts';
import { TRACE_SCHEMA } from '../../../src-main/store/trace-schema.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { envelope } from '../../../src-main/trace/navigation-envelope.ts';
import { Trace } from '../../../src-main/trace/trace.ts';
import { ChunkWriter } from '../../../src-main/trace/recorder.ts';
import { root } from '../../needs.ts';
import { plainCodec, plainWord } from './plain-codec.ts';
import { toVersion1 } from './trace-v1.ts';
import { plainHeader, writePlain } from './written-trace.ts';

const folder = mkdtempSync(join(tmpdir(), 'trace-file-'));
let serial = 0;
const fresh = () => join(folder, `${serial++}.trace`);

/** A disk of 6 MB, where the tests may mount one; else null. */
const smallDisk = (() => {
  const at = mkdtempSync(join(tmpdir(), 'small-disk-'));
  const mounted =
    process.getuid?.() === 0 &&
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', at]).status === 0;
  if (!mounted) rmSync(at, { recursive: true });
  return mounted ? at : null;
})();
afterAll(() => {
  if (!smallDisk) return;
  spawnSync('umount', ['-l', smallDisk]);
  rmSync(smallDisk, { recursive: true, force: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const words = Uint32Array.from({ length: 300_000 }, (_, i) =>
  plainWord((i * 7919) % 4_000_000, (i >> 9) & 3, Math.floor(i / 60_000) & 1),
);
const gaps = [
  { at: 1000, missing: 5 },
  { at: 65_530, missing: 100 },
  { at: 200_000, missing: 70_000 },
];

async function written(path: string): Promise<void> {
  using file = orThrow(TraceFile.create(path, plainHeader()));
  await writePlain(file, words, gaps);
  orThrow(await file.finish('complete', 'stopped'));
}

describe('a trace file', () => {
  const path = fresh();
  beforeAll(() => written(path));

  it('reads back what a trace in memory holds: sums, edges, gaps, supply, header', async () => {
    const memory = new MemoryTraceStore(plainHeader());
    await writePlain(memory, words, gaps);
    const inMemory = new Trace(memory, plainCodec);
    using file = orThrow(TraceFile.open(path));
    const trace = new Trace(file, plainCodec);
    expect(trace.header).toEqual(plainHeader());
    expect(file.state()).toBe('complete');
    expect(trace.lengthSamples).toBe(300_000 + 70_105);
    for (const [from, to] of [
      [0, 370_105],
      [900, 66_000],
      [65_500.5, 200_000.25],
      [260_000, 300_000],
    ] as const)
      expect(orThrow(trace.span(from, to))).toEqual(orThrow(inMemory.span(from, to)));
    expect(trace.edges(0)).toEqual(inMemory.edges(0));
    expect(orThrow(trace.gaps(66_000, 210_000)).map((g) => g.missing)).toEqual([70_000]);
    expect(orThrow(trace.gaps(65_600, 65_601)).map((g) => g.missing)).toEqual([100]);
    expect(orThrow(trace.gaps()).length).toBe(3);
    expect(orThrow(trace.supply(0, 10)).volts).toBe(3);
  });

  it('is one file without a log beside it once it is closed', () => {
    expect(readdirSync(folder).filter((f) => f.startsWith(`${path.split('/').pop()}-`))).toEqual([]);
  });

  it('keeps the raw words to the last bit', () => {
    using file = orThrow(TraceFile.open(path));
    const kept = [0, 1, 2, 3, 4, 5].flatMap((k) => [...orThrow(file.chunk(k)).words]);
    expect(kept).toEqual([...words]);
  });

  it('is never overwritten', () => {
    expect(TraceFile.create(path, plainHeader())).toMatchObject({ ok: false, id: 'trace.exists' });
  });

  it('is described by docs/trace-file.md in the words of its schema', () => {
    const page = readFileSync(join(root, 'docs/trace-file.md'), 'utf8').replace(/\s+/g, ' ');
    for (const statement of TRACE_SCHEMA.trim().split(';\n'))
      expect(page).toContain(statement.replace(/\s+/g, ' ').trim().replace(/;$/, ''));
  });
});

describe('a trace file of format version 1', () => {
  it('reads as it did: samples, sums, envelopes, edges, gaps, supply', async () => {
    const [path, old] = [fresh(), fresh()];
    await written(path);
    copyFileSync(path, old);
    toVersion1(old, plainCodec);
    using today = orThrow(TraceFile.open(path));
    using before = orThrow(TraceFile.open(old));
    expect(before.header.formatVersion).toBe(1);
    const [a, b] = [new Trace(today, plainCodec), new Trace(before, plainCodec)];
    expect(b.lengthSamples).toBe(a.lengthSamples);
    for (const [from, to] of [
      [0, 370_105],
      [900, 66_000],
      [65_500.5, 200_000.25],
      [16_384, 344_064],
    ] as const)
      expect(orThrow(b.span(from, to))).toEqual(orThrow(a.span(from, to)));
    for (const columns of [3, 20, 300, 3000])
      expect(orThrow(envelope(b, 0, 370_105, columns))).toEqual(orThrow(envelope(a, 0, 370_105, columns)));
    for (const t of [a, b]) expect(orThrow(t.edges(0)).length).toBeGreaterThan(3);
    expect(b.edges(0)).toEqual(a.edges(0));
    expect(b.gaps()).toEqual(a.gaps());
    expect(b.marks()).toEqual(a.marks());
    expect(b.supply(0, 10)).toEqual(a.supply(0, 10));
    expect([before.state(), orThrow(before.reason()), before.interrupted()]).toEqual([
      'complete',
      'stopped',
      false,
    ]);
    expect(before.clockPoints()).toEqual({ ok: true, value: [] });
    expect(before.valueCounts(0, 0).ok).toBe(false);
    // and can be annotated
    const notes = new TraceAnnotations(() => '2001-02-03T04:05:06Z');
    orThrow(notes.add(old, 5, 10, 'old'));
    expect(orThrow(notes.list(old)).map((n) => n.text)).toEqual(['old']);
  });
});

describe('a damaged or foreign trace file', () => {
  const good = fresh();
  beforeAll(() => written(good));

  function edited(change: (db: Database.Database) => void): string {
    const path = fresh();
    copyFileSync(good, path);
    const db = new Database(path);
    change(db);
    db.close();
    return path;
  }

  it('one flipped bit in a chunk is found, named, and costs only the spans that need it', () => {
    const path = edited((db) => {
      const { words: blob } = db.prepare('SELECT words FROM chunk WHERE idx = 2').get() as { words: Buffer };
      blob[1234]! ^= 0x10;
      db.prepare('UPDATE chunk SET words = ? WHERE idx = 2').run(blob);
    });
    using file = orThrow(TraceFile.open(path));
    const trace = new Trace(file, plainCodec);
    expect(trace.span(131_080, 131_090)).toMatchObject({
      ok: false,
      id: 'trace.damaged',
      facts: { what: 'chunk', index: 2 },
    });
    expect(trace.span(0, 131_072).ok).toBe(true);
  });

  it('so is one in a summary, a decoder state, a gap list or a length', () => {
    const edits: ((db: Database.Database) => void)[] = [
      (db) => db.prepare("UPDATE chunk SET state = x'00000001' WHERE idx = 0").run(),
      (db) => db.prepare("UPDATE chunk SET gaps = x'0000000001000000' WHERE idx = 0").run(),
      (db) => db.prepare('UPDATE chunk SET length = length - 1 WHERE idx = 0').run(),
      (db) => db.prepare('UPDATE chunk SET calibration = 2 WHERE idx = 0').run(),
    ];
    for (const edit of edits) {
      using file = orThrow(TraceFile.open(edited(edit)));
      expect(new Trace(file, plainCodec).span(10, 20)).toMatchObject({ ok: false, id: 'trace.damaged' });
    }
    using file = orThrow(
      TraceFile.open(
        edited((db) => {
          const key = 2 * 2 ** 40;
          const { bytes } = db.prepare('SELECT bytes FROM summary WHERE key = ?').get(key) as {
            bytes: Buffer;
          };
          bytes[4000]! ^= 1;
          db.prepare('UPDATE summary SET bytes = ? WHERE key = ?').run(bytes, key);
        }),
      ),
    );
    expect(new Trace(file, plainCodec).span(0, 200_000)).toMatchObject({
      ok: false,
      id: 'trace.damaged',
      facts: { what: 'summary' },
    });
  });

  it('a newer format, another database, a text file and nothing are told apart', () => {
    expect(TraceFile.open(edited((db) => db.pragma('user_version = 99')))).toMatchObject({
      ok: false,
      id: 'trace.newer-format',
    });
    expect(TraceFile.open(edited((db) => db.pragma('application_id = 7')))).toMatchObject({
      ok: false,
      id: 'trace.not-a-trace',
    });
    const text = fresh();
    writeFileSync(text, 'time_us,current_a\n'.repeat(100));
    expect(TraceFile.open(text)).toMatchObject({ ok: false, id: 'trace.not-a-trace' });
    expect(TraceFile.open(join(folder, 'none'))).toMatchObject({ ok: false, id: 'trace.not-found' });
    const empty = fresh();
    writeFileSync(empty, '');
    expect(TraceFile.open(empty)).toMatchObject({ ok: false, id: 'trace.not-a-trace' });
  });

  it('a file cut short never crashes: every read is a value or a failure', () => {
    const bytes = readFileSync(good);
    for (const share of [0.001, 0.1, 0.5, 0.9]) {
      const path = fresh();
      writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length * share)));
      const opened = TraceFile.open(path);
      if (!opened.ok) {
        expect(opened.id).toMatch(/^trace\./);
        continue;
      }
      using file = opened.value;
      const trace = new Trace(file, plainCodec);
      const reads = [
        trace.span(0, Math.max(1, trace.lengthSamples)),
        trace.edges(0),
        trace.gaps(),
        trace.supply(0, 1),
      ];
      for (const r of reads) if (!r.ok) expect(r.id).toMatch(/^trace\./);
    }
  });
});

describe('recording into a file in trouble', () => {
  const block = new Uint32Array(50_000).fill(plainWord(5000, 0, 1));

  async function recordUntilRefused(file: TraceFile) {
    const writer = new ChunkWriter(file.header, file, plainCodec);
    writer.calibration('{}');
    for (let k = 0; k < 200; k++) {
      writer.words(block, 0, block.length);
      const settled = await writer.settle();
      if (!settled.ok) return { writer, settled };
    }
    return { writer, settled: undefined };
  }

  it('disk full: stops with its id, and all that was committed reads back', async () => {
    const path = fresh();
    let committed: number;
    {
      using file = orThrow(TraceFile.create(path, plainHeader(), { maxBytes: 4_000_000 }));
      const { writer, settled } = await recordUntilRefused(file);
      expect(settled).toMatchObject({ ok: false, id: 'trace.disk-full' });
      // and stays stopped
      writer.words(block, 0, block.length);
      expect(await writer.settle()).toMatchObject({ ok: false, id: 'trace.disk-full' });
      committed = writer.committedSamples;
      await file.finish('stopped-by-failure', 'trace.disk-full');
    }
    expect(committed).toBeGreaterThan(500_000);
    using file = orThrow(TraceFile.open(path));
    const trace = new Trace(file, plainCodec);
    expect(trace.lengthSamples).toBe(committed);
    expect(orThrow(trace.span(0, committed)).sums.sum).toBeCloseTo(committed * 5e-6, 9);
    expect(statSync(path).size).toBeLessThanOrEqual(4_000_000);
  });

  it.skipIf(!smallDisk)('disk full on a small disk (needs root, to mount one): the same', async () => {
    const path = join(smallDisk!, 'full.trace');
    using file = orThrow(TraceFile.create(path, plainHeader()));
    const { writer, settled } = await recordUntilRefused(file);
    expect(settled).toMatchObject({ ok: false, id: 'trace.disk-full' });
    expect(writer.committedSamples).toBeGreaterThan(100_000);
    expect(orThrow(new Trace(file, plainCodec).span(0, writer.committedSamples)).coveredSamples).toBe(
      writer.committedSamples,
    );
  });

  it('locked by another program: stops with its id, and goes on reading', async () => {
    const path = fresh();
    using file = orThrow(TraceFile.create(path, plainHeader()));
    const writer = new ChunkWriter(file.header, file, plainCodec);
    writer.calibration('{}');
    writer.words(block, 0, block.length);
    orThrow(await writer.sync());
    const other = new Database(path);
    other.exec('BEGIN IMMEDIATE');
    writer.words(block, 0, block.length);
    expect(await writer.sync()).toMatchObject({ ok: false, id: 'trace.locked' });
    other.exec('ROLLBACK');
    other.close();
    expect(new Trace(file, plainCodec).span(0, 50_000).ok).toBe(true);
  });

  it('a folder that is not there is a failure with a next step', () => {
    expect(TraceFile.create(join(folder, 'no/such/folder/x.trace'), plainHeader())).toMatchObject({
      ok: false,
      id: 'trace.write-failed',
    });
  });
});

describe('kill -9 in mid-recording', () => {
  it('leaves a file that reads back to the last commit, at most a second short', async () => {
    const path = fresh();
    const child = spawn(process.execPath, [join(import.meta.dirname, 'recording-child.ts'), path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    await new Promise<void>((resolve) =>
      child.stdout.on('data', (d: Buffer) => {
        printed += d.toString();
        if (printed.split('\n').length > 12) resolve();
      }),
    );
    child.kill('SIGKILL');
    await new Promise((resolve) => child.on('close', resolve));
    const lines = printed.split('\n').slice(0, -1).map(Number);
    // committed at least once a second of data
    for (let i = 1; i < lines.length; i++) expect(lines[i]! - lines[i - 1]!).toBeLessThanOrEqual(100_000);
    expect(existsSync(path)).toBe(true);
    using file = orThrow(TraceFile.open(path));
    expect(file.state()).toBe('recording');
    expect(file.lengthSamples()).toBeGreaterThanOrEqual(lines.at(-1)!);
    const trace = new Trace(file, plainCodec);
    const n = Math.min(trace.lengthSamples, 4_000_000);
    expect(orThrow(trace.span(0, n)).sums.sum).toBeCloseTo(((n * (n - 1)) / 2) * 1e-9, 6);
    expect(orThrow(trace.edges(0)).length).toBeGreaterThan(10);
  });
});
