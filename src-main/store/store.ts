import Database from 'better-sqlite3';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import { Calibrations } from './calibrations.ts';
import type { StoreContext } from './context.ts';
import { Edges } from './edges.ts';
import {
  APPLICATION_ID,
  migrate,
  shippedMigrations,
  versionOf,
  type Migrated,
  type Migration,
} from './migrate.ts';
import { MonitorChecks } from './monitor-checks.ts';
import { CodeProfiles } from './code-profiles.ts';
import { Notes } from './notes.ts';
import { KnownDevices } from './known-devices.ts';
import { livenessOf, thisProcess, type ProcessIdentity } from './process-identity.ts';
import { ReferenceChecks } from './reference-checks.ts';
import { Runs } from './runs.ts';
import { SettingValues } from './settings.ts';
import { guarded, sqliteFailure } from './sqlite-failure.ts';
import { TraceReferences } from './traces.ts';
import { Streams } from './streams.ts';
import { Views } from './views.ts';

export interface StoreOptions {
  /** Look only: nothing is created, migrated or marked. */
  readonly readOnly?: boolean;
  /** `store.none` where there is no database yet, instead of a new one. */
  readonly mustExist?: boolean;
  /** How long to wait for another program's transaction. */
  readonly busyMs?: number;
  readonly nowIso?: () => string;
  readonly migrations?: readonly Migration[];
  /** Upper bound of the file, in pages of 4096 B. */
  readonly maxPages?: number;
  readonly self?: ProcessIdentity;
  readonly liveness?: (owner: ProcessIdentity) => 'alive' | 'dead' | 'unknown';
}

/** Above this a whole check on opening would be felt. */
const CHECK_BYTES = 64 * 1024 * 1024;

export class Store implements AsyncDisposable {
  readonly path: string;
  readonly runs: Runs;
  readonly notes: Notes;
  readonly codeProfiles: CodeProfiles;
  readonly edges: Edges;
  readonly calibrations: Calibrations;
  readonly referenceChecks: ReferenceChecks;
  readonly monitorChecks: MonitorChecks;
  readonly streams: Streams;
  readonly traces: TraceReferences;
  readonly views: Views;
  readonly settings: SettingValues;
  readonly knownDevices: KnownDevices;
  readonly migrated: Migrated | null;
  /** Runs that a dead process had left running, marked interrupted on opening. */
  readonly recovered: readonly number[];
  readonly #db: Database.Database;

  constructor(context: StoreContext, migrated: Migrated | null, recovered: readonly number[]) {
    this.#db = context.db;
    this.path = context.path;
    this.runs = new Runs(context);
    this.notes = new Notes(context);
    this.codeProfiles = new CodeProfiles(context);
    this.edges = new Edges(context);
    this.calibrations = new Calibrations(context);
    this.referenceChecks = new ReferenceChecks(context);
    this.monitorChecks = new MonitorChecks(context);
    this.streams = new Streams(context);
    this.traces = new TraceReferences(context);
    this.views = new Views(context);
    this.settings = new SettingValues(context);
    this.knownDevices = new KnownDevices(context);
    this.migrated = migrated;
    this.recovered = recovered;
  }

  /** For tests and `doctor`: the raw handle stays inside this folder otherwise. */
  integrity(): Result<void> {
    return checkWhole(this.#db, this.path, 'integrity_check');
  }

  close(): void {
    this.#db.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/**
 * Opens or creates the database. Fails with `store.cannot-open`, `store.corrupt`, `store.foreign`, `store.newer`,
 * `store.locked`, `store.read-only`, `store.full`, `store.io`; the file is then as it was.
 */
export function openStore(path: string, options: StoreOptions = {}): Result<Store> {
  const full = path === ':memory:' ? path : resolve(path);
  const opened = openFile(full, options);
  if (!opened.ok) return opened;
  const db = opened.value;
  const store = prepare(db, full, options);
  if (!store.ok) db.close();
  return store;
}

function openFile(path: string, options: StoreOptions): Result<Database.Database> {
  const readOnly = options.readOnly ?? false;
  if (path !== ':memory:') {
    const wrong = folderFailure(path, readOnly || (options.mustExist ?? false));
    if (wrong) return wrong;
  }
  try {
    return ok(
      new Database(path, { readonly: readOnly, fileMustExist: readOnly, timeout: options.busyMs ?? 2000 }),
    );
  } catch (e) {
    // better-sqlite3 throws a TypeError of its own for a missing folder
    if (e instanceof TypeError) return cannotOpen(path, e.message);
    return sqliteFailure(path, e);
  }
}

function folderFailure(path: string, mustExist: boolean): Failure | null {
  if (existsSync(path)) return statSync(path).isFile() ? null : cannotOpen(path, 'not a file');
  if (mustExist)
    return fail(
      'store.none',
      { path },
      'There is no database yet.',
      'Run a benchmark first, or name another database with --db.',
    );
  try {
    mkdirSync(dirname(path), { recursive: true });
    return null;
  } catch (e) {
    return cannotOpen(path, (e as Error).message);
  }
}

function cannotOpen(path: string, message: string): Failure {
  return fail(
    'store.cannot-open',
    { path, message },
    'The file or its folder does not exist or may not be used.',
    'Check the path and its permissions.',
  );
}

function prepare(db: Database.Database, path: string, options: StoreOptions): Result<Store> {
  const readOnly = options.readOnly ?? false;
  const known = recognise(db, path);
  if (!known.ok) return known;
  const migrations = options.migrations ?? shippedMigrations();
  let migrated: Migrated | null = null;
  if (readOnly) {
    const old = readOnlyVersion(db, path, migrations.length);
    if (old) return old;
  } else {
    const configured = guarded(path, () => configure(db, options));
    if (!configured.ok) return configured;
    const done = migrate(db, path, migrations);
    if (!done.ok) return done;
    migrated = done.value;
  }
  const context: StoreContext = {
    db,
    path,
    nowIso: options.nowIso ?? (() => new Date().toISOString()),
    self: options.self ?? thisProcess(),
    liveness: options.liveness ?? livenessOf,
  };
  const recovered = readOnly ? ok([]) : Runs.interruptOrphans(context);
  if (!recovered.ok) return recovered;
  return ok(new Store(context, migrated, recovered.value));
}

/** Is it a whole database, and ours? Before anything is written. */
function recognise(db: Database.Database, path: string): Result<void> {
  const looked = guarded(path, () => ({
    tables: db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table'").get() as { n: number },
    applicationId: db.pragma('application_id', { simple: true }) as number,
    bytes:
      (db.pragma('page_count', { simple: true }) as number) *
      (db.pragma('page_size', { simple: true }) as number),
  }));
  if (!looked.ok) return looked;
  const { tables, applicationId, bytes } = looked.value;
  if (tables.n > 0 && applicationId !== APPLICATION_ID)
    return fail(
      'store.foreign',
      { path, applicationId, tables: tables.n },
      'This SQLite file belongs to another program.',
      'Choose another file with --db.',
    );
  return bytes <= CHECK_BYTES ? checkWhole(db, path, 'quick_check') : ok();
}

function checkWhole(
  db: Database.Database,
  path: string,
  kind: 'quick_check' | 'integrity_check',
): Result<void> {
  const found = guarded(path, () => db.pragma(`${kind}(1)`, { simple: true }) as string);
  if (!found.ok) return found;
  if (found.value === 'ok') return ok();
  return fail(
    'store.corrupt',
    { path, message: found.value },
    'The file is damaged.',
    'Restore a backup (FILE.vN.backup), or choose another database with --db.',
  );
}

/**
 * WAL: readers never wait for the writer, and a killed process leaves every committed transaction. synchronous=FULL:
 * a window that was reported as stored is there after a power cut too.
 */
function configure(db: Database.Database, options: StoreOptions): void {
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  if (options.maxPages !== undefined) db.pragma(`max_page_count = ${options.maxPages}`);
}

function readOnlyVersion(db: Database.Database, path: string, known: number): Failure | null {
  const read = guarded(path, () => versionOf(db));
  if (!read.ok) return read;
  const version = read.value;
  if (version > known)
    return fail(
      'store.newer',
      { path, fileVersion: version, knownVersion: known },
      'A newer version of Microjoule wrote this database.',
      'Update Microjoule, or choose another database with --db.',
    );
  if (version < known)
    return fail(
      'store.older',
      { path, fileVersion: version, knownVersion: known },
      'The database has an older schema and was opened for reading only.',
      'Open it once for writing (microjoule runs --db FILE): it is copied and migrated.',
    );
  return null;
}
