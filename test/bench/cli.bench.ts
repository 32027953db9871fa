import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { median } from '../../src-main/base/statistics.ts';
import { root } from '../needs.ts';

export const name = 'cli';

/** Wall time of `microjoule --help`, process start included, beside an empty Node process in the same run. */
export async function bench() {
  const time = (args: readonly string[]) => {
    const began = performance.now();
    spawnSync(process.execPath, args, { stdio: 'ignore' });
    return performance.now() - began;
  };
  const repeat = (args: readonly string[]) => median(Array.from({ length: 9 }, () => time(args)));
  const helpMs = repeat([join(root, 'src-main/hosts/cli/bin.mjs'), '--help']);
  const emptyMs = repeat(['-e', '']);
  return {
    figures: { helpMs, emptyNodeMs: emptyMs, ratio: helpMs / emptyMs },
    checks: [{ name: '--help, ms', value: helpMs, limit: 300, ok: helpMs <= 300 }],
  };
}
