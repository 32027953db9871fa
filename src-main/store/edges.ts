import type { Result } from '../base/errors.ts';
import { Table, type StoreContext } from './context.ts';

export interface StoredEdge {
  readonly atUs: number;
  /** Logic channel of the monitor, D0 = 0. */
  readonly channel: number;
  readonly level: 0 | 1;
}

/**
 * Edges of a trace for queries: those of the windows are stored with each window, others where somebody exports them;
 * the trace file itself has all.
 */
export class Edges {
  readonly #table: Table;

  constructor(context: StoreContext) {
    this.#table = new Table(context);
  }

  put(traceId: string, edges: readonly StoredEdge[]): Result<void> {
    return this.#table.write(() => putEdges(this.#table, traceId, edges));
  }

  of(traceId: string): Result<StoredEdge[]> {
    return this.#table.read(() =>
      this.#table
        .all('SELECT at_us, channel, level FROM edges WHERE trace_id = ? ORDER BY at_us, channel', traceId)
        .map((r) => ({ atUs: r.at_us as number, channel: r.channel as number, level: r.level as 0 | 1 })),
    );
  }
}

export function putEdges(table: Table, traceId: string, edges: readonly StoredEdge[]): void {
  for (const e of edges)
    table.run(
      `INSERT INTO edges (trace_id, at_us, channel, level) VALUES (?, ?, ?, ?)
       ON CONFLICT (trace_id, channel, at_us) DO UPDATE SET level = excluded.level`,
      traceId,
      e.atUs,
      e.channel,
      e.level,
    );
}
