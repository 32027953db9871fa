import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../needs.ts';

/** Runs only when asked for by name: the whole demo takes minutes. */
export const name = 'long-demo';

const LIMIT_S = 180;

/** Wall time of `npm run demo` as the README has it, without npm. */
export async function bench() {
  const out = mkdtempSync(join(tmpdir(), 'microjoule-demo-'));
  try {
    const began = performance.now();
    const { status } = spawnSync(
      process.execPath,
      [join(root, 'src-main/hosts/cli/bin.mjs'), 'demo', '--out', out],
      { stdio: 'ignore' },
    );
    const seconds = (performance.now() - began) / 1000;
    return {
      figures: { seconds, exitCode: status ?? -1 },
      checks: [
        { name: 'the whole demo, s', value: seconds, limit: LIMIT_S, ok: seconds <= LIMIT_S },
        { name: 'exit code', value: status ?? -1, limit: 0, ok: status === 0 },
      ],
    };
  } finally {
    rmSync(out, { recursive: true });
  }
}
