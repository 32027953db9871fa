/**
 * Builds the firmware of the boards that QEMU emulates. `node scripts/build-qemu-firmware.ts [BOARD …]` writes
 * firmware/prebuilt/<board>; `--check` compares byte for byte with what is committed (exit 1 on a difference, 0 with a
 * note where the compiler is missing or of another version).
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { crc32, sha256Hex } from '../src-main/base/crc.ts';
import type { BoardDescriptor } from '../src-main/board/board.ts';
import { qemuBoards } from '../src-main/board/qemu.ts';
import { coreDefines, engineFolders, filesIn, foldersOfCore } from './engine-sources.ts';

const root = join(import.meta.dirname, '..');
const objectCache = join(root, '.cache', 'qemu-firmware');

interface Toolchain {
  readonly prefix: string;
  readonly cpuFlags: readonly string[];
}

const arm = (cpu: string): Toolchain => ({
  prefix: 'arm-none-eabi-',
  cpuFlags: [`-mcpu=${cpu}`, '-mthumb', '-mfloat-abi=hard'],
});
const toolchains: Readonly<Record<string, Toolchain>> = {
  m4f: arm('cortex-m4'),
  m7: arm('cortex-m7'),
  m55: arm('cortex-m55'),
  rv32imc: {
    prefix: 'riscv64-unknown-elf-',
    cpuFlags: ['-march=rv32imc', '-misa-spec=2.2', '-mabi=ilp32', '-mcmodel=medany', '-msmall-data-limit=0'],
  },
};

function toolchainOf(board: BoardDescriptor): Toolchain {
  return toolchains[board.core.id]!;
}

function compileFlags(board: BoardDescriptor): string[] {
  return [
    ...toolchainOf(board).cpuFlags,
    ...coreDefines(foldersOfCore[board.core.id]),
    ...['-std=gnu11', '-O2', '-ffreestanding', '-fbuiltin', '-nostdlib', '-ffunction-sections'],
    ...['-fdata-sections', '-fno-common', '-fno-strict-aliasing', '-ffp-contract=off', '-fno-jump-tables'],
    ...['-fno-tree-loop-distribute-patterns', '-Wall', '-Wextra', '-Werror', '-Wconversion'],
    `-Ifirmware/ports/${board.id}`,
  ];
}

function linkFlags(board: BoardDescriptor): string[] {
  const hex = (n: number) => `0x${n.toString(16)}`;
  return [
    ...toolchainOf(board).cpuFlags,
    ...['-nostdlib', '-nostartfiles', '-static', '-Wl,--gc-sections', '-Wl,--build-id=none'],
    ...['-Wl,--no-warn-rwx-segments', '-Wl,--fatal-warnings'],
    `-Wl,--defsym=MJ_FLASH_BASE=${hex(board.flash.base)}`,
    `-Wl,--defsym=MJ_RAM_BASE=${hex(board.ram.base)}`,
    `-Wl,--defsym=MJ_RAM_BYTES=${hex(board.ram.bytes)}`,
    `-Wl,--defsym=MJ_ARENA_BYTES=${hex(board.image.arenaBytes)}`,
  ];
}

const LINKER_SCRIPT = 'firmware/ports/mps/mps.ld';

function portFolder(board: BoardDescriptor): string {
  return board.core.id === 'rv32imc' ? 'firmware/ports/rv32-virt' : 'firmware/ports/mps';
}

function folders(board: BoardDescriptor): string[] {
  return [
    ...engineFolders(foldersOfCore[board.core.id]),
    ...['firmware/engine/frontend', 'firmware/harness', portFolder(board)],
  ];
}

/** Relative to the repository; the memcpy family is the Pico's. */
function sources(board: BoardDescriptor): string[] {
  const found = folders(board).flatMap((f) => [...filesIn(f, '.c'), ...filesIn(f, '.S')]);
  return [...found, MEMORY];
}

const MEMORY = 'firmware/ports/pico/memory.c';
const CRC = 'firmware/harness/crc.c';

/** The engine and the port with another main program than the harness. */
function sourcesAround(board: BoardDescriptor, main: string): string[] {
  const kept = sources(board).filter((s) => !s.startsWith('firmware/harness/') && !s.includes('/frontend/'));
  return [...kept, CRC, main];
}

/** SHA-256 over names and bytes of everything that decides the binary. */
export function sourceHash(board: BoardDescriptor): string {
  const headers = [...folders(board), `firmware/ports/${board.id}`].flatMap((f) => filesIn(f, '.h'));
  const files = [...new Set([...sources(board), ...headers, LINKER_SCRIPT])];
  const parts = files.flatMap((f) => [Buffer.from(`${f}\0`), readFileSync(join(root, f))]);
  parts.push(Buffer.from([...compileFlags(board), ...linkFlags(board)].join('\0')));
  return sha256Hex(Buffer.concat(parts));
}

/** Null when there is no cross-compiler. */
export function compilerVersion(board: BoardDescriptor): string | null {
  const run = spawnSync(`${toolchainOf(board).prefix}gcc`, ['--version'], { encoding: 'utf8' });
  return run.status === 0 ? (run.stdout.split('\n')[0] ?? '') : null;
}

function tool(name: string, args: readonly string[], cwd = root): string {
  const run = spawnSync(name, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (run.status !== 0) throw new Error(`${name} failed:\n${run.stderr || String(run.error)}`);
  return run.stdout;
}

/** Objects are kept by the hash of all that decides them. */
function compile(board: BoardDescriptor, source: string, key: string): string {
  const object = join(objectCache, `${sha256Hex(Buffer.from(`${key}\0${source}`))}.o`);
  if (existsSync(object)) return object;
  const fresh = `${object}.${process.pid}`;
  tool(`${toolchainOf(board).prefix}gcc`, [...compileFlags(board), '-c', source, '-o', fresh]);
  renameSync(fresh, object);
  return object;
}

export interface BuiltQemuFirmware {
  readonly bytes: Uint8Array;
  readonly poolBytes: number;
}

export interface QemuBuildOptions {
  /** Where the linked file goes, for reading its code. */
  readonly elf?: string;
  /** A C file in place of the harness, which defines mj_harness_main; for tests. */
  readonly main?: string;
}

export function buildQemuFirmware(
  board: BoardDescriptor,
  { elf: keepElf, main }: QemuBuildOptions = {},
): BuiltQemuFirmware {
  mkdirSync(objectCache, { recursive: true });
  const files = main === undefined ? sources(board) : sourcesAround(board, main);
  const key = `${compilerVersion(board)} ${sourceHash(board)}`;
  const { prefix } = toolchainOf(board);
  const dir = mkdtempSync(join(tmpdir(), 'microjoule-firmware-'));
  try {
    const objects = files.map((s) =>
      compile(board, s, s === main ? `${key} ${readFileSync(join(root, s), 'utf8')}` : key),
    );
    const elf = join(dir, 'fw.elf');
    tool(`${prefix}gcc`, [
      ...linkFlags(board),
      '-T',
      LINKER_SCRIPT,
      '-o',
      elf,
      '-Wl,--start-group',
      ...objects,
      '-lgcc',
      '-Wl,--end-group',
    ]);
    const bin = join(dir, 'fw.bin');
    tool(`${prefix}objcopy`, ['-O', 'binary', '-j', '.firmware', elf, bin]);
    if (keepElf !== undefined) copyFileSync(elf, keepElf);
    return { bytes: new Uint8Array(readFileSync(bin)), poolBytes: poolBytes(prefix, elf) };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function poolBytes(prefix: string, elf: string): number {
  const rows = tool(`${prefix}nm`, ['--defined-only', elf]).split('\n');
  const at = (name: string) =>
    parseInt(
      rows.find((r) => r.endsWith(` ${name}`))!,
      16,
    );
  return at('mj_pool_end') - at('mj_pool_start');
}

function outDir(board: BoardDescriptor): string {
  return join(root, 'firmware/prebuilt', board.id);
}

function write(board: BoardDescriptor, compiler: string, built: BuiltQemuFirmware): void {
  const file = `microjoule-${board.id}.bin`;
  mkdirSync(outDir(board), { recursive: true });
  writeFileSync(join(outDir(board), file), built.bytes);
  const manifest = {
    board: board.id,
    file,
    compiler,
    flags: compileFlags(board),
    sourceSha256: sourceHash(board),
    crc32: crc32(built.bytes).toString(16).padStart(8, '0'),
    bytes: built.bytes.length,
    poolBytes: built.poolBytes,
  };
  writeFileSync(join(outDir(board), 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  console.log(`${board.id}: ${built.bytes.length} bytes of firmware, pool ${built.poolBytes} bytes`);
}

/** What differs between a fresh build and the committed one; '' when nothing does. */
export function checkPrebuilt(board: BoardDescriptor): string {
  const recorded = join(outDir(board), 'manifest.json');
  if (!existsSync(recorded)) return `${board.id}: there is no committed image`;
  const then = JSON.parse(readFileSync(recorded, 'utf8')) as { compiler: string; file: string };
  const compiler = compilerVersion(board);
  if (compiler !== then.compiler) {
    console.log(`${board.id}: not compared, built by "${then.compiler}", here is "${compiler}"`);
    return '';
  }
  const committed = readFileSync(join(outDir(board), then.file));
  const same = committed.equals(buildQemuFirmware(board).bytes);
  return same ? '' : `${basename(outDir(board))}: the committed image differs from a rebuild`;
}

function main(): number {
  const { values, positionals } = parseArgs({
    options: { check: { type: 'boolean' }, elf: { type: 'string' } },
    allowPositionals: true,
  });
  const boards = qemuBoards.filter((b) => positionals.length === 0 || positionals.includes(b.id));
  let failures = 0;
  for (const board of boards) {
    const compiler = compilerVersion(board);
    if (compiler === null) {
      console.error(`${toolchainOf(board).prefix}gcc is not installed: npm run setup:system`);
      failures += values.check ? 0 : 1;
    } else if (values.check) {
      const problem = checkPrebuilt(board);
      if (problem !== '') console.error(`firmware/prebuilt is stale: ${problem}`);
      failures += problem === '' ? 0 : 1;
    } else
      write(board, compiler, buildQemuFirmware(board, values.elf === undefined ? {} : { elf: values.elf }));
  }
  return failures === 0 ? 0 : 1;
}

if (import.meta.main) process.exit(main());
