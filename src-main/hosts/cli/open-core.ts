import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { createCore, type Core } from '../../core.ts';
import type { Result } from '../../base/errors.ts';

/** `--db`, else MICROJOULE_DB, else the data folder of the platform. Absolute: paths of traces beside it are kept in it. */
export function databasePath(given: string | null): string {
  if (given) return resolve(given);
  if (process.env.MICROJOULE_DB) return resolve(process.env.MICROJOULE_DB);
  const base =
    process.platform === 'win32'
      ? (process.env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'))
      : process.platform === 'darwin'
        ? join(homedir(), 'Library', 'Application Support')
        : (process.env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'));
  return join(base, 'microjoule', 'microjoule.db');
}

/** For commands that only read: a mistyped `--db` is an error, not a new database. */
export function openCoreToRead(db: string | null): Promise<Result<Core>> {
  return createCore({ dbPath: databasePath(db), mustExist: true });
}

export function openCore(db: string | null): Promise<Result<Core>> {
  return createCore({ dbPath: databasePath(db) });
}
