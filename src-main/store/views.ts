import type { Result } from '../base/errors.ts';
import { guarded } from './sqlite-failure.ts';
import type { StoreContext } from './context.ts';

export const viewNames = [
  'v_runs',
  'v_windows',
  'v_items',
  'v_op_profile',
  'v_predictions',
  'v_traces',
  'v_events',
  'v_notes',
  'v_streams',
  'v_stream_windows',
  'v_stream_detections',
] as const;
export type ViewName = (typeof viewNames)[number];

export interface ViewRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** The documented read-only views (docs/database.md), for exports. */
export class Views {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** All rows, or those of one run. */
  read(view: ViewName, runId?: number): Result<ViewRows> {
    const { db, path } = this.#context;
    return guarded(path, () => {
      const where = runId === undefined ? '' : ' WHERE run_id = ?';
      const statement = db.prepare(`SELECT * FROM ${view}${where}`);
      const columns = statement.columns().map((c) => c.name);
      const rows = (runId === undefined ? statement.raw().all() : statement.raw().all(runId)) as (
        string | number | null
      )[][];
      return { columns, rows };
    });
  }
}
