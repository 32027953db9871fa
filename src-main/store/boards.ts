import type { DeviceIdentity } from '../contract/index.ts';
import type { Table } from './context.ts';

/** The row of a board by descriptor and serial number; new boards get one. Call inside a transaction. */
export function boardRow(table: Table, identity: DeviceIdentity, at: string): number {
  const row = table.get(
    `INSERT INTO boards (board_id, serial, first_seen, last_seen) VALUES (?, ?, ?, ?)
     ON CONFLICT (board_id, serial) DO UPDATE SET last_seen = excluded.last_seen RETURNING id`,
    identity.boardId,
    identity.boardSerial,
    at,
    at,
  );
  return row!.id as number;
}
