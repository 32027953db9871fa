import type Database from 'better-sqlite3';
import { z } from 'zod';
import { ok, type Result } from '../base/errors.ts';
import { rowCrc } from '../trace/crc.ts';
import { damagedRow } from './trace-failure.ts';

/** Tables whose rows are told apart only by their CRC: one that is gone would not be missed without a count. */
export const DIGESTED = ['gap', 'edge', 'supply', 'mark', 'clock'] as const;
export type Digested = (typeof DIGESTED)[number];

/** Rows of a table, and the sum of their CRCs modulo 2^32. */
type Digest = readonly [rows: number, sum: number];

const Digests = z.partialRecord(z.enum(DIGESTED), z.tuple([z.number(), z.number()]));

const MODULUS = 2 ** 32;

/** Grows with every inserted row; stored in `meta` with each commit. */
export class RowDigests {
  readonly #digests = new Map<Digested, Digest>(DIGESTED.map((t) => [t, [0, 0]]));

  add(table: Digested, crc: number): void {
    const [rows, sum] = this.#digests.get(table)!;
    this.#digests.set(table, [rows + 1, (sum + crc) % MODULUS]);
  }

  /** To go back to when a commit fails. */
  copy(): RowDigests {
    const copy = new RowDigests();
    for (const [table, digest] of this.#digests) copy.#digests.set(table, digest);
    return copy;
  }

  toText(): string {
    return JSON.stringify(Object.fromEntries(this.#digests));
  }
}

/** Whether a table holds the rows that were written; digest and rows are of one snapshot, also while it is recorded. */
export function checkRows(db: Database.Database, path: string, table: Digested): Result<void> {
  const seen = db
    .prepare(
      `SELECT (SELECT value FROM meta WHERE key = 'digest') AS text, (SELECT crc FROM meta WHERE key = 'digest') AS crc,
         count(*) AS n, coalesce(sum(crc), 0) % ${MODULUS} AS sum FROM ${table}`,
    )
    .get() as { text: string | null; crc: number | null; n: number; sum: number };
  if (seen.text === null || seen.crc !== rowCrc('digest', seen.text)) return damagedRow(path, 'meta');
  const wanted = Digests.safeParse(jsonOf(seen.text)).data?.[table];
  return wanted?.[0] === seen.n && wanted[1] === seen.sum ? ok() : damagedRow(path, table);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
