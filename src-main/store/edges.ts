import type { Result } from '../base/errors.ts';
import { Table, type StoreContext } from './context.ts';

export interface StoredEdge {
  readonly atUs: number;
  /** Logic channel of the monitor, D0 = 0. */
  readonly channel: number;
  readonly level: 0 | 1;
}

/** Edges that were exported from a trace for queries; the trace file itself has all of them. */
export class Edges {
  readonly #table: Table;

  constructor(context: StoreContext) {
    this.#table = new Table(context);
  }

  put(traceId: string, edges: readonly StoredEdge[]): Result<void> {
    return this.#table.write(() => {
      for (const e of edges)
        this.#table.run(
          `INSERT INTO edges (trace_id, at_us, channel, level) VALUES (?, ?, ?, ?)
           ON CONFLICT (trace_id, channel, at_us) DO UPDATE SET level = excluded.level`,
          traceId,
          e.atUs,
          e.channel,
          e.level,
        );
    });
  }

  of(traceId: string): Result<StoredEdge[]> {
    return this.#table.read(() =>
      this.#table
        .all('SELECT at_us, channel, level FROM edges WHERE trace_id = ? ORDER BY at_us, channel', traceId)
        .map((r) => ({ atUs: r.at_us as number, channel: r.channel as number, level: r.level as 0 | 1 })),
    );
  }
}
