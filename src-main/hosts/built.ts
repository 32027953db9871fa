import { spawn } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { fail, ok, type Result } from '../base/errors.ts';

const repository = resolve(import.meta.dirname, '../..');

/** Time of the newest file below a folder; 0 where there is none. */
function newestMs(folder: string): number {
  try {
    const times = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs);
    return Math.max(0, ...times);
  } catch {
    return 0;
  }
}

function builtMs(file: string): number {
  try {
    return statSync(join(repository, file)).mtimeMs;
  } catch {
    return 0;
  }
}

function stale(result: string, sources: readonly string[]): boolean {
  return builtMs(result) <= Math.max(...sources.map((folder) => newestMs(join(repository, folder))));
}

/** Builds beside and then in place: another process may be serving what is there. */
async function built(
  what: string,
  outDir: string,
  build: (outDir: string) => Promise<unknown>,
  note: (line: string) => void,
): Promise<Result<void>> {
  note(`building ${what} …`);
  const beside = `${outDir}.${process.pid}`;
  try {
    await build(beside);
    rmSync(outDir, { recursive: true, force: true });
    renameSync(beside, outDir);
    return ok();
  } catch (e) {
    rmSync(beside, { recursive: true, force: true });
    // the one from before, or from another process that built at the same time
    if (existsSync(outDir)) {
      note(`${what} could not be built; what was built before is used (${String(e).slice(0, 500)})`);
      return ok();
    }
    return fail(
      'host.cannot-build',
      { what, reason: e instanceof Error ? e.message : String(e) },
      'The sources could not be built.',
      'Run `npm ci` with development packages, then retry.',
    );
  }
}

/** In a process of its own: Svelte makes a development build wherever NODE_ENV is not `production`. */
async function buildRenderer(outDir: string): Promise<void> {
  const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js');
  const config = join(repository, 'vite.renderer.config.ts');
  const args = [vite, 'build', '--config', config, '--outDir', outDir, '--logLevel', 'error'];
  const child = spawn(process.execPath, args, {
    cwd: repository,
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  if (code !== 0) throw new Error(stripVTControlCharacters(said));
}

export const rendererDir = join(repository, 'dist/renderer');
export const desktopDir = join(repository, 'dist/electron');

/** Builds the page when it is not there or older than its sources: a few seconds. `host.cannot-build`. */
export async function ensureRenderer(note: (line: string) => void): Promise<Result<void>> {
  const shared = ['base', 'contract', 'chart'].map((folder) => `src-main/${folder}`);
  if (!stale('dist/renderer/index.html', ['src-renderer', ...shared])) return ok();
  return built('the page', rendererDir, buildRenderer, note);
}

/** Builds the desktop's programs when they are not there or older than their sources. `host.cannot-build`. */
export async function ensureDesktop(note: (line: string) => void): Promise<Result<void>> {
  if (!stale('dist/electron/main.cjs', ['src-main'])) return ok();
  return built(
    'the desktop app',
    desktopDir,
    async (outDir) => {
      const { buildDesktop } = await import('./electron/build.ts');
      return buildDesktop({ outDir });
    },
    note,
  );
}
