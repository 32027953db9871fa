import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { median } from '../../src-main/base/statistics.ts';
import { root } from '../needs.ts';
import { olderNode } from '../older-node.ts';

export const name = 'cli';

const LIMIT_MS = 300;

/**
 * Wall time of `microjoule --help`, process start included, beside an empty Node process in the same run; and started by
 * an older Node, which runs the pinned one: as most users' `npm run microjoule` does.
 */
export async function bench() {
  const time = (node: string, args: readonly string[]) => {
    const began = performance.now();
    spawnSync(node, args, { stdio: 'ignore' });
    return performance.now() - began;
  };
  const repeat = (node: string, args: readonly string[]) =>
    median(Array.from({ length: 9 }, () => time(node, args)));
  const help = [join(root, 'src-main/hosts/cli/bin.mjs'), '--help'];
  const helpMs = repeat(process.execPath, help);
  const emptyNodeMs = repeat(process.execPath, ['-e', '']);
  const older = olderNode();
  const olderFigures: Record<string, number> = older
    ? { reexecutedHelpMs: repeat(older, help), olderEmptyNodeMs: repeat(older, ['-e', '']) }
    : {};
  const check = (what: string, value: number) => ({
    name: what,
    value,
    limit: LIMIT_MS,
    ok: value <= LIMIT_MS,
  });
  return {
    figures: { helpMs, emptyNodeMs, ratio: helpMs / emptyNodeMs, ...olderFigures },
    checks: [
      check('--help, ms', helpMs),
      ...(older ? [check('--help started by an older Node, ms', olderFigures.reexecutedHelpMs!)] : []),
    ],
  };
}
