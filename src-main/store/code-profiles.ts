import type { Result } from '../base/errors.ts';
import { CodeProfile } from '../contract/index.ts';
import { Table, type StoreContext } from './context.ts';
import { parsed } from './rows.ts';

/** One code profile a run at most; a new one replaces the old. */
export class CodeProfiles {
  readonly #table: Table;

  constructor(context: StoreContext) {
    this.#table = new Table(context);
  }

  put(runId: number, profile: CodeProfile): Result<number> {
    const at = this.#table.context.nowIso();
    return this.#table.write(() =>
      this.#table.run(
        `INSERT INTO code_profiles (run_id, at, profile_json) VALUES (?, ?, ?)
         ON CONFLICT (run_id) DO UPDATE SET at = excluded.at, profile_json = excluded.profile_json`,
        runId,
        at,
        JSON.stringify(profile),
      ),
    );
  }

  of(runId: number): Result<CodeProfile | null> {
    return this.#table.read(() => {
      const [row] = this.#table.all('SELECT profile_json FROM code_profiles WHERE run_id = ?', runId);
      return row ? parsed(CodeProfile, 'code_profiles.profile_json', row.profile_json as string) : null;
    });
  }
}
