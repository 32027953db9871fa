/**
 * Builds the committed .wasm files from C. `--check` builds into a temporary folder and compares byte for byte
 * with what is committed, where the installed compiler is the recorded one; elsewhere it compares the hash of the
 * sources only, and says so. The record beside each .wasm names compiler, flags and source hash.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { engineFolders, engineSources, filesIn } from './engine-sources.ts';

const root = resolve(import.meta.dirname, '..');

interface WasmTarget {
  readonly out: string;
  /** Relative to the root, in link order. */
  readonly sources: readonly string[];
  /** Hashed with the sources. */
  readonly headers: readonly string[];
  readonly flags: readonly string[];
}

interface WasmRecord {
  readonly compiler: string;
  readonly flags: readonly string[];
  readonly sourcesSha256: string;
  readonly wasmSha256: string;
}

const engine: WasmTarget = {
  out: 'src-main/engine/engine.wasm',
  sources: [...engineSources(), ...filesIn('firmware/engine/wasm', '.c')],
  headers: engineFolders().flatMap((folder) => filesIn(folder, '.h')),
  flags: [
    '--target=wasm32',
    '-std=c11',
    '-O3',
    '-msimd128',
    '-mbulk-memory',
    '-ffreestanding',
    '-nostdlib',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-Wconversion',
    '-Wl,--no-entry',
    '-Wl,--stack-first',
    '-Wl,--export=__heap_base',
    '-Wl,--strip-all',
  ],
};

export const wasmTargets: readonly WasmTarget[] = [engine];

function sha256(parts: Iterable<Uint8Array | string>): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

function sourcesSha256(target: WasmTarget): string {
  const files = [...target.sources, ...target.headers];
  return sha256(files.flatMap((file) => [`${file}\0`, readFileSync(join(root, file))]));
}

function compilerVersion(): string {
  const run = spawnSync('clang', ['--version'], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error('clang is missing: npm run setup:system');
  return run.stdout.split('\n')[0]!.trim();
}

function compile(target: WasmTarget, out: string): Uint8Array {
  const args = [...target.flags, '-o', out, ...target.sources];
  const run = spawnSync('clang', args, { cwd: root, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`clang failed for ${target.out}:\n${run.stderr}`);
  return readFileSync(out);
}

function build(target: WasmTarget): void {
  const wasm = compile(target, join(root, target.out));
  const record: WasmRecord = {
    compiler: compilerVersion(),
    flags: target.flags,
    sourcesSha256: sourcesSha256(target),
    wasmSha256: sha256([wasm]),
  };
  writeFileSync(join(root, `${target.out}.json`), `${JSON.stringify(record, null, 2)}\n`);
  console.log(`${target.out}: ${wasm.length} bytes, ${record.compiler}`);
}

/** Returns what is wrong, '' when nothing is. */
function check(target: WasmTarget): string {
  const record = JSON.parse(readFileSync(join(root, `${target.out}.json`), 'utf8')) as WasmRecord;
  const committed = readFileSync(join(root, target.out));
  if (sha256([committed]) !== record.wasmSha256) return `${target.out} is not the recorded file`;
  if (sourcesSha256(target) !== record.sourcesSha256) return `${target.out} is older than its sources`;
  const installed = compilerVersion();
  if (installed !== record.compiler) {
    console.log(`${target.out}: sources unchanged; not rebuilt, ${installed} is not ${record.compiler}`);
    return '';
  }
  const folder = mkdtempSync(join(tmpdir(), 'microjoule-wasm-'));
  try {
    const rebuilt = compile(target, join(folder, 'out.wasm'));
    if (!committed.equals(rebuilt)) return `${target.out} differs from a rebuild with ${installed}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.log(`${target.out}: identical to a rebuild with ${installed}`);
  return '';
}

if (process.argv.includes('--check')) {
  const problems = wasmTargets.map(check).filter((problem) => problem !== '');
  for (const problem of problems) console.error(`${problem}: npm run build:wasm`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} else {
  for (const target of wasmTargets) build(target);
}
