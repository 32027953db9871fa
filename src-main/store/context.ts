import type Database from 'better-sqlite3';
import type { Result } from '../base/errors.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { guarded } from './sqlite-failure.ts';

/** Everything repositories need. */
export interface StoreContext {
  readonly db: Database.Database;
  readonly path: string;
  readonly nowIso: () => string;
  readonly self: ProcessIdentity;
  readonly liveness: (owner: ProcessIdentity) => 'alive' | 'dead' | 'unknown';
}

export type Row = Record<string, string | number | null>;
export type Value = string | number | null;

/** Statements of one repository, prepared once; every call is one transaction. */
export class Table {
  readonly context: StoreContext;
  readonly #statements = new Map<string, Database.Statement>();

  constructor(context: StoreContext) {
    this.context = context;
  }

  #statement(sql: string): Database.Statement {
    let s = this.#statements.get(sql);
    if (!s) {
      s = this.context.db.prepare(sql);
      this.#statements.set(sql, s);
    }
    return s;
  }

  run(sql: string, ...values: readonly Value[]): number {
    return Number(this.#statement(sql).run(...values).lastInsertRowid);
  }

  get(sql: string, ...values: readonly Value[]): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined;
  }

  all(sql: string, ...values: readonly Value[]): Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  /** All of it or nothing, and on disk when it returns. */
  write<T>(work: () => T): Result<T> {
    return guarded(this.context.path, () => this.context.db.transaction(work).immediate());
  }

  /** One consistent look. */
  read<T>(work: () => T): Result<T> {
    return guarded(this.context.path, () => this.context.db.transaction(work).deferred());
  }
}
