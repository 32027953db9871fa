import type { Result } from '../base/errors.ts';
import { Table, type StoreContext } from './context.ts';

/** A board or monitor that was on this bench before. */
export interface KnownDevice {
  readonly serial: string;
  /** Of a monitor: its firmware. Of a board: the hash of the firmware it ran last, or null. */
  readonly firmware: string | null;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
}

/** Boards and monitors by serial number, each once, the newest knowledge of it. */
export class KnownDevices {
  readonly #table: Table;

  constructor(context: StoreContext) {
    this.#table = new Table(context);
  }

  list(): Result<KnownDevice[]> {
    return this.#table.read(() =>
      this.#table
        .all(
          `SELECT b.serial AS serial, MIN(b.first_seen) AS first_seen, MAX(b.last_seen) AS last_seen,
             (SELECT r.firmware_hash FROM runs AS r JOIN boards AS own ON own.id = r.board_id
              WHERE own.serial = b.serial AND r.firmware_hash IS NOT NULL
              ORDER BY r.id DESC LIMIT 1) AS firmware
           FROM boards AS b GROUP BY b.serial
           UNION ALL
           SELECT m.serial, MIN(m.first_seen), MAX(m.last_seen),
             (SELECT firmware FROM monitors WHERE serial = m.serial ORDER BY last_seen DESC, id DESC LIMIT 1)
           FROM monitors AS m GROUP BY m.serial`,
        )
        .map((r) => ({
          serial: r.serial as string,
          firmware: r.firmware as string | null,
          firstSeenAt: r.first_seen as string,
          lastSeenAt: r.last_seen as string,
        })),
    );
  }
}
