import type { MonitorIdentity } from '../contract/index.ts';
import type { Table } from './context.ts';

/** The row of a monitor with this calibration. Call inside a transaction. */
export function monitorRow(table: Table, m: MonitorIdentity, at: string): number {
  const row = table.get(
    `INSERT INTO monitors (kind, serial, calibration, firmware, sample_rate_hz, emulated, first_seen, last_seen)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (kind, serial, calibration, firmware, sample_rate_hz) DO UPDATE SET last_seen = excluded.last_seen
     RETURNING id`,
    m.kind,
    m.serial,
    m.calibration,
    m.firmware,
    m.sampleRateHz,
    m.emulated ? 1 : 0,
    at,
    at,
  );
  return row!.id as number;
}
