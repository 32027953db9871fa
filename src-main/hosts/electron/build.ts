/**
 * The desktop's programs as CommonJS bundles, one Vite config an entry: `main.cjs`, `preload.cjs`, `core.cjs` and the worker
 * threads of the core. Everything else runs from source (ADR 0007); Electron has no type stripping that could be relied on.
 */
import { builtinModules } from 'node:module';
import { join, relative, resolve } from 'node:path';
import type { InlineConfig, Plugin } from 'vite';

const repository = resolve(import.meta.dirname, '../../..');
const hosts = 'src-main/hosts/electron';

/** Entry → the source it is made of. */
const entries = {
  main: `${hosts}/main.ts`,
  preload: `${hosts}/preload.ts`,
  core: `${hosts}/core-entry.ts`,
} as const;

/** Worker threads of the core: source → bundle. */
const workers: Readonly<Record<string, string>> = {
  'src-main/sim/worker.ts': 'world-worker',
  'src-main/store/trace-writer-worker.ts': 'trace-writer-worker',
};

/** Natives are loaded from node_modules, and so is what only TensorFlow.js needs. */
const external = [
  'electron',
  'better-sqlite3',
  'serialport',
  /^@tensorflow\//,
  ...builtinModules,
  ...builtinModules.map((name) => `node:${name}`),
];

/**
 * Where the files are that sources read beside themselves. From source: the repository. Packaged, the bundles are in
 * `resources/app.asar` and those files in `resources/bench`: an archive is no folder for SQLite, WASM and other programs.
 */
const prologue = `
const __root = (() => {
  const path = require('node:path');
  const app = path.join(__dirname, '../..');
  return path.basename(app).startsWith('app.asar') ? path.join(app, '../bench') : app;
})();
const __sourceUrl = (file) => require('node:url').pathToFileURL(require('node:path').join(__root, file)).href;
`;

/** `import.meta` of a source means the place of that source, wherever the bundle lies. */
function sourcePlaces(): Plugin {
  return {
    name: 'microjoule-source-places',
    enforce: 'pre',
    transform(code, id) {
      const file = relative(repository, id.split('?')[0]!).replaceAll('\\', '/');
      if (!file.startsWith('src-main/') || !code.includes('import.meta')) return null;
      const folder = JSON.stringify(file.split('/').slice(0, -1).join('/'));
      return code
        .replace(/new Worker\(new URL\('(\.[^']+)', import\.meta\.url\)/g, (_all, path: string) => {
          const source = relative(repository, resolve(repository, file, '..', path)).replaceAll('\\', '/');
          const bundle = workers[source];
          if (!bundle) throw new Error(`${source} is a worker that the desktop build does not know of`);
          return `new Worker(require('node:path').join(__dirname, '${bundle}.cjs')`;
        })
        .replaceAll('import.meta.dirname', `require('node:path').join(__root, ${folder})`)
        .replaceAll('import.meta.url', `__sourceUrl(${JSON.stringify(file)})`);
    },
  };
}

/** What a test build adds for an older Electron. */
export interface OlderElectron {
  /** A module of its own bundle that every other one but the preload loads before anything else. */
  readonly polyfills: string;
  readonly nodeTarget: string;
}

export interface DesktopBuild {
  readonly outDir: string;
  readonly older?: OlderElectron;
}

const POLYFILLS = 'polyfills';

function bundleConfig(name: string, source: string, { outDir, older }: DesktopBuild): InlineConfig {
  // bundles require their externals first: what must come before those is a bundle of its own
  const first = older && name !== POLYFILLS ? `require('./${POLYFILLS}.cjs');` : '';
  return {
    configFile: false,
    root: repository,
    logLevel: 'warn',
    publicDir: false,
    plugins: [sourcePlaces()],
    ssr: { noExternal: true },
    build: {
      ssr: true,
      outDir,
      emptyOutDir: false,
      minify: false,
      target: older?.nodeTarget ?? 'node24',
      rollupOptions: {
        input: { [name]: join(repository, source) },
        external,
        output: {
          format: 'cjs',
          entryFileNames: '[name].cjs',
          chunkFileNames: `${name}-[name].cjs`,
          // a sandboxed preload has no modules but electron's
          ...(name === 'preload' ? {} : { banner: first + prologue }),
        },
      },
    },
  };
}

/** The configs of a build, by the bundle each makes. */
export function desktopConfigs(build: DesktopBuild): Readonly<Record<string, InlineConfig>> {
  const all = [
    ...Object.entries(entries),
    ...Object.entries(workers).map(([source, name]) => [name, source]),
    ...(build.older ? [[POLYFILLS, relative(repository, build.older.polyfills)]] : []),
  ];
  return Object.fromEntries(all.map(([name, source]) => [name!, bundleConfig(name!, source!, build)]));
}

export async function buildDesktop(build: DesktopBuild): Promise<void> {
  const vite = await import('vite');
  for (const config of Object.values(desktopConfigs(build))) await vite.build(config);
}
