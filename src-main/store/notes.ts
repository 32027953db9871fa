import { fail, type Result } from '../base/errors.ts';
import { Table, type Row, type StoreContext } from './context.ts';

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
      this.#table.all('SELECT id, at, text FROM notes WHERE run_id = ? ORDER BY id', runId).map(noteOf),
    );
  }

  /** Gives what was removed. `store.no-note`. */
  remove(runId: number, id: number): Result<Note> {
    const t = this.#table;
    const removed = t.write(() => {
      const row = t.get('SELECT id, at, text FROM notes WHERE run_id = ? AND id = ?', runId, id);
      if (row) t.run('DELETE FROM notes WHERE id = ?', id);
      return row ? noteOf(row) : null;
    });
    if (!removed.ok) return removed;
    return removed.value
      ? { ok: true, value: removed.value }
      : fail(
          'store.no-note',
          { runId, id },
          'This note is not there any more.',
          'Look at the notes of the run again.',
        );
  }

  /** Puts a removed note back in its place. */
  restore(runId: number, note: Note): Result<Note> {
    const t = this.#table;
    return t.write(() => {
      t.run(
        'INSERT INTO notes (id, run_id, at, text) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
        note.id,
        runId,
        note.at,
        note.text,
      );
      return note;
    });
  }
}

function noteOf(r: Row): Note {
  return { id: r.id as number, at: r.at as string, text: r.text as string };
}
