import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { failureText } from '../base/errors.ts';
import { openCore } from './cli/open-core.ts';
import { serveCore } from './bench-page.ts';

const require = createRequire(import.meta.url);
const FETCH_TIMEOUT_MS = 120_000;

/** The Electron executable, fetched if it can be; null where it cannot. */
function electronBinary(): string | null {
  let folder: string;
  try {
    folder = dirname(require.resolve('electron/package.json'));
  } catch {
    return null;
  }
  const binary = () => {
    const pathFile = join(folder, 'path.txt');
    const name = existsSync(pathFile) ? readFileSync(pathFile, 'utf8') : 'electron';
    const file = join(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist'), name);
    return existsSync(file) ? file : null;
  };
  if (binary()) return binary();
  spawnSync(process.execPath, [join(folder, 'install.js')], { stdio: 'ignore', timeout: FETCH_TIMEOUT_MS });
  return binary();
}

/** `npm start`: the desktop window where Electron is or can be fetched, else the same page in the browser. */
export async function start(args: readonly string[]): Promise<void> {
  const core = await openCore(null);
  if (!core.ok) {
    console.error(failureText(core));
    process.exitCode = 5;
    return;
  }
  const host = await serveCore(core.value, {}, (line) => console.error(line));
  if (!host.ok) {
    console.error(failureText(host));
    process.exitCode = 1;
    return;
  }
  const stop = async () => {
    await host.value[Symbol.asyncDispose]();
    await core.value[Symbol.asyncDispose]();
  };
  const electron = args.includes('--browser') ? null : electronBinary();
  if (electron) {
    const window = spawn(electron, [join(import.meta.dirname, 'electron/main.cjs'), `--attach=${host.value.url}`], { stdio: 'inherit' });
    window.on('close', () => void stop());
    return;
  }
  console.log(`Electron is not here and cannot be fetched; the same page is at\n${host.value.url}\n(Ctrl-C ends it)`);
  const opener = { linux: 'xdg-open', darwin: 'open' }[process.platform as string];
  if (opener && process.stdout.isTTY) spawn(opener, [host.value.url], { stdio: 'ignore', detached: true }).on('error', () => {}).unref();
  process.once('SIGINT', () => void stop());
  process.once('SIGTERM', () => void stop());
}
