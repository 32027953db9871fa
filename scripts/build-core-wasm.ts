/**
 * Builds the emulated core: src-main/sim/pico/core/*.c → core.wasm, with core.wasm.json saying from what and with
 * what. `--check` builds aside and compares: the sources' hash always, the bytes where the compiler is the recorded one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sha256Hex } from '../src-main/base/crc.ts';

const folder = resolve(import.meta.dirname, '../src-main/sim/pico/core');
const UNITS = ['core.c', 'decode.c', 'exceptions.c', 'memory.c', 'ports.c', 'profile.c', 'xip.c'];
const FLAGS = [
  '--target=wasm32', '-O3', '-std=gnu11', '-nostdlib', '-ffreestanding', '-mbulk-memory',
  '-Wall', '-Wextra', '-Werror', '-Wconversion',
  '-Wl,--no-entry', '-Wl,-z,stack-size=65536', '-Wl,--strip-all',
]; // prettier-ignore

interface BuildRecord {
  readonly compiler: string;
  readonly flags: string;
  readonly sourceSha256: string;
  readonly wasmSha256: string;
}

/** One hash over all sources by name and contents. */
export function sourceSha256(): string {
  const names = readdirSync(folder)
    .filter((f) => /\.(c|h)$/.test(f))
    .sort();
  return sha256Hex(
    Buffer.concat(names.flatMap((f) => [Buffer.from(`${f}\n`), readFileSync(join(folder, f))])),
  );
}

function compilerVersion(): string | null {
  const run = spawnSync('clang', ['--version'], { encoding: 'utf8' });
  return run.status === 0 ? run.stdout.split('\n')[0]!.trim() : null;
}

function build(output: string): void {
  const run = spawnSync('clang', [...FLAGS, '-o', output, ...UNITS], { cwd: folder, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`clang failed:\n${run.stderr}`);
}

function record(compiler: string, wasm: Uint8Array): BuildRecord {
  return { compiler, flags: FLAGS.join(' '), sourceSha256: sourceSha256(), wasmSha256: sha256Hex(wasm) };
}

/** What differs between the committed core and its sources; empty when they belong together. */
export function checkCore(): { readonly problems: string[]; readonly rebuilt: boolean } {
  const was = JSON.parse(readFileSync(join(folder, 'core.wasm.json'), 'utf8')) as BuildRecord;
  const problems: string[] = [];
  if (was.sourceSha256 !== sourceSha256()) problems.push('the sources changed since core.wasm was built');
  if (was.wasmSha256 !== sha256Hex(readFileSync(join(folder, 'core.wasm'))))
    problems.push('core.wasm is not the one recorded');
  if (compilerVersion() !== was.compiler) return { problems, rebuilt: false };
  const aside = mkdtempSync(join(tmpdir(), 'core-wasm-'));
  try {
    build(join(aside, 'core.wasm'));
    if (sha256Hex(readFileSync(join(aside, 'core.wasm'))) !== was.wasmSha256)
      problems.push('a fresh build differs byte for byte');
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return { problems, rebuilt: true };
}

function main(): void {
  if (process.argv.includes('--check')) {
    const { problems, rebuilt } = checkCore();
    for (const p of problems) console.error(`core.wasm: ${p}; run node scripts/build-core-wasm.ts`);
    if (!rebuilt) console.error('core.wasm: another compiler than the recorded one, bytes not compared');
    process.exitCode = problems.length > 0 ? 1 : 0;
    return;
  }
  const compiler = compilerVersion();
  if (!compiler) throw new Error('clang is not installed: npm run setup:system');
  const output = join(folder, 'core.wasm');
  build(output);
  const written = record(compiler, readFileSync(output));
  writeFileSync(join(folder, 'core.wasm.json'), `${JSON.stringify(written, null, 2)}\n`);
  console.error(`core.wasm ${readFileSync(output).length} bytes, ${compiler}`);
}

if (process.argv[1] === import.meta.filename) main();
