import Database from 'better-sqlite3';
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import { RowError } from './rows.ts';

/** Runs a piece of SQL; what SQLite refuses becomes a failure with a stable id, anything else is a bug and thrown. */
export function guarded<T>(path: string, work: () => T): Result<T> {
  try {
    return ok(work());
  } catch (e) {
    return sqliteFailure(path, e);
  }
}

export function sqliteFailure(path: string, e: unknown): Failure {
  if (e instanceof RowError)
    return fail(
      'store.bad-row',
      { path, column: e.column, message: e.message },
      'A row does not hold what its column should: it was edited or damaged.',
      'Restore a backup, or delete that run.',
    );
  const condition = sqliteCondition(path, e);
  const facts = { path, ...sqliteFacts(e) };
  switch (condition) {
    case 'full':
      return fail(
        'store.full',
        facts,
        'The disk, or the size the database may have, is used up.',
        'Free some space, then resume the run: everything saved before is there.',
      );
    case 'locked':
      return fail(
        'store.locked',
        facts,
        'Another program holds the database.',
        'Close the other program, then retry.',
      );
    case 'read-only':
      return fail(
        'store.read-only',
        facts,
        'The database or its folder cannot be written by this user.',
        'Change the permissions, or choose another database with --db.',
      );
    case 'corrupt':
    case 'no-database':
      return fail(
        'store.corrupt',
        facts,
        'The file is damaged, or is no database.',
        'Restore a backup (FILE.vN.backup), or choose another database with --db.',
      );
    case 'cannot-open':
      return fail(
        'store.cannot-open',
        facts,
        'The file or its folder does not exist or may not be read.',
        'Check the path and its permissions.',
      );
    case 'io':
      return fail(
        'store.io',
        facts,
        'The disk reported an error.',
        'Check the disk and its cable, then retry.',
      );
  }
}

/** What SQLite could not do, for the sentences of whoever asked it. */
export type SqliteCondition =
  'full' | 'locked' | 'read-only' | 'corrupt' | 'no-database' | 'cannot-open' | 'io';

export function sqliteFacts(e: unknown): { readonly sqlite: string; readonly message: string } {
  return e instanceof Database.SqliteError
    ? { sqlite: e.code, message: e.message }
    : { sqlite: '', message: e instanceof Error ? e.message : String(e) };
}

/** Throws what is no trouble of the file or disk but a bug of ours: a constraint, a syntax error, any other error. */
export function sqliteCondition(path: string, e: unknown): SqliteCondition {
  // better-sqlite3 has an error of its own for a missing folder
  if (e instanceof TypeError && /directory does not exist/i.test(e.message)) return 'cannot-open';
  if (!(e instanceof Database.SqliteError)) throw e;
  const { code } = e;
  if (code === 'SQLITE_FULL' || (code.startsWith('SQLITE_IOERR') && diskIsFull(path))) return 'full';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED') || code === 'SQLITE_PROTOCOL')
    return 'locked';
  if (code.startsWith('SQLITE_READONLY') || code === 'SQLITE_PERM') return 'read-only';
  if (code.startsWith('SQLITE_CORRUPT')) return 'corrupt';
  if (code === 'SQLITE_NOTADB') return 'no-database';
  if (code.startsWith('SQLITE_CANTOPEN')) return 'cannot-open';
  if (code.startsWith('SQLITE_IOERR')) return 'io';
  throw e;
}

/** The index of the WAL grows by 32 KiB at a time, and where that fails SQLite only says "disk I/O error". */
const WAL_INDEX_STEP = 32 * 1024;

function diskIsFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < 2 * WAL_INDEX_STEP;
  } catch {
    return false;
  }
}
