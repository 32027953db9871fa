import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** Nobody waits longer than this to learn that there is no network. */
const REACHABLE_WITHIN_MS = 8000;
/** A reachable server sends a hundred megabytes in this time, or it is not worth the wait. */
const FETCH_WITHIN_MS = 180_000;

export interface ElectronOptions {
  /** Of the electron package; default: where it is installed. */
  readonly folder?: string | null;
  readonly note: (line: string) => void;
  /** Does the server that `install.js` fetches from answer? */
  readonly reachable?: () => Promise<boolean>;
  /** Runs `install.js`. */
  readonly install?: (folder: string) => Promise<void>;
}

function installedFolder(): string | null {
  try {
    return dirname(require.resolve('electron/package.json'));
  } catch {
    return null;
  }
}

function binaryIn(folder: string): string | null {
  const pathFile = join(folder, 'path.txt');
  const name = existsSync(pathFile) ? readFileSync(pathFile, 'utf8') : 'electron';
  const file = join(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist'), name);
  return existsSync(file) ? file : null;
}

/** Any answer will do. A proxy that only `install.js` knows of is left to it. */
async function serverAnswers(): Promise<boolean> {
  if (process.env.ELECTRON_GET_USE_PROXY) return true;
  const mirror =
    process.env.ELECTRON_MIRROR ??
    process.env.npm_config_electron_mirror ??
    'https://github.com/electron/electron/releases/';
  try {
    await fetch(mirror, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(REACHABLE_WITHIN_MS),
    });
    return true;
  } catch {
    return false;
  }
}

async function runInstaller(folder: string): Promise<void> {
  const child = spawn(process.execPath, [join(folder, 'install.js')], {
    stdio: 'ignore',
    timeout: FETCH_WITHIN_MS,
  });
  await new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
}

/** The Electron executable, fetched if it can be; null where it cannot. */
export async function electronBinary(options: ElectronOptions): Promise<string | null> {
  const { folder = installedFolder(), note, reachable = serverAnswers, install = runInstaller } = options;
  if (folder === null) return null;
  const there = binaryIn(folder);
  if (there) return there;
  note(
    "Electron's binary is not here; trying to fetch it (once, about 100 MB; `npm start -- --browser` does without) …",
  );
  if (!(await reachable())) return null;
  await install(folder);
  return binaryIn(folder);
}
