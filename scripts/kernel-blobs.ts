/**
 * Kernels as position-independent blobs. Each is linked alone, with the helpers it calls, at two addresses; the bytes
 * must be the same, or something in it is absolute. Used by build-firmware.ts.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kernel, KernelFlag } from '../src-main/abi/generated.ts';
import { failureText } from '../src-main/base/errors.ts';
import { codeMapOfElf, type CodeMap } from '../src-main/compile/code-map.ts';
import { packOf, type Blob, type KernelCode, type KernelPack } from '../src-main/compile/kernel-pack.ts';
import type { CoreKernelFolder } from './engine-sources.ts';

const root = join(import.meta.dirname, '..');

/** What the kernels of one port are compiled with, over and above the port's own flags. */
export const blobFlags = ['-fpie', '-fvisibility=hidden', '-fno-jump-tables'];

export interface BlobToolchain {
  /** `arm-none-eabi-`. */
  readonly prefix: string;
  /** For the link: the processor. */
  readonly cpuFlags: readonly string[];
  /** Set in addresses of code: 1 on Arm. */
  readonly entryBit: 0 | 1;
  readonly folders: readonly CoreKernelFolder[];
  /** Object files of all kernels and what they may call, compiled with `blobFlags`. */
  readonly objects: readonly string[];
  /** The same with debug information; empty: no maps. */
  readonly debugObjects: readonly string[];
}

export interface BuiltBlob extends Blob {
  /** Functions and lines; addresses are from the blob's start. */
  readonly map: CodeMap | null;
}

export interface BuiltKernel extends KernelCode {
  readonly name: string;
  readonly run: BuiltBlob;
  readonly check: BuiltBlob;
}

export interface BuiltPack extends KernelPack {
  readonly kernels: readonly BuiltKernel[];
}

const camel = (constant: string): string =>
  constant.toLowerCase().replace(/(^|_)([a-z0-9])/g, (_, __, c: string) => c.toUpperCase());

/** `[id, function]` of the lines of the lists in C. */
export function listedKernels(folders: readonly CoreKernelFolder[]): { kernel: Kernel; name: string }[] {
  const byName = new Map<string, Kernel>(
    Object.entries(Kernel).map(([name, id]) => [name.toLowerCase(), id]),
  );
  return ['', ...folders].flatMap((folder) => {
    const list = readFileSync(join(root, 'firmware/engine/kernels', folder, 'list.h'), 'utf8');
    return [...list.matchAll(/K\(MJ_KERNEL_(\w+), mj_(\w+)\)/g)].map(([, constant, name]) => {
      const kernel = byName.get(camel(constant!).toLowerCase());
      if (kernel === undefined) throw new Error(`MJ_KERNEL_${constant} is not in the schema`);
      return { kernel, name: name! };
    });
  });
}

/** Two places a blob may lie at; nothing about them is special but that they differ in every byte of interest. */
const PLACES = [0x1001_0000, 0x2003_4560] as const;

/** The entry first, then what it reaches; nothing that would have to be initialised or relocated. */
function linkerScript(entry: string, at: number): string {
  return `ENTRY(${entry})
SECTIONS {
  . = ${at};
  .blob : { *(.text.${entry}) *(.text .text.*) *(.rodata .rodata.*) }
  .unwanted : { *(.data .data.*) *(.bss .bss.*) *(COMMON) *(.got .got.*) }
  ASSERT(SIZEOF(.unwanted) == 0, "${entry}: writable data or a table of addresses")
  ASSERT(${entry} == ${at}, "${entry} is not first")
  /DISCARD/ : { *(.ARM.*) *(.comment) *(.note*) *(.eh_frame*) *(.riscv.attributes) *(.igot*) *(.iplt*) *(.rel*) }
}
`;
}

function tool(name: string, args: readonly string[], cwd: string): void {
  const run = spawnSync(name, args, { cwd, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${name} failed:\n${run.stderr || String(run.error)}`);
}

function link(t: BlobToolchain, dir: string, entry: string, at: number, objects: readonly string[]): string {
  const script = join(dir, `${entry}.ld`);
  const elf = join(dir, `${entry}.elf`);
  writeFileSync(script, linkerScript(entry, at));
  const flags = ['-nostdlib', '-nostartfiles', '-static', '-Wl,--gc-sections', '-Wl,--build-id=none'];
  tool(
    `${t.prefix}gcc`,
    [...t.cpuFlags, ...flags, '-Wl,--no-warn-rwx-segments', '-T', script, ...objects, '-lgcc', '-o', elf],
    dir,
  );
  return elf;
}

function blob(t: BlobToolchain, dir: string, entry: string): BuiltBlob {
  const [first, second] = PLACES.map((at) => {
    const elf = link(t, dir, entry, at, t.objects);
    const bin = join(dir, `${entry}.bin`);
    tool(`${t.prefix}objcopy`, ['-O', 'binary', '-j', '.blob', elf, bin], dir);
    return new Uint8Array(readFileSync(bin));
  });
  const at = first!.findIndex((b, i) => b !== second![i]);
  if (first!.length !== second!.length || at >= 0)
    throw new Error(`${entry} depends on its address: first difference at offset ${at}`);
  return { bytes: first!, entry: t.entryBit, map: mapOf(t, dir, entry, first!.length) };
}

/** Lines come from a link with debug information, which has the same code. */
function mapOf(t: BlobToolchain, dir: string, entry: string, bytes: number): CodeMap | null {
  if (t.debugObjects.length === 0) return null;
  const elf = readFileSync(link(t, dir, entry, PLACES[0], t.debugObjects));
  const map = codeMapOfElf(elf);
  if (!map.ok) throw new Error(failureText(map));
  return map.value.within(PLACES[0], bytes);
}

/** Every kernel of the port's lists. Throws where one cannot stand anywhere. */
export function buildKernelPack(t: BlobToolchain): BuiltPack {
  const dir = mkdtempSync(join(tmpdir(), 'microjoule-kernels-'));
  try {
    const kernels = listedKernels(t.folders).map(({ kernel, name }) => ({
      kernel,
      name,
      flags: KernelFlag.RunInRam,
      run: blob(t, dir, `mj_${name}_run`),
      check: blob(t, dir, `mj_${name}_check`),
    }));
    return { pack: packOf(kernels), kernels };
  } finally {
    rmSync(dir, { recursive: true });
  }
}
