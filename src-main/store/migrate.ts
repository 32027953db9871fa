import type Database from 'better-sqlite3';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BugError, fail, ok, type Result } from '../base/errors.ts';
import { guarded } from './sqlite-failure.ts';

export interface Migration {
  /** The user_version after it. */
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/** 'MJdb' in the file's header (bytes 68…71): what tells our database from any other. */
export const APPLICATION_ID = 0x4d4a_6462;

/** migrations/NNNN-name.sql, numbered from 1 without holes. */
export function shippedMigrations(): Migration[] {
  const dir = join(import.meta.dirname, 'migrations');
  const migrations = readdirSync(dir)
    .filter((f) => f.endsWith('.sql'))
    .sort()
    .map((f) => ({
      number: Number(f.slice(0, 4)),
      name: f.slice(5, -4),
      sql: readFileSync(join(dir, f), 'utf8'),
    }));
  migrations.forEach((m, i) => {
    if (m.number !== i + 1) throw new BugError(`migration ${m.number} stands in place ${i + 1}`);
  });
  return migrations;
}

export function versionOf(db: Database.Database): number {
  return db.pragma('user_version', { simple: true }) as number;
}

export interface Migrated {
  readonly from: number;
  readonly to: number;
  /** Copy of the database as it was, or null where there was nothing to lose. */
  readonly backupPath: string | null;
}

/**
 * Brings the database to the newest schema, one transaction a migration: an interrupted one leaves the version it
 * began with. A database with content is copied beside itself first.
 */
export function migrate(
  db: Database.Database,
  path: string,
  migrations: readonly Migration[],
): Result<Migrated> {
  const version = guarded(path, () => versionOf(db));
  if (!version.ok) return version;
  const from = version.value;
  const to = migrations.length;
  if (from > to)
    return fail(
      'store.newer',
      { path, fileVersion: from, knownVersion: to },
      'A newer version of Microjoule wrote this database.',
      'Update Microjoule, or choose another database with --db.',
    );
  if (from === to) return ok({ from, to, backupPath: null });
  let backupPath: string | null = null;
  if (from > 0 && !db.memory) {
    backupPath = `${path}.v${from}.backup`;
    const saved = guarded(path, () => {
      rmSync(backupPath!, { force: true });
      db.prepare('VACUUM INTO ?').run(backupPath);
    });
    if (!saved.ok) return saved;
  }
  for (const m of migrations.slice(from)) {
    const done = apply(db, path, m);
    if (!done.ok) return done;
  }
  return ok({ from, to, backupPath });
}

function apply(db: Database.Database, path: string, m: Migration): Result<void> {
  return guarded(path, () =>
    db
      .transaction(() => {
        // another process may have been faster
        if (versionOf(db) >= m.number) return;
        db.exec(m.sql);
        db.pragma(`user_version = ${m.number}`);
        db.pragma(`application_id = ${APPLICATION_ID}`);
      })
      .immediate(),
  );
}
