/**
 * The walls of DESIGN §2, as an allow-list per folder. There is no exceptions section: a folder imports from
 * itself and from what its line names, nothing else.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

const L1 = ['base'];
const L2 = [...L1, 'contract', 'abi', 'chart'];
const L3 = [...L2, 'link', 'board', 'model', 'trace'];
const L4 = [...L3, 'compile', 'dataset'];
const L5 = [...L4, 'engine', 'device', 'monitor', 'predict'];
const L7 = [...L5, 'sim', 'run'];
const L8 = [...L7, 'calibrate', 'search', 'stream', 'train', 'report'];

/** Folder of src-main → folders it may import from besides itself. */
const allowed: Record<string, readonly string[]> = {
  base: [],
  contract: L1,
  abi: L1,
  chart: L1,
  link: L2,
  board: L2,
  model: L2,
  trace: L2,
  compile: L3,
  dataset: L3,
  engine: L4,
  device: L4,
  monitor: L4,
  predict: L4,
  // sim may use all of 1–4 and nothing that decodes what it encodes
  sim: L4,
  run: L5,
  calibrate: L7,
  search: L7,
  stream: L7,
  train: L7,
  report: L7,
  store: L8,
  // the adapters of run/ports and the targets: part of the composition root (ADR 0008)
  core: [...L8, 'store'],
  'core.ts': [...L8, 'store', 'core'],
  hosts: [...L8, 'store', 'core', 'core.ts'],
};

/** Package → the only folders that may import it. */
const nativeHomes: Record<string, readonly string[]> = {
  serialport: ['link'],
  'better-sqlite3': ['store'],
  '@tensorflow/tfjs-node': ['engine'],
  '@tensorflow/tfjs-backend-wasm': ['engine'],
  '@tensorflow/tfjs': ['engine'],
  electron: ['hosts'],
  rp2040js: [],
};

/** Types load nothing: train gets the module itself from engine/tfjs.ts, which says which one it is. */
const typeHomes: Record<string, readonly string[]> = { '@tensorflow/tfjs': ['train'] };

interface Import {
  readonly file: string;
  readonly specifier: string;
  /** `import type …`: nothing is loaded. */
  readonly typeOnly: boolean;
}

/** What only Node or only a page has, where it is used as such. `window` alone is a word of ours. */
const PLATFORM =
  /(?<![.\w$])(?:(?:process|document|navigator|localStorage|sessionStorage|location|Buffer|window)\s*(?:\.|\[|\()|(?:globalThis|__dirname|__filename|HTMLElement|SVGElement|XMLHttpRequest|requestAnimationFrame|customElements)\b|require\s*\(|import\.meta\b)/;

function platformUse(text: string): string | null {
  return PLATFORM.exec(withoutCommentsAndStrings(text))?.[0] ?? null;
}

/** Template expressions stay: they are code. */
function withoutCommentsAndStrings(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    if (statSync(path).isDirectory()) return filesBelow(path);
    return /\.(ts|mjs|svelte)$/.test(name) ? [path] : [];
  });
}

function importsOf(path: string): Import[] {
  const text = readFileSync(path, 'utf8');
  const found = [
    ...text.matchAll(
      /((?:import|export)\s+type\b[^;'"]*?)?(?:\bfrom\s+|\bimport\s*\(\s*|\bimport\s+|new URL\(\s*)(['"])([^'"]+)\2/g,
    ),
  ];
  return found.map((m) => ({ file: relative(root, path), specifier: m[3]!, typeOnly: m[1] !== undefined }));
}

function folderOf(path: string): string {
  const parts = relative(join(root, 'src-main'), path).split('/');
  return parts[0]!;
}

const sources = filesBelow(join(root, 'src-main'));

describe('architecture', () => {
  it('every folder of src-main has a line in the allow-list', () => {
    const folders = new Set(sources.map(folderOf));
    expect([...folders].filter((f) => !(f in allowed))).toEqual([]);
  });

  it('a folder imports only from lower lines', () => {
    const wrong: string[] = [];
    for (const file of sources) {
      const own = folderOf(file);
      for (const { specifier } of importsOf(file)) {
        if (!specifier.startsWith('.')) continue;
        const target = resolve(dirname(file), specifier);
        if (!target.startsWith(join(root, 'src-main'))) continue;
        const there = folderOf(target);
        if (there !== own && !(allowed[own] ?? []).includes(there))
          wrong.push(`${relative(root, file)} → ${specifier}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('native modules and oracles appear in their one folder', () => {
    const wrong: string[] = [];
    for (const file of sources)
      for (const { specifier, typeOnly } of importsOf(file)) {
        const home = Object.entries(nativeHomes).find(
          ([p]) => specifier === p || specifier.startsWith(`${p}/`),
        );
        if (!home) continue;
        const homes = typeOnly ? [...home[1], ...(typeHomes[home[0]] ?? [])] : home[1];
        if (!homes.includes(folderOf(file))) wrong.push(`${relative(root, file)} → ${specifier}`);
      }
    expect(wrong).toEqual([]);
  });

  it('energy per layer is read from the trace: its analysis reaches neither the current model nor `mj` cycles', () => {
    const reached = new Set<string>();
    const follow = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const { specifier } of importsOf(file))
        if (specifier.startsWith('.')) follow(resolve(dirname(file), specifier));
    };
    for (const name of ['operator-segments', 'layer-energy', 'energy', 'windows'])
      follow(join(root, 'src-main/trace', `${name}.ts`));
    expect(reached.size).toBeGreaterThan(6);
    expect([...new Set([...reached].map(folderOf))].sort()).toEqual(['base', 'trace']);
  });

  it('contract and chart touch neither Node nor the DOM', () => {
    const portable = sources.filter((f) => ['contract', 'chart'].includes(folderOf(f)));
    const imported = portable
      .flatMap(importsOf)
      .filter((i) => i.specifier.startsWith('node:'))
      .map((i) => `${i.file} → ${i.specifier}`);
    const used = portable.flatMap((f) => {
      const use = platformUse(readFileSync(f, 'utf8'));
      return use === null ? [] : [`${relative(root, f)} uses ${use}`];
    });
    expect([...imported, ...used]).toEqual([]);
  });

  it('would see such a use', () => {
    for (const code of [
      'process.env.A',
      'const b = Buffer.from(x)',
      'x = document.body',
      '`${window.innerWidth}`',
      'globalThis.fetch',
      "require('fs')",
      'import.meta.dirname',
    ])
      expect(platformUse(code), code).not.toBeNull();
    for (const code of [
      "const a = 'process.env'",
      '// document.body',
      '/** window.x */',
      'run.process.name',
      'energy.window.startUs',
      '({ window })',
      'const window = w',
    ])
      expect(platformUse(code), code).toBeNull();
  });

  it('the renderer imports contract, base and chart only', () => {
    const wrong: string[] = [];
    for (const file of filesBelow(join(root, 'src-renderer')))
      for (const { specifier } of importsOf(file)) {
        if (!specifier.startsWith('.')) continue;
        const target = resolve(dirname(file), specifier);
        if (
          target.startsWith(join(root, 'src-main')) &&
          !['contract', 'base', 'chart'].includes(folderOf(target))
        )
          wrong.push(`${relative(root, file)} → ${specifier}`);
      }
    expect(wrong).toEqual([]);
  });

  it('there are no cycles between files', () => {
    const graph = new Map<string, string[]>();
    for (const file of sources)
      graph.set(
        file,
        importsOf(file)
          .filter((i) => i.specifier.startsWith('.'))
          .map((i) => resolve(dirname(file), i.specifier)),
      );
    const state = new Map<string, 1 | 2>();
    const cycles: string[] = [];
    const visit = (file: string, path: string[]): void => {
      if (state.get(file) === 2) return;
      if (state.get(file) === 1) {
        cycles.push([...path.slice(path.indexOf(file)), file].map((p) => relative(root, p)).join(' → '));
        return;
      }
      state.set(file, 1);
      for (const next of graph.get(file) ?? []) if (graph.has(next)) visit(next, [...path, file]);
      state.set(file, 2);
    };
    for (const file of sources) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it('there is no folder named utils, common or helpers, and no barrel but contract/index.ts', () => {
    const bad = sources
      .map((f) => relative(root, f))
      .filter(
        (f) =>
          /\/(utils?|common|helpers?|shared)(\/|\.)/.test(f) ||
          (/\/index\.ts$/.test(f) && f !== 'src-main/contract/index.ts'),
      );
    expect(bad).toEqual([]);
  });
});
