import type { TraceReference } from '../contract/index.ts';
import type { Row, Table } from './context.ts';

/** References to trace files; a trace that goes on gets its count, and its hash once it is closed. */
export function putTrace(table: Table, runId: number, t: TraceReference): void {
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
