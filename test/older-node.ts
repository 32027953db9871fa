import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A Node on PATH that is too old to run the sources itself, or null. */
export function olderNode(): string | null {
  const candidates = (process.env.PATH ?? '').split(delimiter).map((d) => join(d, 'node'));
  const major = (bin: string) =>
    Number(/^v(\d+)/.exec(spawnSync(bin, ['--version'], { encoding: 'utf8' }).stdout)?.[1] ?? NaN);
  return candidates.find((bin) => existsSync(bin) && major(bin) < 24) ?? null;
}
