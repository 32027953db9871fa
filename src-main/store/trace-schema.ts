/** 'MJTR'; in the SQLite header, so that `file` and we can tell a trace from other databases. */
export const TRACE_APPLICATION_ID = 0x4d4a5452;
/** Chunks are 256 KiB blobs: large pages make their overflow chains short. */
export const TRACE_PAGE_BYTES = 32_768;
export const TRACE_BUSY_TIMEOUT_MS = 1000;

/** Rows of all summary levels and channels share one integer key. */
const LEVEL_STRIDE = 2 ** 40;
const CHANNEL_STRIDE = 64 * LEVEL_STRIDE;
const CHUNK_CHANNEL_STRIDE = 2 ** 32;

export function summaryKey(channel: number, level: number, block: number): number {
  return channel * CHANNEL_STRIDE + level * LEVEL_STRIDE + block;
}

export function chunkKey(channel: number, index: number): number {
  return channel * CHUNK_CHANNEL_STRIDE + index;
}

/** Documented in docs/trace-file.md; a test holds that page against this text. */
export const TRACE_SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL) STRICT;
CREATE TABLE calibration (version INTEGER PRIMARY KEY, json TEXT NOT NULL, crc INTEGER NOT NULL) STRICT;
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
CREATE TABLE value_count (key INTEGER PRIMARY KEY, crc INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE TABLE gap (
  first_sample INTEGER PRIMARY KEY,
  missing INTEGER NOT NULL,
  cause TEXT NOT NULL,
  crc INTEGER NOT NULL
) STRICT;
CREATE TABLE edge (
  channel INTEGER NOT NULL,
  sample INTEGER NOT NULL,
  level INTEGER NOT NULL,
  uncertain INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  PRIMARY KEY (channel, sample)
) STRICT, WITHOUT ROWID;
CREATE TABLE supply (
  id INTEGER PRIMARY KEY,
  sample INTEGER NOT NULL,
  volts REAL NOT NULL,
  uncertainty_v REAL NOT NULL,
  origin TEXT NOT NULL,
  crc INTEGER NOT NULL
) STRICT;
CREATE TABLE mark (
  id INTEGER PRIMARY KEY,
  sample INTEGER NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL,
  crc INTEGER NOT NULL
) STRICT;
CREATE TABLE clock (sample INTEGER PRIMARY KEY, host_us REAL NOT NULL, crc INTEGER NOT NULL) STRICT;
`;

/** Made with the first annotation, also in a file of format version 1. */
export const ANNOTATION_SCHEMA = `
CREATE TABLE IF NOT EXISTS annotation (
  id INTEGER PRIMARY KEY,
  from_sample REAL NOT NULL,
  to_sample REAL NOT NULL,
  text TEXT NOT NULL,
  created_at TEXT NOT NULL,
  deleted_at TEXT,
  crc INTEGER NOT NULL
) STRICT;
`;
