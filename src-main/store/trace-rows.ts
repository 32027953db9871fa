import type Database from 'better-sqlite3';
import { fail, ok, type Result } from '../base/errors.ts';
import type { ChunkSource } from '../trace/chunk-store.ts';
import { chunkCrc, rowCrc, summaryCrc } from '../trace/crc.ts';
import { damaged, noChunk } from '../trace/failures.ts';
import type {
  CalibrationRecord,
  ChunkRecord,
  ClockPoint,
  EdgeRecord,
  GapRecord,
  MarkRecord,
  SummaryRecord,
  SupplyRecord,
  TraceHeader,
  TraceState,
} from '../trace/format.ts';
import { checkRows, DIGESTED, type Digested } from './trace-digest.ts';
import { damagedRow, guardedTrace } from './trace-failure.ts';
import { chunkKey, summaryKey } from './trace-schema.ts';

interface ChunkRow {
  readonly length: number;
  readonly calibration: number;
  readonly crc: number;
  readonly state: Buffer;
  readonly gaps: Buffer;
  readonly words: Buffer;
}

type Checked<T> = T & { readonly crc: number | null };

/** How far a trace goes, as of the last look. */
export interface TraceProgress {
  lengthSamples: number;
  state: TraceState;
}

/** The read side of a trace file: every row is held against its CRC. */
export class TraceRows implements ChunkSource {
  readonly header: TraceHeader;
  readonly #path: string;
  readonly #db: Database.Database;
  readonly #progress: TraceProgress;
  readonly #channel: number;
  readonly #statements: Map<string, Database.Statement>;
  /** Tables whose rows were counted. */
  readonly #counted: Set<string>;
  /** Rows of small tables have a CRC from format version 2 on. */
  readonly #crc: string;

  constructor(
    path: string,
    db: Database.Database,
    header: TraceHeader,
    progress: TraceProgress,
    channel = 0,
    shared = { statements: new Map<string, Database.Statement>(), counted: new Set<string>() },
  ) {
    this.#path = path;
    this.#db = db;
    this.header = header;
    this.#progress = progress;
    this.#channel = channel;
    this.#statements = shared.statements;
    this.#counted = shared.counted;
    this.#crc = header.formatVersion >= 2 ? 'crc' : 'NULL AS crc';
  }

  lengthSamples(): number {
    return this.#progress.lengthSamples;
  }

  state(): TraceState {
    return this.#progress.state;
  }

  channel(index: number): ChunkSource {
    if (index === this.#channel) return this;
    const shared = { statements: this.#statements, counted: this.#counted };
    return new TraceRows(this.#path, this.#db, this.header, this.#progress, index, shared);
  }

  chunk(index: number): Result<ChunkRecord> {
    return guardedTrace(this.#path, () => {
      const key = chunkKey(this.#channel, index);
      const row = this.sql('SELECT * FROM chunk WHERE idx = ?').get(key) as ChunkRow | undefined;
      if (!row) return noChunk(index);
      if (![row.words, row.gaps, row.state].every(isBlob)) return damaged('chunk', 0, index);
      const record: ChunkRecord = {
        channel: this.#channel,
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
    return this.#blob('SELECT crc, bytes FROM summary WHERE key = ?', level, block);
  }

  /** One statement for all: a twentieth of what as many single ones cost. */
  summaries(level: number, from: number, to: number): Result<readonly SummaryRecord[]> {
    return guardedTrace(this.#path, () => {
      const first = summaryKey(this.#channel, level, from);
      const rows = this.sql(
        'SELECT key, crc, bytes FROM summary WHERE key >= ? AND key < ? ORDER BY key',
      ).all(first, first + to - from) as { key: number; crc: number; bytes: Buffer }[];
      const records: SummaryRecord[] = [];
      for (const [i, { key, crc, bytes }] of rows.entries()) {
        const block = from + i;
        if (key !== first + i) return noChunk(block);
        const record = { channel: this.#channel, level, block, bytes, crc };
        if (!isBlob(bytes) || summaryCrc(record) !== crc) return damaged('summary', level, block);
        records.push(record);
      }
      return rows.length === to - from ? ok(records) : noChunk(from + rows.length);
    });
  }

  valueCounts(level: number, block: number): Result<SummaryRecord> {
    if (this.header.formatVersion < 2) return noChunk(block);
    return this.#blob('SELECT crc, bytes FROM value_count WHERE key = ?', level, block);
  }

  calibration(version: number): Result<CalibrationRecord> {
    const rows = this.#rows<CalibrationRecord>(
      'calibration',
      `SELECT version, json, ${this.#crc} FROM calibration WHERE version = ?`,
      [version],
      (r) => rowCrc(r.version, r.json),
    );
    if (!rows.ok) return rows;
    const row = rows.value[0];
    return row
      ? ok(row)
      : fail(
          'trace.no-calibration',
          { version },
          'The trace names a calibration it does not hold.',
          'Use a copy of the file that was not edited.',
        );
  }

  supplies(): Result<readonly SupplyRecord[]> {
    return this.#rows<SupplyRecord>(
      'supply',
      `SELECT sample, volts, uncertainty_v AS uncertaintyV, origin, ${this.#crc} FROM supply ORDER BY id`,
      [],
      (r) => rowCrc(r.sample, r.volts, r.uncertaintyV, r.origin),
    );
  }

  edges(channel: number, from: number, to: number, limit = Infinity): Result<readonly EdgeRecord[]> {
    return this.#rows<EdgeRecord>(
      'edge',
      `SELECT sample, channel, level, uncertain AS uncertainSamples, ${this.#crc} FROM edge
       WHERE channel = ? AND sample >= ? AND sample < ? ORDER BY sample LIMIT ?`,
      [channel, from, to, limit],
      (r) => rowCrc(r.channel, r.sample, r.level, r.uncertainSamples),
    );
  }

  gaps(from: number, to: number): Result<readonly GapRecord[]> {
    return this.#rows<GapRecord>(
      'gap',
      `SELECT first_sample AS firstSample, missing, cause, ${this.#crc} FROM gap
       WHERE first_sample < ? AND first_sample >= coalesce((SELECT max(first_sample) FROM gap WHERE first_sample <= ?), 0)
         AND first_sample + missing > ?
       ORDER BY first_sample`,
      [to, from, from],
      (r) => rowCrc(r.firstSample, r.missing, r.cause),
    );
  }

  marks(from: number, to: number): Result<readonly MarkRecord[]> {
    return this.#rows<MarkRecord>(
      'mark',
      `SELECT sample, kind, detail, ${this.#crc} FROM mark WHERE sample >= ? AND sample < ? ORDER BY id`,
      [from, to],
      (r) => rowCrc(r.sample, r.kind, r.detail),
    );
  }

  clockPoints(): Result<readonly ClockPoint[]> {
    if (this.header.formatVersion < 2) return ok([]);
    return this.#rows<ClockPoint>(
      'clock',
      'SELECT sample, host_us AS hostUs, crc FROM clock ORDER BY sample',
      [],
      (r) => rowCrc(r.sample, r.hostUs),
    );
  }

  sql(text: string): Database.Statement {
    let statement = this.#statements.get(text);
    if (!statement) this.#statements.set(text, (statement = this.#db.prepare(text)));
    return statement;
  }

  /** Once, when a table is first read. */
  #count(table: string): Result<void> {
    const digested = DIGESTED.find((t): t is Digested => t === table);
    if (!digested || this.#counted.has(table) || this.header.formatVersion < 2) return ok();
    const checked = checkRows(this.#db, this.#path, digested);
    if (checked.ok) this.#counted.add(table);
    return checked;
  }

  #blob(text: string, level: number, block: number): Result<SummaryRecord> {
    return guardedTrace(this.#path, () => {
      const row = this.sql(text).get(summaryKey(this.#channel, level, block)) as
        { crc: number; bytes: Buffer } | undefined;
      if (!row) return noChunk(block);
      if (!isBlob(row.bytes)) return damaged('summary', level, block);
      const record = { channel: this.#channel, level, block, bytes: row.bytes, crc: row.crc };
      return summaryCrc(record) === row.crc ? ok(record) : damaged('summary', level, block);
    });
  }

  #rows<T>(
    table: string,
    text: string,
    values: readonly number[],
    crcOf: (row: T) => number,
  ): Result<readonly T[]> {
    return guardedTrace(this.#path, () => {
      const counted = this.#count(table);
      if (!counted.ok) return counted;
      const bounded = values.map((v) => Math.min(v, Number.MAX_SAFE_INTEGER));
      const rows = this.sql(text).all(...bounded) as Checked<T>[];
      for (const row of rows)
        if (row.crc !== null && row.crc !== crcOf(row)) return damagedRow(this.#path, table);
      return ok(rows.map(({ crc: _, ...rest }) => rest as T));
    });
  }
}

/** What a damaged row holds need not be what its column was declared as. */
function isBlob(value: unknown): boolean {
  return Buffer.isBuffer(value);
}

/** A blob may lie at any address; words must not. */
function wordsOf(blob: Buffer): Uint32Array {
  const words = new Uint32Array(Math.floor(blob.length / 4));
  new Uint8Array(words.buffer).set(blob.subarray(0, words.length * 4));
  return words;
}
