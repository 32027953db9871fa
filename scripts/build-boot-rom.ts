/**
 * Builds the emulated Pico's boot ROM, all of it our own: src-main/sim/pico/rom → boot-rom.bin, with boot-rom.json saying
 * from what and with what. `--check` builds aside and compares: the sources' hash always, the bytes where the compiler is
 * the recorded one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sha256Hex } from '../src-main/base/crc.ts';

const folder = resolve(import.meta.dirname, '../src-main/sim/pico/rom');
const UNITS = [
  'header.S', 'memory.c', 'flash.c', 'reboot.c', 'number.c', 'series.c', 'floats.c', 'runtime.c',
]; // prettier-ignore
const CPU = ['-mcpu=cortex-m0plus', '-mthumb'];
const FLAGS = [
  ...CPU, '-std=gnu11', '-Os', '-ffreestanding', '-fbuiltin', '-nostdlib', '-ffunction-sections', '-fno-common',
  '-fno-strict-aliasing', '-fno-jump-tables', '-fno-tree-loop-distribute-patterns',
  '-Wall', '-Wextra', '-Werror', '-Wconversion',
]; // prettier-ignore
const LINK = [...CPU, '-nostdlib', '-static', '-Wl,--build-id=none', '-Wl,--fatal-warnings', '-T', 'rom.ld'];
/** Addresses the emulator knows by name. */
const NOTED = ['mj_rom_usb_boot', 'mj_rom_resume_boot'];

export interface BootRomRecord {
  readonly compiler: string;
  readonly flags: string;
  readonly sourceSha256: string;
  readonly binarySha256: string;
  readonly symbols: Readonly<Record<string, number>>;
}

function sourceSha256(): string {
  const names = readdirSync(folder)
    .filter((f) => /\.(c|h|S|ld)$/.test(f))
    .sort();
  return sha256Hex(
    Buffer.concat(names.flatMap((f) => [Buffer.from(`${f}\n`), readFileSync(join(folder, f))])),
  );
}

function tool(name: string, args: readonly string[]): string {
  const run = spawnSync(`arm-none-eabi-${name}`, args, { cwd: folder, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`arm-none-eabi-${name} failed:\n${run.stderr || String(run.error)}`);
  return run.stdout;
}

function compilerVersion(): string | null {
  const run = spawnSync('arm-none-eabi-gcc', ['--version'], { encoding: 'utf8' });
  return run.status === 0 ? run.stdout.split('\n')[0]!.trim() : null;
}

function build(): { readonly binary: Uint8Array; readonly symbols: Record<string, number> } {
  const aside = mkdtempSync(join(tmpdir(), 'boot-rom-'));
  try {
    // rom.ld places by these names
    const objects = UNITS.map((unit) => {
      const object = join(aside, `rom_${unit.replace(/\.[cS]$/, '')}.o`);
      tool('gcc', [...FLAGS, '-c', unit, '-o', object]);
      return object;
    });
    const [elf, bin] = [join(aside, 'rom.elf'), join(aside, 'rom.bin')];
    tool('gcc', [...LINK, ...objects, '-o', elf]);
    tool('objcopy', ['-O', 'binary', elf, bin]);
    const rows = tool('nm', [elf]).trim().split('\n');
    const addresses = rows.map((r) => r.trim().split(/\s+/)).filter(([, , name]) => NOTED.includes(name!));
    return {
      binary: readFileSync(bin),
      symbols: Object.fromEntries(addresses.map(([at, , name]) => [name!, parseInt(at!, 16)])),
    };
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** What differs between the committed ROM and its sources; empty when they belong together. */
export function checkBootRom(): { readonly problems: string[]; readonly rebuilt: boolean } {
  const was = JSON.parse(readFileSync(join(folder, 'boot-rom.json'), 'utf8')) as BootRomRecord;
  const problems: string[] = [];
  if (was.sourceSha256 !== sourceSha256()) problems.push('the sources changed since boot-rom.bin was built');
  if (was.binarySha256 !== sha256Hex(readFileSync(join(folder, 'boot-rom.bin'))))
    problems.push('boot-rom.bin is not the one recorded');
  if (compilerVersion() !== was.compiler) return { problems, rebuilt: false };
  if (sha256Hex(build().binary) !== was.binarySha256) problems.push('a fresh build differs byte for byte');
  return { problems, rebuilt: true };
}

function main(): void {
  if (process.argv.includes('--check')) {
    const { problems, rebuilt } = checkBootRom();
    for (const p of problems) console.error(`boot ROM: ${p}; run node scripts/build-boot-rom.ts`);
    if (!rebuilt) console.error('boot ROM: another compiler than the recorded one, bytes not compared');
    process.exitCode = problems.length > 0 ? 1 : 0;
    return;
  }
  const compiler = compilerVersion();
  if (!compiler) throw new Error('arm-none-eabi-gcc is not installed: npm run setup:system');
  const { binary, symbols } = build();
  writeFileSync(join(folder, 'boot-rom.bin'), binary);
  const record: BootRomRecord = {
    compiler,
    flags: FLAGS.join(' '),
    sourceSha256: sourceSha256(),
    binarySha256: sha256Hex(binary),
    symbols,
  };
  writeFileSync(join(folder, 'boot-rom.json'), `${JSON.stringify(record, null, 2)}\n`);
  console.error(`boot-rom.bin ${binary.length} bytes, ${compiler}`);
}

if (process.argv[1] === import.meta.filename) main();
