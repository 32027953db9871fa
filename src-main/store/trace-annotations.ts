import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import { rowCrc } from '../trace/crc.ts';
import type { AnnotationRecord } from '../trace/format.ts';
import { damagedRow, guardedTrace } from './trace-failure.ts';
import { readHeader } from './trace-meta.ts';
import { ANNOTATION_SCHEMA, TRACE_BUSY_TIMEOUT_MS } from './trace-schema.ts';

interface Row {
  readonly id: number;
  readonly from_sample: number;
  readonly to_sample: number;
  readonly text: string;
  readonly created_at: string;
  readonly deleted_at: string | null;
  readonly crc: number;
}

/** Remarks in trace files, finished or still recorded. Each call opens the file for itself. */
export class TraceAnnotations {
  readonly #nowIso: () => string;

  constructor(nowIso: () => string) {
    this.#nowIso = nowIso;
  }

  /** In the order of the timeline; deleted ones only where asked. */
  list(path: string, withDeleted = false): Result<readonly AnnotationRecord[]> {
    return this.#open(path, true, (db) => {
      if (!tableThere(db)) return ok([]);
      const rows = db.prepare('SELECT * FROM annotation ORDER BY from_sample, id').all() as Row[];
      if (rows.some((r) => r.crc !== crcOf(r))) return damagedRow(path, 'annotation');
      return ok(rows.map(recordOf).filter((r) => withDeleted || r.deletedAt === null));
    });
  }

  /** The caller has checked the span. */
  add(path: string, fromSample: number, toSample: number, text: string): Result<AnnotationRecord> {
    return this.#open(path, false, (db) => {
      db.exec(ANNOTATION_SCHEMA);
      const { n } = db.prepare('SELECT coalesce(max(id), 0) AS n FROM annotation').get() as { n: number };
      const row = {
        id: n + 1,
        from_sample: fromSample,
        to_sample: toSample,
        text,
        created_at: this.#nowIso(),
        deleted_at: null,
      };
      put(db, row);
      return ok(recordOf(row));
    });
  }

  /** Keeps the row: `restore` brings it back. */
  remove(path: string, id: number): Result<AnnotationRecord> {
    return this.#change(path, id, this.#nowIso());
  }

  restore(path: string, id: number): Result<AnnotationRecord> {
    return this.#change(path, id, null);
  }

  #change(path: string, id: number, deletedAt: string | null): Result<AnnotationRecord> {
    return this.#open(path, false, (db) => {
      const row = tableThere(db)
        ? (db.prepare('SELECT * FROM annotation WHERE id = ?').get(id) as Row | undefined)
        : undefined;
      if (!row) return noAnnotation(path, id);
      if (row.crc !== crcOf(row)) return damagedRow(path, 'annotation');
      const changed = { ...row, deleted_at: deletedAt };
      put(db, changed);
      return ok(recordOf(changed));
    });
  }

  #open<T>(path: string, readonly: boolean, use: (db: Database.Database) => Result<T>): Result<T> {
    if (!existsSync(path))
      return fail('trace.not-found', { path }, 'There is no file of this name.', 'Check the path.');
    let db: Database.Database | undefined;
    const done = guardedTrace(path, () => {
      const opened = new Database(path, { readonly, timeout: TRACE_BUSY_TIMEOUT_MS });
      db = opened;
      const header = readHeader(opened, path);
      if (!header.ok) return header;
      return readonly ? use(opened) : opened.transaction(() => use(opened)).immediate();
    });
    db?.close();
    return done;
  }
}

function noAnnotation(path: string, id: number): Failure {
  return fail(
    'trace.no-annotation',
    { path, id },
    'The trace has no annotation of this number.',
    '`microjoule trace markers FILE` lists them.',
  );
}

function tableThere(db: Database.Database): boolean {
  return (
    db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'annotation'").get() !== undefined
  );
}

function crcOf(r: Omit<Row, 'crc'>): number {
  return rowCrc(r.from_sample, r.to_sample, r.text, r.created_at, r.deleted_at ?? '');
}

function put(db: Database.Database, r: Omit<Row, 'crc'>): void {
  db.prepare('INSERT OR REPLACE INTO annotation VALUES (?, ?, ?, ?, ?, ?, ?)').run(
    r.id,
    r.from_sample,
    r.to_sample,
    r.text,
    r.created_at,
    r.deleted_at,
    crcOf(r),
  );
}

function recordOf(r: Omit<Row, 'crc'>): AnnotationRecord {
  return {
    id: r.id,
    fromSample: r.from_sample,
    toSample: r.to_sample,
    text: r.text,
    createdAt: r.created_at,
    deletedAt: r.deleted_at,
  };
}
