import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { python, root } from '../needs.ts';

/** Asks test/oracle/stream_oracle.py. */
export function ask<T>(what: string, query: Record<string, unknown>): T {
  const run = spawnSync(python!, [join(root, 'test/oracle/stream_oracle.py')], {
    input: JSON.stringify({ what, ...query }),
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) throw new Error(run.stderr.toString());
  return JSON.parse(run.stdout.toString()) as T;
}

/** Several questions at once: starting Python takes longer than answering. */
export function askAll<T>(queries: readonly ({ readonly what: string } & Record<string, unknown>)[]): T[] {
  return ask<T[]>('many', { queries });
}
