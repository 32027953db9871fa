/**
 * Builds test firmware of our own for the emulated Pico with arm-none-eabi-gcc: a shared start-up that does what the
 * vendor's SDK does (startup/), one folder an image. `node test/images/build.ts` writes the committed UF2 files.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { crc32Mpeg2 } from '../../src-main/base/crc.ts';
import { encodeUf2 } from '../../src-main/compile/uf2.ts';

const folder = import.meta.dirname;
const boot2 = resolve(folder, '../../firmware/ports/pico/boot2.S');
const FAMILY = 0xe48b_ff56;
const FLAGS = [
  '-mcpu=cortex-m0plus', '-mthumb', '-std=gnu11', '-O2', '-ffreestanding', '-nostdlib', '-fno-common',
  '-fno-strict-aliasing', '-fno-tree-loop-distribute-patterns', '-fno-delete-null-pointer-checks',
  '-fno-optimize-sibling-calls', '-Wall', '-Wextra', '-Werror', '-Wno-stringop-overread', '-Wno-array-bounds',
]; // prettier-ignore

export const imageNames = [
  'services',
  'flash-writer',
  'ram-only',
  'watchdog-reboot',
  'broken',
  'imu-i2c',
  'imu-fifo',
  'mic-adc',
  'usb-cdc',
] as const;
export type ImageName = (typeof imageNames)[number];

/** Small enough to be committed: run where there is no cross-compiler too. */
export const prebuiltNames = [
  'services',
  'flash-writer',
  'ram-only',
  'watchdog-reboot',
  'imu-i2c',
  'imu-fifo',
  'mic-adc',
  'usb-cdc',
] as const;

/** The compiler whose output is committed: with it a fresh build is the same, byte for byte. */
export const COMPILER = '12.2';

/** Of the cross-compiler here, like `12.2`; null without one. */
export function compilerRelease(): string | null {
  const run = spawnSync('arm-none-eabi-gcc', ['-dumpversion'], { encoding: 'utf8' });
  return run.status === 0 ? run.stdout.trim().split('.').slice(0, 2).join('.') : null;
}

export interface ImageOptions {
  /** Macros: `MJ_BROKEN_…` leaves a step out. */
  readonly defines?: readonly string[];
  /** The stack below all data, at the start of SRAM. */
  readonly lowStack?: boolean;
  readonly badBoot2?: boolean;
}

function tool(name: string, args: readonly string[], cwd: string): void {
  const run = spawnSync(`arm-none-eabi-${name}`, args, { cwd, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`arm-none-eabi-${name} failed:\n${run.stderr || String(run.error)}`);
}

/** The image as a UF2 file. */
export function buildImage(name: ImageName, options: ImageOptions = {}): Uint8Array {
  return buildWithElf(name, options).uf2;
}

/** With the ELF file of the linker, for names of functions. */
export function buildWithElf(
  name: ImageName,
  options: ImageOptions = {},
): { uf2: Uint8Array; elf: Uint8Array } {
  const aside = mkdtempSync(join(tmpdir(), 'pico-image-'));
  const ram = name === 'ram-only';
  const sources = [
    'startup/startup.c',
    'startup/console.c',
    `${name}/main.c`,
    ...(ram ? ['ram-only/entry.S'] : [boot2]),
  ];
  try {
    const defines = (options.defines ?? []).map((d) => `-D${d}`);
    const link = [
      ...[
        '-static',
        '-Wl,--build-id=none',
        '-Wl,--gc-sections',
        '-Wl,-z,max-page-size=4096',
        '-Wl,--no-warn-rwx-segments',
      ],
      ...['-T', join(folder, 'startup', ram ? 'ram.ld' : 'flash.ld')],
      ...(options.lowStack ? ['-Wl,--defsym=image_low_stack=1'] : []),
    ];
    tool(
      'gcc',
      [...FLAGS, ...defines, ...link, ...sources.map((s) => resolve(folder, s)), '-lgcc', '-o', 'image.elf'],
      aside,
    );
    tool('objcopy', ['-O', 'binary', 'image.elf', 'image.bin'], aside);
    const raw = readFileSync(join(aside, 'image.bin'));
    const bytes = new Uint8Array(Math.ceil(raw.length / 256) * 256).fill(ram ? 0 : 0xff);
    bytes.set(raw);
    if (!ram) sealBoot2(bytes, options.badBoot2 ?? false);
    const uf2 = encodeUf2([{ address: ram ? 0x2000_0000 : 0x1000_0000, bytes }], FAMILY);
    return { uf2, elf: new Uint8Array(readFileSync(join(aside, 'image.elf'))) };
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

function sealBoot2(bytes: Uint8Array, spoilt: boolean): void {
  bytes.fill(0, bytes.subarray(0, 252).findLastIndex((b) => b !== 0 && b !== 0xff) + 1, 256);
  const crc = crc32Mpeg2(bytes.subarray(0, 252));
  new DataView(bytes.buffer).setUint32(252, (spoilt ? crc ^ 1 : crc) >>> 0, true);
}

export function prebuiltImage(name: (typeof prebuiltNames)[number]): Uint8Array {
  return new Uint8Array(readFileSync(join(folder, 'prebuilt', `${name}.uf2`)));
}

if (process.argv[1] === import.meta.filename)
  for (const name of prebuiltNames) {
    const uf2 = buildImage(name);
    writeFileSync(join(folder, 'prebuilt', `${name}.uf2`), uf2);
    console.log(`${name}.uf2 ${uf2.length} bytes`);
  }
