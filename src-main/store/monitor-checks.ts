import type { Result } from '../base/errors.ts';
import { MonitorCheck } from '../contract/index.ts';
import { Table, type Row, type StoreContext } from './context.ts';
import { parsed } from './rows.ts';

/** Dated checks of monitors by kind, serial number and calibration. None is ever changed. */
export class MonitorChecks {
  readonly #table: Table;

  constructor(context: StoreContext) {
    this.#table = new Table(context);
  }

  put(check: MonitorCheck): Result<number> {
    const { kind, serial, calibration, checkedAt } = check;
    return this.#table.write(() =>
      this.#table.run(
        'INSERT INTO monitor_checks (kind, serial, calibration, checked_at, check_json) VALUES (?, ?, ?, ?, ?)',
        kind,
        serial,
        calibration,
        checkedAt,
        JSON.stringify(check),
      ),
    );
  }

  /** The newest of this very instrument, or null. */
  latest(kind: string, serial: string, calibration: string): Result<MonitorCheck | null> {
    return this.#table.read(() => {
      const row = this.#table.get(
        `SELECT check_json FROM monitor_checks WHERE kind = ? AND serial = ? AND calibration = ?
         ORDER BY checked_at DESC, id DESC LIMIT 1`,
        kind,
        serial,
        calibration,
      );
      return row ? checkOf(row) : null;
    });
  }

  /** The newest of each instrument, newest first. */
  list(): Result<MonitorCheck[]> {
    return this.#table.read(() =>
      this.#table
        .all(
          `SELECT check_json FROM monitor_checks AS c WHERE id = (
             SELECT id FROM monitor_checks WHERE kind = c.kind AND serial = c.serial AND calibration = c.calibration
             ORDER BY checked_at DESC, id DESC LIMIT 1
           ) ORDER BY checked_at DESC, id DESC`,
        )
        .map(checkOf),
    );
  }
}

function checkOf(row: Row): MonitorCheck {
  return parsed(MonitorCheck, 'monitor_checks.check_json', row.check_json as string);
}
