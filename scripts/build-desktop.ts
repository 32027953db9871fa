/** `npm run build:desktop`: the page into dist/renderer, the desktop's programs into dist/electron. */
import { join, resolve } from 'node:path';
import { build } from 'vite';
import { buildDesktop } from '../src-main/hosts/electron/build.ts';

const root = resolve(import.meta.dirname, '..');
await build({
  configFile: join(root, 'vite.renderer.config.ts'),
  root: join(root, 'src-renderer'),
  logLevel: 'warn',
});
await buildDesktop({ outDir: join(root, 'dist/electron') });
