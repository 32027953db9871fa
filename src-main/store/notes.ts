import type { Result } from '../base/errors.ts';
import { Table, type StoreContext } from './context.ts';

export interface Note {
  readonly id: number;
  readonly at: string;
  readonly text: string;
}

export class Notes {
  readonly #table: Table;

  constructor(context: StoreContext) {
    this.#table = new Table(context);
  }

  add(runId: number, text: string): Result<number> {
    const at = this.#table.context.nowIso();
    return this.#table.write(() =>
      this.#table.run('INSERT INTO notes (run_id, at, text) VALUES (?, ?, ?)', runId, at, text),
    );
  }

  of(runId: number): Result<Note[]> {
    return this.#table.read(() =>
      this.#table
        .all('SELECT id, at, text FROM notes WHERE run_id = ? ORDER BY id', runId)
        .map((r) => ({ id: r.id as number, at: r.at as string, text: r.text as string })),
    );
  }
}
