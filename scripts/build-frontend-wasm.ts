/**
 * Builds src-main/engine/frontend.wasm from firmware/engine/frontend with clang and wasm-ld; `--check` builds
 * beside it and compares byte for byte (only with the compiler version the committed file was made with, which
 * stands in the file's own `producers` section).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const sourceDir = 'firmware/engine/frontend';
const committed = join(root, 'src-main/engine/frontend.wasm');

function build(out: string): void {
  const sources = readdirSync(join(root, sourceDir))
    .filter((f) => f.endsWith('.c'))
    .sort()
    .map((f) => `${sourceDir}/${f}`);
  const run = spawnSync(
    'clang',
    [
      '--target=wasm32',
      '-std=c11',
      '-O3',
      '-nostdlib',
      '-ffreestanding',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-Wconversion',
      '-Wl,--no-entry',
      '-Wl,--strip-debug',
      '-Wl,-z,stack-size=8192',
      '-Wl,--initial-memory=262144',
      '-o',
      out,
      ...sources,
      `${sourceDir}/wasm/mj_frontend_wasm.c`,
    ],
    { cwd: root, encoding: 'utf8' },
  );
  if (run.error || run.status !== 0) {
    console.error(run.error?.message ?? run.stderr);
    console.error('Building needs clang and lld with wasm32: npm run setup:system');
    process.exit(1);
  }
}

/** The compiler's name and version as clang writes them into the module. */
function producer(wasm: Uint8Array): string {
  return (
    /clang[^\0]*?version [\d.]+|clang.{0,40}/s.exec(Buffer.from(wasm).toString('latin1'))?.[0] ?? 'unknown'
  );
}

const dir = mkdtempSync(join(tmpdir(), 'mj-frontend-'));
try {
  const out = join(dir, 'frontend.wasm');
  build(out);
  const built = readFileSync(out);
  if (!process.argv.includes('--check')) {
    writeFileSync(committed, built);
    console.log(`${committed}: ${built.length} bytes, ${JSON.stringify(producer(built))}`);
  } else {
    const there = readFileSync(committed);
    if (there.equals(built)) console.log('frontend.wasm: same bytes');
    else if (producer(there) !== producer(built))
      console.log(`frontend.wasm: not compared, made by ${producer(there)}, here is ${producer(built)}`);
    else {
      console.error('stale: src-main/engine/frontend.wasm (node scripts/build-frontend-wasm.ts)');
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(dir, { recursive: true });
}
