import { join } from 'node:path';
import { buildDesktop } from '../../src-main/hosts/electron/build.ts';
import { root } from '../needs.ts';

const cache = join(root, '.cache/electron22');
export const electron22 = {
  dist: join(cache, 'dist'),
  executable: join(cache, 'run/electron'),
  sqliteAddon: join(cache, 'better_sqlite3.node'),
  /** Beside dist/electron: bundles find the repository's files two folders up. */
  outDir: join(root, 'dist/electron22'),
} as const;

/** The desktop's programs for Electron 22: the product's sources, an older target, and polyfills before them. */
export async function buildForElectron22(): Promise<void> {
  await buildDesktop({
    outDir: electron22.outDir,
    older: { polyfills: join(root, 'test/electron22/polyfills.ts'), nodeTarget: 'node16' },
  });
}
