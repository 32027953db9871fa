/**
 * Builds the USB test image with arm-none-eabi-gcc; boot2 is the firmware's own. `node test/images/usb-cdc/build.ts` writes
 * the UF2 files that are committed beside it, `--check` compares.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { crc32Mpeg2 } from '../../../src-main/base/crc.ts';
import { encodeUf2 } from '../../../src-main/compile/uf2.ts';

const here = import.meta.dirname;
const root = resolve(here, '../../..');
const FLASH = 0x1000_0000;
const RP2040_FAMILY = 0xe48b_ff56;
const FLAGS = [
  '-mcpu=cortex-m0plus', '-mthumb', '-std=gnu11', '-O2', '-ffreestanding', '-nostdlib', '-static', '-fno-common',
  '-ffunction-sections', '-fdata-sections', '-fno-tree-loop-distribute-patterns', '--param=min-pagesize=0', '-Wall', '-Wextra', '-Werror',
  '-Wconversion', '-Wl,--gc-sections', '-Wl,--build-id=none', '-Wl,--fatal-warnings',
]; // prettier-ignore

/** The image as it should be, and one for each way to get it wrong. */
export const usbImages: Readonly<Record<string, readonly string[]>> = {
  'usb-cdc': [],
  'usb-cdc-wrong-clock': ['-DMJ_VARIANT_WRONG_USB_CLOCK'],
  'usb-cdc-wrong-length': ['-DMJ_VARIANT_WRONG_LENGTH'],
  'usb-cdc-no-address': ['-DMJ_VARIANT_NO_ADDRESS'],
  'usb-cdc-halt': ['-DMJ_VARIANT_HALT_FOR_EVER'],
  'usb-cdc-at-once': ['-DMJ_VARIANT_AVAILABLE_AT_ONCE'],
};

/** The compiler whose output is committed. */
export const COMPILER = '12.2';

export function compilerRelease(): string | null {
  const run = spawnSync('arm-none-eabi-gcc', ['-dumpversion'], { encoding: 'utf8' });
  return run.status === 0 ? run.stdout.trim().split('.').slice(0, 2).join('.') : null;
}

function tool(name: string, args: readonly string[]): void {
  const run = spawnSync(`arm-none-eabi-${name}`, args, { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${name} failed:\n${run.stderr || String(run.error)}`);
}

/** The UF2 of one of `usbImages`. */
export function buildUsbImage(name: string): Uint8Array {
  const dir = mkdtempSync(join(tmpdir(), 'microjoule-usb-'));
  try {
    const sources = [
      join(root, 'firmware/ports/pico/boot2.S'),
      join(here, 'start.c'),
      join(here, 'usb-cdc.c'),
    ];
    const [elf, bin] = [join(dir, 'image.elf'), join(dir, 'image.bin')];
    tool('gcc', [
      ...FLAGS,
      ...usbImages[name]!,
      '-T',
      join(here, 'image.ld'),
      ...sources,
      '-lgcc',
      '-o',
      elf,
    ]);
    tool('objcopy', ['-O', 'binary', '--gap-fill', '0x00', elf, bin]);
    const raw = readFileSync(bin);
    const bytes = new Uint8Array(Math.ceil(raw.length / 256) * 256);
    bytes.set(raw);
    new DataView(bytes.buffer).setUint32(252, crc32Mpeg2(bytes.subarray(0, 252)), true);
    return encodeUf2([{ address: FLASH, bytes }], RP2040_FAMILY);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

export function committedUsbImage(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(here, `${name}.uf2`)));
}

if (process.argv[1] === import.meta.filename)
  for (const name of Object.keys(usbImages)) {
    const uf2 = buildUsbImage(name);
    if (!process.argv.includes('--check')) writeFileSync(join(here, `${name}.uf2`), uf2);
    else if (!Buffer.from(uf2).equals(committedUsbImage(name))) {
      console.error(`${name}.uf2 is not what its sources give`);
      process.exitCode = 1;
    }
  }
