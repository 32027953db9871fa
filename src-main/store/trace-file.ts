import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { ChunkSource, ChunkStore, TraceBatch } from '../trace/chunk-store.ts';
import { rowCrc } from '../trace/crc.ts';
import {
  TRACE_FORMAT_VERSION,
  type CalibrationRecord,
  type ChunkRecord,
  type ClockPoint,
  type EdgeRecord,
  type GapRecord,
  type MarkRecord,
  type SummaryRecord,
  type SupplyRecord,
  type TraceHeader,
  type TraceState,
} from '../trace/format.ts';
import { livenessOf, thisProcess } from './process-identity.ts';
import { RowDigests, type Digested } from './trace-digest.ts';
import { traceFailure, guardedTrace } from './trace-failure.ts';
import { readHeader, TraceMeta } from './trace-meta.ts';
import { TraceRows, type TraceProgress } from './trace-rows.ts';
import {
  chunkKey,
  summaryKey,
  TRACE_APPLICATION_ID,
  TRACE_BUSY_TIMEOUT_MS,
  TRACE_PAGE_BYTES,
  TRACE_SCHEMA,
} from './trace-schema.ts';

export interface TraceFileOptions {
  /** The file (without its write-ahead log) grows no larger; reaching it is `trace.disk-full`. */
  readonly maxBytes?: number;
  /** Recording stops with `trace.disk-low` while so much of the disk is still free. */
  readonly minFreeBytes?: number;
  /** What of the disk is free, for tests. */
  readonly freeBytes?: (path: string) => number;
}

/** Room to close the file, and for whatever else the computer must write. */
export const RESERVED_BYTES = 128 * 1024 * 1024;

/** A trace in one SQLite file. `create` writes a new one, `open` reads one that is there, finished or not. */
export class TraceFile implements ChunkStore, Disposable {
  readonly path: string;
  readonly header: TraceHeader;
  readonly #db: Database.Database;
  readonly #writes: boolean;
  readonly #options: TraceFileOptions;
  readonly #meta: TraceMeta;
  readonly #rows: TraceRows;
  readonly #progress: TraceProgress = { lengthSamples: 0, state: 'recording' };
  #digests = new RowDigests();

  private constructor(
    path: string,
    db: Database.Database,
    header: TraceHeader,
    writes: boolean,
    options: TraceFileOptions = {},
  ) {
    this.path = path;
    this.#db = db;
    this.header = header;
    this.#writes = writes;
    this.#options = options;
    this.#meta = new TraceMeta(path, db, header.formatVersion);
    this.#rows = new TraceRows(path, db, header, this.#progress);
  }

  /** `trace.exists`, `trace.disk-full`, `trace.disk-low`, `trace.locked`, `trace.write-failed`. */
  static create(path: string, header: TraceHeader, options: TraceFileOptions = {}): Result<TraceFile> {
    if (existsSync(path))
      return fail(
        'trace.exists',
        { path },
        'There is already a file of this name.',
        'Choose another name; a trace is never overwritten.',
      );
    const low = diskLow(path, options);
    if (low) return low;
    let db: Database.Database | undefined;
    try {
      db = new Database(path, { timeout: TRACE_BUSY_TIMEOUT_MS });
      db.pragma(`page_size = ${TRACE_PAGE_BYTES}`);
      db.pragma('journal_mode = WAL');
      // A commit survives the death of the process; a power cut may cost the last ones, never the file.
      db.pragma('synchronous = NORMAL');
      if (options.maxBytes !== undefined)
        db.pragma(`max_page_count = ${Math.floor(options.maxBytes / TRACE_PAGE_BYTES)}`);
      initialise(db, path, header);
      return ok(new TraceFile(path, db, header, true, options));
    } catch (error) {
      db?.close();
      return traceFailure(error, path);
    }
  }

  /**
   * Read-only. `trace.not-found`, `trace.not-a-trace`, `trace.newer-format`, `trace.file-corrupt`, `trace.damaged-row`,
   * `trace.locked`.
   */
  static open(path: string): Result<TraceFile> {
    if (!existsSync(path))
      return fail('trace.not-found', { path }, 'There is no file of this name.', 'Check the path.');
    let db: Database.Database | undefined;
    const opened = guardedTrace(path, () => {
      db = new Database(path, { readonly: true, timeout: TRACE_BUSY_TIMEOUT_MS });
      const header = readHeader(db, path);
      if (!header.ok) return header;
      const file = new TraceFile(path, db, header.value, false);
      const refreshed = file.refresh();
      return refreshed.ok ? ok(file) : refreshed;
    });
    if (!opened.ok) db?.close();
    return opened;
  }

  async commit(batch: TraceBatch): Promise<Result<void>> {
    return this.commitNow(batch);
  }

  /** `commit` for a thread of its own. */
  commitNow(batch: TraceBatch): Result<void> {
    const low = diskLow(this.path, this.#options);
    if (low) return low;
    const digests = this.#digests.copy();
    const done = this.#write(() => {
      this.#insert(batch, digests);
      this.#meta.set('length', String(batch.lengthSamples));
      this.#meta.set('digest', digests.toText());
    });
    if (!done.ok) return done;
    this.#digests = digests;
    this.#progress.lengthSamples = batch.lengthSamples;
    return done;
  }

  async finish(state: TraceState, reason: string): Promise<Result<void>> {
    return this.finishNow(state, reason);
  }

  finishNow(state: TraceState, reason: string): Result<void> {
    const done = this.#write(() => {
      this.#meta.set('state', state);
      this.#meta.set('reason', reason);
    });
    if (!done.ok) return done;
    this.#progress.state = state;
    return guardedTrace(this.path, () => {
      this.#db.pragma('wal_checkpoint(TRUNCATE)');
      return ok();
    });
  }

  lengthSamples(): number {
    return this.#progress.lengthSamples;
  }

  /** `recording` in a file that nobody writes means: the recording was interrupted; see `interrupted`. */
  state(): TraceState {
    return this.#progress.state;
  }

  /** Its recorder died: the file is whole up to its last commit. False also where nobody can tell. */
  interrupted(): boolean {
    if (this.state() !== 'recording' || this.#writes) return false;
    const writer = this.#meta.writer();
    return writer !== null && livenessOf(writer) === 'dead';
  }

  /** Why the recording ended; null while it goes on. */
  reason(): Result<string | null> {
    return guardedTrace(this.path, () => this.#meta.reason(this.state()));
  }

  /** Looks anew how far another thread or process has recorded. */
  refresh(): Result<void> {
    return guardedTrace(this.path, () => {
      const progress = this.#meta.progress();
      if (!progress.ok) return progress;
      Object.assign(this.#progress, progress.value);
      return ok();
    });
  }

  channel(index: number): ChunkSource {
    return index === 0 ? this : this.#rows.channel(index);
  }
  chunk(index: number): Result<ChunkRecord> {
    return this.#rows.chunk(index);
  }
  summary(level: number, block: number): Result<SummaryRecord> {
    return this.#rows.summary(level, block);
  }
  summaries(level: number, from: number, to: number): Result<readonly SummaryRecord[]> {
    return this.#rows.summaries(level, from, to);
  }
  valueCounts(level: number, block: number): Result<SummaryRecord> {
    return this.#rows.valueCounts(level, block);
  }
  calibration(version: number): Result<CalibrationRecord> {
    return this.#rows.calibration(version);
  }
  supplies(): Result<readonly SupplyRecord[]> {
    return this.#rows.supplies();
  }
  edges(channel: number, from: number, to: number, limit?: number): Result<readonly EdgeRecord[]> {
    return this.#rows.edges(channel, from, to, limit);
  }
  gaps(from: number, to: number): Result<readonly GapRecord[]> {
    return this.#rows.gaps(from, to);
  }
  marks(from: number, to: number): Result<readonly MarkRecord[]> {
    return this.#rows.marks(from, to);
  }
  clockPoints(): Result<readonly ClockPoint[]> {
    return this.#rows.clockPoints();
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
    return guardedTrace(this.path, () => {
      this.#db.transaction(body).immediate();
      return ok();
    });
  }

  #insert(batch: TraceBatch, digests: RowDigests): void {
    const sql = (text: string) => this.#rows.sql(text);
    const chunk = sql('INSERT OR REPLACE INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?)');
    for (const c of batch.chunks)
      chunk.run(
        chunkKey(c.channel ?? 0, c.index),
        c.length,
        c.calibrationVersion,
        c.crc,
        c.decoderState,
        bytesOf(c.gaps),
        bytesOf(c.words),
      );
    const summary = sql('INSERT OR REPLACE INTO summary VALUES (?, ?, ?)');
    for (const s of batch.summaries)
      summary.run(summaryKey(s.channel ?? 0, s.level, s.block), s.crc, s.bytes);
    const values = sql('INSERT OR REPLACE INTO value_count VALUES (?, ?, ?)');
    for (const v of batch.valueCounts)
      values.run(summaryKey(v.channel ?? 0, v.level, v.block), v.crc, v.bytes);
    const calibration = sql('INSERT INTO calibration VALUES (?, ?, ?)');
    for (const c of batch.calibrations) calibration.run(c.version, c.json, rowCrc(c.version, c.json));
    const put = (table: Digested, text: string, ...row: (string | number)[]) => {
      const crc = rowCrc(...row);
      if (sql(text).run(...row, crc).changes > 0) digests.add(table, crc);
    };
    for (const { sample, volts, uncertaintyV, origin } of batch.supplies)
      put('supply', 'INSERT INTO supply VALUES (NULL, ?, ?, ?, ?, ?)', sample, volts, uncertaintyV, origin);
    for (const { firstSample, missing, cause } of batch.gaps)
      put('gap', 'INSERT INTO gap VALUES (?, ?, ?, ?)', firstSample, missing, cause);
    for (const { channel, sample, level, uncertainSamples } of batch.edges)
      put('edge', 'INSERT INTO edge VALUES (?, ?, ?, ?, ?)', channel, sample, level, uncertainSamples);
    for (const { sample, kind, detail } of batch.marks)
      put('mark', 'INSERT INTO mark VALUES (NULL, ?, ?, ?, ?)', sample, kind, detail);
    for (const { sample, hostUs } of batch.clockPoints)
      put('clock', 'INSERT OR IGNORE INTO clock VALUES (?, ?, ?)', sample, hostUs);
  }
}

function initialise(db: Database.Database, path: string, header: TraceHeader): void {
  db.transaction(() => {
    db.pragma(`application_id = ${TRACE_APPLICATION_ID}`);
    db.pragma(`user_version = ${TRACE_FORMAT_VERSION}`);
    db.exec(TRACE_SCHEMA);
    const meta = new TraceMeta(path, db, TRACE_FORMAT_VERSION);
    meta.set('header', JSON.stringify(header));
    meta.set('length', '0');
    meta.set('digest', new RowDigests().toText());
    meta.set('state', 'recording');
    meta.set('writer', JSON.stringify(thisProcess()));
  })();
}

/** Marks the trace of a recorder that died as ended; nothing of what it holds changes. */
export function closeInterrupted(path: string): Result<void> {
  let db: Database.Database | undefined;
  const closed = guardedTrace(path, () => {
    db = new Database(path, { fileMustExist: true, timeout: TRACE_BUSY_TIMEOUT_MS });
    const header = readHeader(db, path);
    if (!header.ok) return header;
    const meta = new TraceMeta(path, db, header.value.formatVersion);
    db.transaction(() => {
      meta.set('state', 'stopped-by-failure');
      meta.set('reason', 'interrupted');
    }).immediate();
    db.pragma('journal_mode = DELETE');
    return ok();
  });
  db?.close();
  return closed;
}

function diskLow(path: string, options: TraceFileOptions): Failure | null {
  const reserve = options.minFreeBytes ?? 0;
  if (reserve === 0) return null;
  const free = (options.freeBytes ?? freeBytesAt)(path);
  if (free >= reserve) return null;
  return fail(
    'trace.disk-low',
    { path, freeBytes: free, reservedBytes: reserve },
    'The disk is nearly full; the recording was stopped while it could still be closed, and all of it is kept.',
    'Free space, or record to another disk.',
  );
}

function freeBytesAt(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize;
  } catch {
    // a folder that is not there is refused with its own words when the file is made
    return Infinity;
  }
}

function bytesOf(a: Uint32Array): Uint8Array {
  return new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
}

/** For readers that only need the read side. */
export type TraceReader = ChunkSource & Disposable;
