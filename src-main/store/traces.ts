import type { Result } from '../base/errors.ts';
import type { TraceReference } from '../contract/index.ts';
import { Table, type Row, type StoreContext } from './context.ts';

/** Where trace files are, by id. */
export class TraceReferences {
  readonly #table: Table;

  constructor(context: StoreContext) {
    this.#table = new Table(context);
  }

  /** A trace that no run made. */
  add(t: TraceReference): Result<void> {
    return this.#table.write(() => putReference(this.#table, t));
  }

  /** null for an id that the database does not know. */
  pathOf(id: string): Result<string | null> {
    return this.#table.read(
      () => (this.#table.get('SELECT path FROM traces WHERE id = ?', id)?.path as string | undefined) ?? null,
    );
  }

  /** The run that made a trace; null where none did. */
  runOf(id: string): Result<number | null> {
    return this.#table.read(
      () =>
        (this.#table.get('SELECT run_id FROM run_traces WHERE trace_id = ?', id)?.run_id as
          number | undefined) ?? null,
    );
  }

  all(): Result<readonly { readonly id: string; readonly path: string }[]> {
    return this.#table.read(() =>
      this.#table
        .all('SELECT id, path FROM traces ORDER BY started_at')
        .map((r) => ({ id: r.id as string, path: r.path as string })),
    );
  }
}

function putReference(table: Table, t: TraceReference): void {
  table.run(
    `INSERT INTO traces (id, path, sha256, started_at, sample_rate_hz, sample_count) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET path = excluded.path, sha256 = excluded.sha256, sample_count = excluded.sample_count`,
    t.id,
    t.path,
    t.sha256,
    t.startedAt,
    t.sampleRateHz,
    t.sampleCount,
  );
}

/** References to trace files; a trace that goes on gets its count, and its hash once it is closed. */
export function putTrace(table: Table, runId: number, t: TraceReference): void {
  putReference(table, t);
  table.run('INSERT INTO run_traces (run_id, trace_id) VALUES (?, ?) ON CONFLICT DO NOTHING', runId, t.id);
}

export function tracesOf(table: Table, runId: number): TraceReference[] {
  const rows = table.all(
    'SELECT t.* FROM traces t JOIN run_traces r ON r.trace_id = t.id WHERE r.run_id = ? ORDER BY t.started_at, t.id',
    runId,
  );
  return rows.map((r: Row) => ({
    id: r.id as string,
    path: r.path as string,
    sha256: r.sha256 as string | null,
    startedAt: r.started_at as string,
    sampleRateHz: r.sample_rate_hz as number,
    sampleCount: r.sample_count as number,
  }));
}
