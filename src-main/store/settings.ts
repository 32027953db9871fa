import type { Result } from '../base/errors.ts';
import { Table, type StoreContext } from './context.ts';

/** Values by name, as they were put; whoever reads them checks them. */
export class SettingValues {
  readonly #table: Table;

  constructor(context: StoreContext) {
    this.#table = new Table(context);
  }

  /** A value that is no JSON any more is left out: a setting is never worth more than its default. */
  all(): Result<Record<string, unknown>> {
    return this.#table.read(() =>
      Object.fromEntries(
        this.#table
          .all('SELECT name, value_json FROM settings ORDER BY name')
          .flatMap((r) => valueOf(r.name as string, r.value_json as string)),
      ),
    );
  }

  put(values: Readonly<Record<string, unknown>>): Result<void> {
    return this.#table.write(() => {
      for (const [name, value] of Object.entries(values))
        this.#table.run(
          `INSERT INTO settings (name, value_json) VALUES (?, ?)
           ON CONFLICT (name) DO UPDATE SET value_json = excluded.value_json`,
          name,
          JSON.stringify(value),
        );
    });
  }
}

function valueOf(name: string, text: string): [string, unknown][] {
  try {
    return [[name, JSON.parse(text)]];
  } catch {
    return [];
  }
}
