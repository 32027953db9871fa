import { dirname } from 'node:path';
import { ok, type Result } from '../../base/errors.ts';
import { Settings, type SettingsAndPlace, type settingsMethods } from '../../contract/bench/settings.ts';
import type { Core } from '../../core.ts';
import type { BenchContext, Handlers } from './handlers.ts';

export function settingsHandlers({ core }: BenchContext): Pick<Handlers, keyof typeof settingsMethods> {
  return {
    'settings.get': () => settingsOf(core),
    'settings.set': (change) => {
      const put = core.store.settings.put(change);
      return put.ok ? settingsOf(core) : put;
    },
  };
}

function settingsOf(core: Core): Result<SettingsAndPlace> {
  const stored = core.store.settings.all();
  if (!stored.ok) return stored;
  return ok({ settings: readSettings(stored.value), folder: dirname(core.store.path) });
}

/** What can be read of it; a value that another version wrote, and this one does not understand, is its default. */
export function readSettings(stored: Readonly<Record<string, unknown>>): Settings {
  const known = Object.entries(Settings.shape).flatMap(([name, schema]) => {
    const value = schema.safeParse(stored[name]);
    return value.success ? [[name, value.data] as const] : [];
  });
  return Settings.parse(Object.fromEntries(known));
}
