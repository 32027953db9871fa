/**
 * Builds the Pico firmware with arm-none-eabi-gcc.
 * `node scripts/build-firmware.ts` writes firmware/prebuilt/pico; `--check` compares byte for byte with what is
 * committed (exit 1 on a difference, 0 with a note where the compiler is missing or of another version);
 * `--variant NAME --out FILE.bin` builds one of the broken images tests use.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { failureText } from '../src-main/base/errors.ts';
import { crc32, crc32Mpeg2, sha256Hex } from '../src-main/base/crc.ts';
import { pico } from '../src-main/board/pico.ts';
import { codeMapFile, codeMapOfElf, type CodeMap, type PrebuiltCode } from '../src-main/compile/code-map.ts';
import { writeKernels } from '../src-main/compile/kernel-pack.ts';
import { coreDefines, foldersOfCore } from './engine-sources.ts';
import { blobFlags, buildKernelPack, type BuiltPack } from './kernel-blobs.ts';

const root = join(import.meta.dirname, '..');
const firmware = join(root, 'firmware');
const objectCache = join(root, '.cache', 'firmware');
const prefix = 'arm-none-eabi-';
const BOOT2_BYTES = 256;

export const variants = ['release', 'no-reset-release', 'no-pll', 'bad-boot2-crc', 'no-crystal'] as const;
export type Variant = (typeof variants)[number];

const variantFlags: Record<Variant, readonly string[]> = {
  release: [],
  'no-reset-release': ['-DMJ_VARIANT_NO_RESET_RELEASE'],
  'no-pll': ['-DMJ_VARIANT_NO_PLL'],
  'bad-boot2-crc': [],
  'no-crystal': ['-DMJ_VARIANT_NO_CRYSTAL'],
};

const cpuFlags = ['-mcpu=cortex-m0plus', '-mthumb'];
const coreFolders = foldersOfCore[pico.core.id];
const compileFlags = [
  ...cpuFlags,
  ...coreDefines(coreFolders),
  ...[
    '-std=gnu11',
    '-O2',
    '-ffreestanding',
    '-fbuiltin',
    '-nostdlib',
    '-ffunction-sections',
    '-fdata-sections',
  ],
  ...['-fno-common', '-fno-strict-aliasing', '-ffp-contract=off', '-fno-tree-loop-distribute-patterns'],
  ...['-Wall', '-Wextra', '-Werror', '-Wconversion'],
  '-DMJ_HOT=__attribute__((section(".hot"),noinline))',
];
/** For the code map only: they change no byte of code. Paths in it begin with `firmware/`. */
const debugFlags = ['-g1', '-gdwarf-4', `-fdebug-prefix-map=${firmware}=firmware`];
const linkFlags = [
  ...cpuFlags,
  ...['-nostdlib', '-static', '-Wl,--gc-sections', '-Wl,--build-id=none', '-Wl,--fatal-warnings'],
  `-Wl,--defsym=MJ_ARENA_BYTES=${pico.image.arenaBytes}`,
];

/** Object prefix (pico.ld places by it) → folder of firmware/. */
type Folders = readonly (readonly [string, string])[];
const baseFolders: Folders = [
  ['engine', 'engine'],
  ['frontend', 'engine/frontend'],
  ['harness', 'harness'],
  ['port', 'ports/pico'],
];
const kernelFolders: Folders = [
  ['kernel', 'engine/kernels'],
  ...coreFolders.map((core) => [`kernel_${core}`, `engine/kernels/${core}`] as const),
];
/** What a kernel may call besides its own file. */
const kernelHelpers = ['engine/mj_check.c', 'ports/pico/memory.c'];

interface Source {
  readonly object: string;
  /** Relative to firmware/. */
  readonly path: string;
}

function sourcesOf(folders: Folders): Source[] {
  return folders.flatMap(([name, folder]) =>
    readdirSync(join(firmware, folder))
      .filter((f) => /\.[cS]$/.test(f))
      .sort()
      .map((f) => ({ object: `${name}_${f.replace(/\.[cS]$/, '')}.o`, path: `${folder}/${f}` })),
  );
}

/** SHA-256 over names and bytes of everything that decides the binary. */
export function sourceHash(): string {
  const files = [...baseFolders, ...kernelFolders].flatMap(([, folder]) =>
    readdirSync(join(firmware, folder))
      .filter((f) => /\.([cSh]|ld)$/.test(f))
      .sort()
      .map((f) => `${folder}/${f}`),
  );
  const parts = files.flatMap((f) => [Buffer.from(`${f}\0`), readFileSync(join(firmware, f))]);
  parts.push(Buffer.from([...compileFlags, ...blobFlags, ...linkFlags].join('\0')));
  return sha256Hex(Buffer.concat(parts));
}

/** Null when there is no cross-compiler. */
export function compilerVersion(): string | null {
  const run = spawnSync(`${prefix}gcc`, ['--version'], { encoding: 'utf8' });
  return run.status === 0 ? (run.stdout.split('\n')[0] ?? '') : null;
}

function tool(name: string, args: readonly string[], cwd: string): string {
  const run = spawnSync(prefix + name, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (run.status !== 0) throw new Error(`${prefix}${name} failed:\n${run.stderr || String(run.error)}`);
  return run.stdout;
}

export interface BuiltFirmware {
  readonly bytes: Uint8Array;
  readonly symbols: Readonly<Record<string, number>>;
  readonly sections: Readonly<Record<string, number>>;
  readonly kernels: BuiltPack;
  /** Of the release image; the variants are broken on purpose. */
  readonly code: PrebuiltCode | null;
}

/** The boot ROM's check word goes over the first 252 bytes; they are padded with zeros. */
function sealBoot2(bytes: Uint8Array, variant: Variant): void {
  const crc = crc32Mpeg2(bytes.subarray(0, BOOT2_BYTES - 4));
  const stored = variant === 'bad-boot2-crc' ? crc ^ 1 : crc;
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(BOOT2_BYTES - 4, stored >>> 0, true);
}

function readSymbols(elf: string, cwd: string): Record<string, number> {
  const rows = tool('nm', ['--defined-only', elf], cwd).trim().split('\n');
  return Object.fromEntries(
    rows.map((r) => r.split(' ')).map(([address, , name]) => [name!, parseInt(address!, 16)]),
  );
}

function readSections(elf: string, cwd: string): Record<string, number> {
  const rows = tool('size', ['-A', elf], cwd).split('\n');
  const named = rows.map((r) => /^\.(\S+)\s+(\d+)\s/.exec(r)).filter((m) => m !== null);
  return Object.fromEntries(
    named.map((m) => [m[1]!, Number(m[2])] as const).filter(([name]) => !name.startsWith('debug')),
  );
}

/** Compiled objects by the hash of all that decides them: the variants share all but one. */
function compile(source: Source, extra: readonly string[], key: string): string {
  const path = join(firmware, source.path);
  const flags = [...compileFlags, ...extra];
  const object = join(objectCache, `${sha256Hex(Buffer.from([key, source.path, ...flags].join('\0')))}.o`);
  if (existsSync(object)) return object;
  const fresh = `${object}.${process.pid}`;
  tool('gcc', [...flags, '-c', path, '-o', fresh], firmware);
  renameSync(fresh, object);
  return object;
}

const objectKey = () => `${compilerVersion()} ${sourceHash()}`;

let builtPack: { readonly key: string; readonly pack: BuiltPack } | null = null;

/** Linked once a process: every variant goes with the same kernels. */
function kernelPack(): BuiltPack {
  const key = objectKey();
  if (builtPack?.key === key) return builtPack.pack;
  const all = [...sourcesOf(kernelFolders), ...kernelHelpers.map((path) => ({ object: '', path }))];
  const objects = (debug: readonly string[]) => all.map((s) => compile(s, [...blobFlags, ...debug], key));
  const pack = buildKernelPack({
    prefix,
    cpuFlags,
    entryBit: 1,
    folders: coreFolders,
    objects: objects([]),
    debugObjects: objects(debugFlags),
  });
  builtPack = { key, pack };
  return pack;
}

/** Compiles and links into `dir`/`elf`. */
function link(dir: string, elf: string, variant: Variant, debug: readonly string[]): void {
  const key = objectKey();
  const table = ['-DMJ_KERNELS_IN_TABLE', `-DMJ_KERNEL_PACK=0x${kernelPack().pack.toString(16)}u`];
  const sources = sourcesOf(baseFolders);
  // copied under their names: pico.ld places by them
  for (const s of sources) {
    const own = readFileSync(join(firmware, s.path), 'utf8').includes('MJ_VARIANT_')
      ? variantFlags[variant]
      : [];
    copyFileSync(compile(s, [...table, ...own, ...debug], key), join(dir, s.object));
  }
  const objects = sources.map((s) => s.object);
  const script = join(firmware, 'ports/pico/pico.ld');
  tool('gcc', [...linkFlags, '-T', script, ...objects, '-lgcc', '-o', elf], dir);
}

/**
 * Lines come from a second link with debug information, which has the same code at the same addresses; only the
 * linker's own veneers are in another order in it.
 */
function codeMapOf(dir: string, variant: Variant): CodeMap {
  link(dir, 'debug.elf', variant, debugFlags);
  const [plain, debug] = ['fw.elf', 'debug.elf'].map((elf) => {
    const map = codeMapOfElf(readFileSync(join(dir, elf)));
    if (!map.ok) throw new Error(failureText(map));
    return map.value;
  });
  for (const f of plain!.functions) {
    const there = debug!.functionAt(f.address);
    if (!f.name.endsWith('_veneer') && (there?.name !== f.name || there.bytes !== f.bytes))
      throw new Error(`${f.name} is elsewhere in the link with debug information`);
  }
  return plain!.withLinesOf(debug!);
}

function codeOf(pack: BuiltPack): PrebuiltCode['kernels'] {
  return pack.kernels.map(({ kernel, run, check }) => ({ kernel, run: run.map!, check: check.map! }));
}

export function buildFirmware(variant: Variant = 'release'): BuiltFirmware {
  mkdirSync(objectCache, { recursive: true });
  const dir = mkdtempSync(join(tmpdir(), 'microjoule-firmware-'));
  try {
    link(dir, 'fw.elf', variant, []);
    tool('objcopy', ['-O', 'binary', '--gap-fill', '0x00', 'fw.elf', 'fw.bin'], dir);
    const raw = readFileSync(join(dir, 'fw.bin'));
    const symbols = readSymbols('fw.elf', dir);
    const bytes = new Uint8Array(symbols.mj_firmware_bytes!).fill(0xff);
    bytes.set(raw);
    sealBoot2(bytes, variant);
    const sections = readSections('fw.elf', dir);
    const kernels = kernelPack();
    const code =
      variant === 'release' ? { firmware: codeMapOf(dir, variant), kernels: codeOf(kernels) } : null;
    return { bytes, symbols, sections, kernels, code };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const noted = [
  ...[
    'mj_pico_reset',
    'mj_harness_main',
    'mj_stack_top',
    'mj_data_start',
    'mj_data_end',
    'mj_bss_start',
    'mj_bss_end',
  ],
  ...[
    'mj_pool_start',
    'mj_pool_end',
    'mj_engine_run',
    'mj_pico_safe_stop',
    'mj_pico_on_uart',
    'mj_port_receive',
  ],
];

export interface FirmwareManifest {
  readonly board: string;
  readonly file: string;
  readonly compiler: string;
  readonly flags: readonly string[];
  readonly sourceSha256: string;
  readonly crc32: string;
  readonly bytes: number;
  readonly sections: Readonly<Record<string, number>>;
  readonly poolBytes: number;
  readonly kernels: {
    readonly file: string;
    /** Which build: the firmware takes no other. */
    readonly pack: string;
    readonly bytes: number;
    /** Kernel's name → id and bytes of its two blobs. */
    readonly blobs: Readonly<Record<string, { kernel: number; runBytes: number; checkBytes: number }>>;
  };
  readonly symbols: Readonly<Record<string, string>>;
}

function manifest(built: BuiltFirmware, compiler: string): FirmwareManifest {
  const hex = (n: number) => `0x${n.toString(16).padStart(8, '0')}`;
  return {
    board: pico.id,
    file: 'microjoule-pico.bin',
    compiler,
    flags: compileFlags,
    sourceSha256: sourceHash(),
    crc32: crc32(built.bytes).toString(16).padStart(8, '0'),
    bytes: built.bytes.length,
    sections: built.sections,
    poolBytes: built.symbols.mj_pool_end! - built.symbols.mj_pool_start!,
    kernels: kernelManifest(built.kernels),
    symbols: Object.fromEntries(noted.map((n) => [n, hex(built.symbols[n]!)])),
  };
}

function kernelManifest(pack: BuiltPack): FirmwareManifest['kernels'] {
  const blobs = pack.kernels.map(({ kernel, name, run, check }) => [
    name,
    { kernel, runBytes: run.bytes.length, checkBytes: check.bytes.length },
  ]);
  return {
    file: KERNELS_FILE,
    pack: pack.pack.toString(16).padStart(8, '0'),
    bytes: writeKernels(pack).length,
    blobs: Object.fromEntries(blobs) as FirmwareManifest['kernels']['blobs'],
  };
}

const KERNELS_FILE = 'kernels.bin';
const outDir = join(firmware, 'prebuilt', pico.id);

function codeMapText(built: BuiltFirmware): string {
  const crc = crc32(built.bytes).toString(16).padStart(8, '0');
  return `${JSON.stringify(codeMapFile(built.code!, crc))}\n`;
}

/** What differs between a fresh build and the committed one; empty when nothing does. */
export function checkPrebuilt(built: BuiltFirmware): string[] {
  const bin = join(outDir, 'microjoule-pico.bin');
  if (!existsSync(bin)) return ['there is no committed image'];
  const committed = readFileSync(bin);
  const differences: string[] = [];
  if (committed.length !== built.bytes.length)
    differences.push(`committed image has ${committed.length} bytes, the build ${built.bytes.length}`);
  const at = built.bytes.findIndex((b, i) => b !== committed[i]);
  if (at >= 0) differences.push(`first difference at offset 0x${at.toString(16)}`);
  const kernels = join(outDir, KERNELS_FILE);
  if (!existsSync(kernels) || !readFileSync(kernels).equals(writeKernels(built.kernels)))
    differences.push(`${KERNELS_FILE} is of another build`);
  const map = join(outDir, 'code-map.json');
  if (!existsSync(map) || readFileSync(map, 'utf8') !== codeMapText(built))
    differences.push('code-map.json is of another build');
  return differences;
}

function main(): number {
  const { values } = parseArgs({
    options: { check: { type: 'boolean' }, variant: { type: 'string' }, out: { type: 'string' } },
  });
  const compiler = compilerVersion();
  if (compiler === null) {
    console.error(`${prefix}gcc is not installed: npm run setup:system`);
    return values.check ? 0 : 1;
  }
  if (values.variant !== undefined) {
    const variant = variants.find((v) => v === values.variant);
    if (variant === undefined || values.out === undefined) {
      console.error(`usage: --variant ${variants.join('|')} --out FILE.bin`);
      return 2;
    }
    writeFileSync(values.out, buildFirmware(variant).bytes);
    return 0;
  }
  const recorded = join(outDir, 'manifest.json');
  if (values.check && existsSync(recorded)) {
    const { compiler: then } = JSON.parse(readFileSync(recorded, 'utf8')) as FirmwareManifest;
    if (then !== compiler) {
      console.log(`not compared: the committed image was built by "${then}", here is "${compiler}"`);
      return 0;
    }
  }
  const built = buildFirmware();
  if (values.check) {
    const differences = checkPrebuilt(built);
    for (const d of differences) console.error(`firmware/prebuilt is stale: ${d}`);
    return differences.length > 0 ? 1 : 0;
  }
  mkdirSync(outDir, { recursive: true });
  writeFileSync(join(outDir, 'microjoule-pico.bin'), built.bytes);
  writeFileSync(join(outDir, KERNELS_FILE), writeKernels(built.kernels));
  writeFileSync(join(outDir, 'code-map.json'), codeMapText(built));
  writeFileSync(recorded, `${JSON.stringify(manifest(built, compiler), null, 2)}\n`);
  console.log(
    `${built.bytes.length} bytes of flash, kernels ${writeKernels(built.kernels).length}, pool ${built.symbols.mj_pool_end! - built.symbols.mj_pool_start!} bytes`,
  );
  return 0;
}

if (import.meta.main) process.exit(main());
