/**
 * What a suite may need beyond `npm ci`. A suite whose need is not met is skipped under its own name, with the
 * line that would enable it; nothing else is ever skipped.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe } from 'vitest';

export const root = resolve(import.meta.dirname, '..');

export interface Need {
  readonly name: string;
  readonly met: boolean;
  readonly enable: string;
}

function onPath(...programs: string[]): boolean {
  return programs.every((p) => spawnSync('sh', ['-c', `command -v ${p}`]).status === 0);
}

/** The Python with the oracles (tflite-micro, ppk2-api, …), or null. */
export const python: string | null =
  [process.env.MICROJOULE_PYTHON, join(root, '.cache/venv/bin/python')].find(
    (p): p is string => p !== undefined && existsSync(p),
  ) ?? null;

/** The folder with the reference models, samples and logs, or null. */
export const sharedDir: string | null =
  [process.env.MICROJOULE_SHARED, join(root, '../shared')].find(
    (p): p is string => p !== undefined && existsSync(join(p, 'data')),
  ) ?? null;

/** The system's Chromium or Chrome, or null. */
export const chromiumPath: string | null =
  [
    process.env.MICROJOULE_CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ].find((p): p is string => p !== undefined && existsSync(p)) ?? null;

const system = 'npm run setup:system';

export const needs = {
  python: { name: 'Python oracles', met: python !== null, enable: system },
  shared: {
    name: 'reference data beside the repository',
    met: sharedDir !== null,
    enable: 'MICROJOULE_SHARED=DIR npm test',
  },
  armGcc: { name: 'arm-none-eabi-gcc', met: onPath('arm-none-eabi-gcc'), enable: system },
  qemuArm: { name: 'qemu-system-arm', met: onPath('qemu-system-arm'), enable: system },
  qemuRiscv: { name: 'qemu-system-riscv32', met: onPath('qemu-system-riscv32'), enable: system },
  riscvGcc: { name: 'riscv64-unknown-elf-gcc', met: onPath('riscv64-unknown-elf-gcc'), enable: system },
  wasmClang: { name: 'clang and lld with wasm32', met: onPath('clang', 'wasm-ld'), enable: system },
  hostCc: { name: 'a host C compiler', met: onPath('gcc'), enable: system },
  socat: { name: 'socat', met: onPath('socat'), enable: system },
  electron22: {
    name: 'Electron 22 and Xvfb',
    met: existsSync(join(root, '.cache/electron22/better_sqlite3.node.stamp')) && onPath('Xvfb'),
    enable: 'npm run setup:system && npm run setup:electron22',
  },
  chromium: { name: 'Chromium', met: chromiumPath !== null, enable: system },
  espeak: { name: 'espeak-ng', met: onPath('espeak-ng'), enable: system },
} as const satisfies Record<string, Need>;

/** `describe`, skipped by name when one of the needs is not met. */
export function describeWith(wanted: readonly Need[], title: string, body: () => void): void {
  const missing = wanted.filter((n) => !n.met);
  if (missing.length === 0) describe(title, body);
  else
    describe.skip(
      `${title} — skipped: needs ${missing.map((n) => `${n.name} (${n.enable})`).join(', ')}`,
      body,
    );
}
