import type Database from 'better-sqlite3';
import { z } from 'zod';
import { fail, ok, type Result } from '../base/errors.ts';
import { rowCrc } from '../trace/crc.ts';
import { MAX_CHANNELS, TRACE_FORMAT_VERSION, type TraceHeader, type TraceState } from '../trace/format.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { damagedRow, notATrace } from './trace-failure.ts';
import { TRACE_APPLICATION_ID } from './trace-schema.ts';

const Ranges = z.number().int().min(1).max(255);
const Bounds = z.array(z.number().nonnegative());

const Header = z.object({
  formatVersion: z.number().int().min(1),
  traceId: z.string(),
  title: z.string(),
  codecId: z.string(),
  sampleRateHz: z.number().positive(),
  rangeCount: Ranges,
  logicMask: z.number().int().min(0).max(255),
  monitor: z.object({ kind: z.string(), serial: z.string().nullable(), firmware: z.string().nullable() }),
  source: z.enum(['measured', 'emulated']),
  moreChannels: z
    .array(z.object({ id: z.string(), unit: z.enum(['A', 'V']), codecId: z.string(), rangeCount: Ranges }))
    .max(MAX_CHANNELS - 1)
    .optional(),
  accuracy: z
    .object({
      origin: z.string(),
      gainRel: Bounds,
      offsetA: Bounds,
      stepA: Bounds,
      clockRel: z.number().nonnegative(),
    })
    .optional(),
  startedAt: z.string().optional(),
  cutFrom: z.object({ traceId: z.string(), fromSample: z.number(), toSample: z.number() }).optional(),
});

const Identity = z.object({
  boot: z.string(),
  namespace: z.string(),
  pid: z.number(),
  started: z.string(),
});

const STATES: readonly TraceState[] = ['recording', 'complete', 'stopped-by-failure'];

/** The rows of `meta`: what a trace says of itself and how far it goes. */
export class TraceMeta {
  readonly #path: string;
  readonly #db: Database.Database;
  readonly #get: Database.Statement;
  readonly #checked: boolean;

  constructor(path: string, db: Database.Database, formatVersion: number) {
    this.#path = path;
    this.#db = db;
    this.#checked = formatVersion >= 2;
    this.#get = db.prepare('SELECT * FROM meta WHERE key = ?');
  }

  /** A row that is not there is null. */
  text(key: string): Result<string | null> {
    const row = this.#get.get(key) as { value: string; crc?: number } | undefined;
    if (!row) return ok(null);
    return this.#checked && row.crc !== rowCrc(key, row.value)
      ? damagedRow(this.#path, 'meta')
      : ok(row.value);
  }

  progress(): Result<{ readonly lengthSamples: number; readonly state: TraceState }> {
    const length = this.text('length');
    if (!length.ok) return length;
    const state = this.text('state');
    if (!state.ok) return state;
    const lengthSamples = length.value === null ? NaN : Number(length.value);
    const known = STATES.find((s) => s === state.value);
    if (!Number.isSafeInteger(lengthSamples) || lengthSamples < 0 || !known)
      return damagedRow(this.#path, 'meta');
    return ok({ lengthSamples, state: known });
  }

  /** Of a trace that has ended; null while it goes on. */
  reason(state: TraceState): Result<string | null> {
    const reason = this.text('reason');
    return reason.ok && reason.value === null && state !== 'recording'
      ? damagedRow(this.#path, 'meta')
      : reason;
  }

  /** Who records it, as far as the file tells. */
  writer(): ProcessIdentity | null {
    const text = this.text('writer');
    if (!text.ok || text.value === null) return null;
    const parsed = Identity.safeParse(jsonOf(text.value));
    return parsed.success ? parsed.data : null;
  }

  set(key: string, value: string): void {
    this.#db.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?, ?)').run(key, value, rowCrc(key, value));
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `trace.not-a-trace`, `trace.newer-format`, `trace.damaged-row`. */
export function readHeader(db: Database.Database, path: string): Result<TraceHeader> {
  if (db.pragma('application_id', { simple: true }) !== TRACE_APPLICATION_ID) return notATrace(path);
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version > TRACE_FORMAT_VERSION)
    return fail(
      'trace.newer-format',
      { path, fileVersion: version, knownVersion: TRACE_FORMAT_VERSION },
      'A newer Microjoule wrote this trace.',
      'Open it with that version.',
    );
  const table = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'").get();
  if (version < 1 || !table) return notATrace(path);
  const text = new TraceMeta(path, db, version).text('header');
  if (!text.ok) return text;
  const header = Header.safeParse(jsonOf(text.value ?? ''));
  if (!header.success || header.data.formatVersion !== version) return notATrace(path);
  return ok(header.data as TraceHeader);
}
