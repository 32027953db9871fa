/**
 * `npm run package:desktop`: the desktop app as a folder, by electron-builder, into dist/packages. What goes into it is staged
 * in dist/app first: the bundles carry everything but the natives, so the app has two dependencies and not the repository's.
 * Words after `--` go to electron-builder.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { failureText } from '../src-main/base/errors.ts';
import { desktopDir, ensureDesktop, ensureRenderer, rendererDir } from '../src-main/hosts/built.ts';

const root = resolve(import.meta.dirname, '..');

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const packageOf = (folder: string): PackageJson =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson;

/** Loaded at run time; everything else is in the bundles. */
const NATIVES = ['better-sqlite3', 'serialport'];

/** Sources and builds of another use: 10 MB that nobody loads. */
function isLoaded(path: string): boolean {
  const inside = path.split(`${sep}node_modules${sep}`).at(-1)!.split(sep);
  return !(inside[0] === 'better-sqlite3' && ['deps', 'src', 'binding.gyp'].includes(inside[1] ?? ''));
}

/** Folders of packages that these need, themselves included, by Node's own search from where each is. */
function closureOf(names: readonly string[], from: string, found = new Set<string>()): Set<string> {
  for (const name of names) {
    let folder = from;
    while (!existsSync(join(folder, 'node_modules', name))) {
      if (folder === dirname(folder)) throw new Error(`${name} is not installed`);
      folder = dirname(folder);
    }
    const there = join(folder, 'node_modules', name);
    if (found.has(there)) continue;
    found.add(there);
    closureOf(Object.keys(packageOf(there).dependencies ?? {}), there, found);
  }
  return found;
}

/** What sources read beside themselves, by what it is; the bundles look for it in `bench/` (hosts/electron/build.ts). */
const READ_AS_FILES = /\.(wasm|json|sql|bin)$/;

function stageResources(to: string): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(join(root, 'src-main'), join(to, 'bench/src-main'), {
    recursive: true,
    filter: (path) => statSync(path).isDirectory() || READ_AS_FILES.test(path),
  });
  for (const part of ['firmware/prebuilt', 'models', 'data', 'package.json'])
    cpSync(join(root, part), join(to, 'bench', part), { recursive: true });
  cpSync(join(root, 'resources'), to, { recursive: true });
}

export interface Staging {
  /** Of `main.cjs` and the other bundles. */
  readonly bundles: string;
  readonly renderer: string;
}

/** Lays out what the archive of the app will hold, and what lies beside it, where electron-builder.yml looks for them. */
export function stageDesktop({ bundles, renderer }: Staging): void {
  const { name, version, description, license, dependencies } = packageOf(root);
  const to = join(root, 'dist/app');
  stageResources(join(root, 'dist/app-resources'));
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  cpSync(bundles, join(to, 'dist/electron'), { recursive: true });
  cpSync(renderer, join(to, 'dist/renderer'), { recursive: true });
  for (const folder of closureOf(NATIVES, root))
    cpSync(folder, join(to, relative(root, folder)), { recursive: true, filter: isLoaded });
  const natives = Object.fromEntries(NATIVES.map((n) => [n, dependencies![n]!]));
  const app = { name, version, description, license, author: 'The Microjoule authors' };
  writeFileSync(
    join(to, 'package.json'),
    JSON.stringify({ ...app, main: 'dist/electron/main.cjs', dependencies: natives }, null, 2),
  );
}

/** Runs electron-builder on what was staged. Words are its own: `-c.directories.output=DIR`. */
export async function packageDesktop(words: readonly string[]): Promise<void> {
  const builder = createRequire(import.meta.url).resolve('electron-builder/cli.js');
  const args = [builder, '--dir', '--publish', 'never', ...words];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise<number | null>((done, failed) =>
    child.once('error', failed).once('close', done),
  );
  if (code !== 0) throw new Error(`electron-builder ended with ${String(code)}`);
}

if (import.meta.main) {
  for (const ensure of [ensureRenderer, ensureDesktop]) {
    const built = await ensure((line) => console.error(line));
    if (!built.ok) {
      console.error(failureText(built));
      process.exit(1);
    }
  }
  stageDesktop({ bundles: desktopDir, renderer: rendererDir });
  await packageDesktop(process.argv.slice(2));
}
