/** Turns a trace file of today into one of format version 1, as docs/trace-file.md describes it. */
import Database from 'better-sqlite3';
import { orThrow } from '../../../src-main/base/errors.ts';
import { TraceFile } from '../../../src-main/store/trace-file.ts';
import { ChunkSummary } from '../../../src-main/trace/buckets.ts';
import { summaryCrc } from '../../../src-main/trace/crc.ts';
import { CHUNK_SAMPLES, type SampleCodec } from '../../../src-main/trace/format.ts';
import { Trace } from '../../../src-main/trace/trace.ts';

const SCHEMA_V1 = `
CREATE TABLE meta1 (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE calibration1 (version INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT;
CREATE TABLE gap1 (first_sample INTEGER PRIMARY KEY, missing INTEGER NOT NULL, cause TEXT NOT NULL) STRICT;
CREATE TABLE edge1 (channel INTEGER NOT NULL, sample INTEGER NOT NULL, level INTEGER NOT NULL, uncertain INTEGER NOT NULL,
  PRIMARY KEY (channel, sample)) STRICT, WITHOUT ROWID;
CREATE TABLE supply1 (id INTEGER PRIMARY KEY, sample INTEGER NOT NULL, volts REAL NOT NULL, uncertainty_v REAL NOT NULL,
  origin TEXT NOT NULL) STRICT;
CREATE TABLE mark1 (id INTEGER PRIMARY KEY, sample INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
`;

const COLUMNS: Readonly<Record<string, string>> = {
  meta: 'key, value',
  calibration: 'version, json',
  gap: 'first_sample, missing, cause',
  edge: 'channel, sample, level, uncertain',
  supply: 'id, sample, volts, uncertainty_v, origin',
  mark: 'id, sample, kind, detail',
};

export function toVersion1(path: string, codec: SampleCodec): void {
  const combined = combinedRows(path, codec);
  const db = new Database(path);
  db.exec(SCHEMA_V1);
  for (const [table, columns] of Object.entries(COLUMNS)) {
    db.exec(`INSERT INTO ${table}1 SELECT ${columns} FROM ${table}; DROP TABLE ${table};`);
    db.exec(`ALTER TABLE ${table}1 RENAME TO ${table}`);
  }
  db.exec("DROP TABLE clock; DROP TABLE value_count; DELETE FROM meta WHERE key IN ('digest', 'writer')");
  db.exec(`UPDATE meta SET value = json_set(value, '$.formatVersion', 1) WHERE key = 'header'`);
  db.prepare('DELETE FROM summary WHERE key < ?').run(3 * 2 ** 40);
  const put = db.prepare('INSERT INTO summary VALUES (?, ?, ?)');
  for (const [block, bytes] of combined.entries())
    put.run(block, summaryCrc({ level: 0, block, bytes }), bytes);
  db.pragma('user_version = 1');
  db.close();
}

/** Levels 0–2 of every chunk, the last one too. */
function combinedRows(path: string, codec: SampleCodec): Uint8Array[] {
  using file = orThrow(TraceFile.open(path));
  const trace = new Trace(file, codec);
  const rows: Uint8Array[] = [];
  for (let i = 0; i * CHUNK_SAMPLES < trace.lengthSamples; i++) {
    const { length, samples } = orThrow(trace.decodedChunk(i));
    const summary = new ChunkSummary(file.header.rangeCount);
    summary.build(samples, length);
    rows.push(summary.toBytes());
  }
  return rows;
}
