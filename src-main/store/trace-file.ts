import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { ChunkSource, ChunkStore, TraceBatch } from '../trace/chunk-store.ts';
import { chunkCrc, summaryCrc } from '../trace/crc.ts';
import { damaged, noChunk } from '../trace/failures.ts';
import {
  TRACE_FORMAT_VERSION,
  type CalibrationRecord,
  type ChunkRecord,
  type EdgeRecord,
  type GapRecord,
  type MarkRecord,
  type SummaryRecord,
  type SupplyRecord,
  type TraceHeader,
  type TraceState,
} from '../trace/format.ts';

/** 'MJTR'; in the SQLite header, so that `file` and we can tell a trace from other databases. */
const APPLICATION_ID = 0x4d4a5452;
/** Chunks are 256 KiB blobs: large pages make their overflow chains short. */
const PAGE_BYTES = 32_768;
const BUSY_TIMEOUT_MS = 1000;
/** Rows of all summary levels share one integer key: level · 2^40 + block. */
const LEVEL_STRIDE = 2 ** 40;

/** Documented in docs/trace-file.md; a test holds that page against this text. */
export const TRACE_SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE calibration (version INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT;
CREATE TABLE chunk (
  idx INTEGER PRIMARY KEY,
  length INTEGER NOT NULL,
  calibration INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  state BLOB NOT NULL,
  gaps BLOB NOT NULL,
  words BLOB NOT NULL
) STRICT;
CREATE TABLE summary (key INTEGER PRIMARY KEY, crc INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE TABLE gap (first_sample INTEGER PRIMARY KEY, missing INTEGER NOT NULL, cause TEXT NOT NULL) STRICT;
CREATE TABLE edge (
  channel INTEGER NOT NULL,
  sample INTEGER NOT NULL,
  level INTEGER NOT NULL,
  uncertain INTEGER NOT NULL,
  PRIMARY KEY (channel, sample)
) STRICT, WITHOUT ROWID;
CREATE TABLE supply (
  id INTEGER PRIMARY KEY,
  sample INTEGER NOT NULL,
  volts REAL NOT NULL,
  uncertainty_v REAL NOT NULL,
  origin TEXT NOT NULL
) STRICT;
CREATE TABLE mark (id INTEGER PRIMARY KEY, sample INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE INDEX mark_by_sample ON mark (sample);
`;

export interface TraceFileOptions {
  /** The file (without its write-ahead log) grows no larger; reaching it is `trace.disk-full`. */
  readonly maxBytes?: number;
}

/** A trace in one SQLite file. `create` writes a new one, `open` reads one that is there, finished or not. */
export class TraceFile implements ChunkStore, Disposable {
  readonly path: string;
  readonly header: TraceHeader;
  readonly #db: Database.Database;
  readonly #writes: boolean;
  readonly #statements = new Map<string, Database.Statement>();
  #length = 0;
  #state: TraceState = 'recording';

  private constructor(path: string, db: Database.Database, header: TraceHeader, writes: boolean) {
    this.path = path;
    this.#db = db;
    this.header = header;
    this.#writes = writes;
  }

  /** `trace.exists`, `trace.disk-full`, `trace.locked`, `trace.write-failed`. */
  static create(path: string, header: TraceHeader, options: TraceFileOptions = {}): Result<TraceFile> {
    if (existsSync(path))
      return fail(
        'trace.exists',
        { path },
        'There is already a file of this name.',
        'Choose another name; a trace is never overwritten.',
      );
    let db: Database.Database | undefined;
    try {
      db = new Database(path, { timeout: BUSY_TIMEOUT_MS });
      db.pragma(`page_size = ${PAGE_BYTES}`);
      db.pragma('journal_mode = WAL');
      // A commit survives the death of the process; a power cut may cost the last ones, never the file.
      db.pragma('synchronous = NORMAL');
      if (options.maxBytes !== undefined)
        db.pragma(`max_page_count = ${Math.floor(options.maxBytes / PAGE_BYTES)}`);
      const file = new TraceFile(path, db, header, true);
      file.#initialise();
      return ok(file);
    } catch (error) {
      db?.close();
      return sqliteFailure(error, path);
    }
  }

  /** Read-only. `trace.not-found`, `trace.not-a-trace`, `trace.newer-format`, `trace.file-corrupt`, `trace.locked`. */
  static open(path: string): Result<TraceFile> {
    if (!existsSync(path))
      return fail('trace.not-found', { path }, 'There is no file of this name.', 'Check the path.');
    let db: Database.Database | undefined;
    try {
      db = new Database(path, { readonly: true, timeout: BUSY_TIMEOUT_MS });
      const header = readHeader(db, path);
      if (!header.ok) {
        db.close();
        return header;
      }
      const file = new TraceFile(path, db, header.value, false);
      const refreshed = file.refresh();
      return refreshed.ok ? ok(file) : refreshed;
    } catch (error) {
      db?.close();
      return sqliteFailure(error, path);
    }
  }

  #initialise(): void {
    this.#db.transaction(() => {
      this.#db.pragma(`application_id = ${APPLICATION_ID}`);
      this.#db.pragma(`user_version = ${TRACE_FORMAT_VERSION}`);
      this.#db.exec(TRACE_SCHEMA);
      this.#setMeta('header', JSON.stringify(this.header));
      this.#setMeta('length', '0');
      this.#setMeta('state', 'recording');
    })();
  }

  async commit(batch: TraceBatch): Promise<Result<void>> {
    const done = this.#write(() => {
      const chunk = this.#sql('INSERT OR REPLACE INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?)');
      for (const c of batch.chunks)
        chunk.run(
          c.index,
          c.length,
          c.calibrationVersion,
          c.crc,
          c.decoderState,
          bytesOf(c.gaps),
          bytesOf(c.words),
        );
      const summary = this.#sql('INSERT OR REPLACE INTO summary VALUES (?, ?, ?)');
      for (const s of batch.summaries) summary.run(s.level * LEVEL_STRIDE + s.block, s.crc, s.bytes);
      const calibration = this.#sql('INSERT INTO calibration VALUES (?, ?)');
      for (const c of batch.calibrations) calibration.run(c.version, c.json);
      const supply = this.#sql('INSERT INTO supply VALUES (NULL, ?, ?, ?, ?)');
      for (const s of batch.supplies) supply.run(s.sample, s.volts, s.uncertaintyV, s.origin);
      const gap = this.#sql('INSERT INTO gap VALUES (?, ?, ?)');
      for (const g of batch.gaps) gap.run(g.firstSample, g.missing, g.cause);
      const edge = this.#sql('INSERT INTO edge VALUES (?, ?, ?, ?)');
      for (const e of batch.edges) edge.run(e.channel, e.sample, e.level, e.uncertainSamples);
      const mark = this.#sql('INSERT INTO mark VALUES (NULL, ?, ?, ?)');
      for (const m of batch.marks) mark.run(m.sample, m.kind, m.detail);
      this.#setMeta('length', String(batch.lengthSamples));
    });
    if (done.ok) this.#length = batch.lengthSamples;
    return done;
  }

  async finish(state: TraceState, reason: string): Promise<Result<void>> {
    const done = this.#write(() => {
      this.#setMeta('state', state);
      this.#setMeta('reason', reason);
    });
    if (!done.ok) return done;
    this.#state = state;
    try {
      this.#db.pragma('wal_checkpoint(TRUNCATE)');
      return ok();
    } catch (error) {
      return sqliteFailure(error, this.path);
    }
  }

  lengthSamples(): number {
    return this.#length;
  }

  /** `recording` in a file that nobody writes means: the recording was interrupted. */
  state(): TraceState {
    return this.#state;
  }

  /** Looks anew how far another process has recorded. */
  refresh(): Result<void> {
    return this.#read(() => {
      this.#length = Number(this.#meta('length') ?? 0);
      this.#state = (this.#meta('state') ?? 'recording') as TraceState;
      return ok();
    });
  }

  chunk(index: number): Result<ChunkRecord> {
    return this.#read(() => {
      const row = this.#sql('SELECT * FROM chunk WHERE idx = ?').get(index) as ChunkRow | undefined;
      if (!row) return noChunk(index);
      const record: ChunkRecord = {
        index,
        length: row.length,
        words: wordsOf(row.words),
        gaps: wordsOf(row.gaps),
        decoderState: new Uint8Array(row.state),
        calibrationVersion: row.calibration,
        crc: row.crc,
      };
      return chunkCrc(record) === row.crc ? ok(record) : damaged('chunk', 0, index);
    });
  }

  summary(level: number, block: number): Result<SummaryRecord> {
    return this.#read(() => {
      const row = this.#sql('SELECT crc, bytes FROM summary WHERE key = ?').get(
        level * LEVEL_STRIDE + block,
      ) as { crc: number; bytes: Buffer } | undefined;
      if (!row) return noChunk(block);
      const record: SummaryRecord = { level, block, bytes: new Uint8Array(row.bytes), crc: row.crc };
      return summaryCrc(record) === row.crc ? ok(record) : damaged('summary', level, block);
    });
  }

  calibration(version: number): Result<CalibrationRecord> {
    return this.#read(() => {
      const row = this.#sql('SELECT version, json FROM calibration WHERE version = ?').get(version) as
        CalibrationRecord | undefined;
      return row
        ? ok(row)
        : fail(
            'trace.no-calibration',
            { version },
            'The trace names a calibration it does not hold.',
            'Use a copy of the file that was not edited.',
          );
    });
  }

  supplies(): Result<readonly SupplyRecord[]> {
    return this.#rows('SELECT sample, volts, uncertainty_v AS uncertaintyV, origin FROM supply ORDER BY id');
  }

  edges(channel: number, from: number, to: number): Result<readonly EdgeRecord[]> {
    return this.#rows(
      'SELECT sample, channel, level, uncertain AS uncertainSamples FROM edge WHERE channel = ? AND sample >= ? AND sample < ? ORDER BY sample',
      channel,
      from,
      to,
    );
  }

  gaps(from: number, to: number): Result<readonly GapRecord[]> {
    return this.#rows(
      `SELECT first_sample AS firstSample, missing, cause FROM gap
       WHERE first_sample < ? AND first_sample >= coalesce((SELECT max(first_sample) FROM gap WHERE first_sample <= ?), 0)
         AND first_sample + missing > ?
       ORDER BY first_sample`,
      to,
      from,
      from,
    );
  }

  marks(from: number, to: number): Result<readonly MarkRecord[]> {
    return this.#rows(
      'SELECT sample, kind, detail FROM mark WHERE sample >= ? AND sample < ? ORDER BY id',
      from,
      to,
    );
  }

  [Symbol.dispose](): void {
    if (this.#writes) {
      try {
        // leaves one file and no log beside it, when nobody else reads
        this.#db.pragma('journal_mode = DELETE');
      } catch {
        // another reader holds the log: it stays, and the file with its log is complete
      }
    }
    this.#db.close();
  }

  #write(body: () => void): Result<void> {
    try {
      this.#db.transaction(body).immediate();
      return ok();
    } catch (error) {
      return sqliteFailure(error, this.path);
    }
  }

  #read<T>(body: () => Result<T>): Result<T> {
    try {
      return body();
    } catch (error) {
      return sqliteFailure(error, this.path);
    }
  }

  #rows<T>(text: string, ...values: number[]): Result<readonly T[]> {
    return this.#read(() =>
      ok(this.#sql(text).all(...values.map((v) => Math.min(v, Number.MAX_SAFE_INTEGER))) as T[]),
    );
  }

  #sql(text: string): Database.Statement {
    let statement = this.#statements.get(text);
    if (!statement) this.#statements.set(text, (statement = this.#db.prepare(text)));
    return statement;
  }

  #meta(key: string): string | undefined {
    return (this.#sql('SELECT value FROM meta WHERE key = ?').get(key) as { value: string } | undefined)
      ?.value;
  }

  #setMeta(key: string, value: string): void {
    this.#sql('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(key, value);
  }
}

interface ChunkRow {
  readonly length: number;
  readonly calibration: number;
  readonly crc: number;
  readonly state: Buffer;
  readonly gaps: Buffer;
  readonly words: Buffer;
}

function bytesOf(a: Uint32Array): Uint8Array {
  return new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
}

/** A blob may lie at any address; words must not. */
function wordsOf(blob: Buffer): Uint32Array {
  const words = new Uint32Array(Math.floor(blob.length / 4));
  new Uint8Array(words.buffer).set(blob.subarray(0, words.length * 4));
  return words;
}

function readHeader(db: Database.Database, path: string): Result<TraceHeader> {
  const notATrace = fail(
    'trace.not-a-trace',
    { path },
    'This is a database of another program, or no trace of ours.',
    'Choose a file that Microjoule recorded.',
  );
  if (db.pragma('application_id', { simple: true }) !== APPLICATION_ID) return notATrace;
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version > TRACE_FORMAT_VERSION)
    return fail(
      'trace.newer-format',
      { path, fileVersion: version, knownVersion: TRACE_FORMAT_VERSION },
      'A newer Microjoule wrote this trace.',
      'Open it with that version.',
    );
  const row = db.prepare("SELECT value FROM meta WHERE key = 'header'").get() as
    { value: string } | undefined;
  if (!row) return notATrace;
  try {
    return ok(JSON.parse(row.value) as TraceHeader);
  } catch {
    return notATrace;
  }
}

function sqliteFailure(error: unknown, path: string): Failure {
  if (!(error instanceof Database.SqliteError)) {
    if (error instanceof Error && /directory does not exist|unable to open/i.test(error.message))
      return fail(
        'trace.write-failed',
        { path, reason: error.message },
        'The folder does not exist or may not be written.',
        'Choose another folder.',
      );
    throw error;
  }
  const { code } = error;
  const facts = { path, code, reason: error.message };
  if (code === 'SQLITE_FULL')
    return fail(
      'trace.disk-full',
      facts,
      'The disk or the size limit of this trace is full; what was committed stays readable.',
      'Free space, or record to another disk.',
    );
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return fail(
      'trace.locked',
      facts,
      'Another program holds the trace file locked.',
      'Close that program and repeat.',
    );
  if (code.startsWith('SQLITE_CORRUPT'))
    return fail('trace.file-corrupt', facts, 'The file’s structure is damaged.', 'Restore it from a copy.');
  if (code === 'SQLITE_NOTADB')
    return fail(
      'trace.not-a-trace',
      facts,
      'This file is not a database.',
      'Choose a file that Microjoule recorded.',
    );
  return fail(
    'trace.write-failed',
    facts,
    'The file cannot be read or written.',
    'Check the disk and the permissions of the folder.',
  );
}

/** For readers that only need the read side. */
export type TraceReader = ChunkSource & Disposable;
