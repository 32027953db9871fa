/** What is committed below firmware/prebuilt: a board's firmware, its kernels, its functions and lines. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KernelFlag } from '../abi/generated.ts';
import { crc32 } from '../base/crc.ts';
import { fail, ok, type Result } from '../base/errors.ts';
import type { BoardDescriptor } from '../board/board.ts';
import { alignUp } from './arena.ts';
import { CodeMap, codeMapOfFile } from './code-map.ts';
import { hex8, type Image } from './image.ts';
import { readKernels, type KernelPack } from './kernel-pack.ts';

export interface Prebuilt {
  readonly firmware: Uint8Array;
  /** Null where they are compiled into the firmware. */
  readonly kernels: KernelPack | null;
  /** CRC-32, 8 hex digits. */
  readonly firmwareHash: string;
  readonly compiler: string;
}

interface Manifest {
  readonly file: string;
  readonly crc32: string;
  readonly compiler: string;
  readonly kernels?: { readonly file: string; readonly pack: string };
  readonly symbols?: Readonly<Record<string, string>>;
}

const prebuiltDir = join(import.meta.dirname, '../../firmware/prebuilt');

function manifestOf(board: BoardDescriptor, dir: string): Manifest | null {
  const path = join(dir, board.id, 'manifest.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Manifest) : null;
}

/** The committed firmware of a board and its kernels, checked against its manifest. */
export function loadPrebuilt(board: BoardDescriptor, dir = prebuiltDir): Result<Prebuilt> {
  const folder = join(dir, board.id);
  const manifest = manifestOf(board, dir);
  if (!manifest)
    return fail(
      'image.no-prebuilt',
      { board: board.id },
      'No firmware is committed for this board.',
      'Build one with npm run build:firmware, or choose another target.',
    );
  const firmware = new Uint8Array(readFileSync(join(folder, manifest.file)));
  const firmwareHash = hex8(crc32(firmware));
  if (firmwareHash !== manifest.crc32)
    return fail(
      'image.prebuilt-damaged',
      { board: board.id, crc32: firmwareHash, expected: manifest.crc32 },
      'The firmware file is not the one its manifest describes.',
      'Check out the repository again, or run npm run build:firmware.',
    );
  const { compiler } = manifest;
  if (!manifest.kernels) return ok({ firmware, kernels: null, firmwareHash, compiler });
  const kernels = readKernels(new Uint8Array(readFileSync(join(folder, manifest.kernels.file))));
  return kernels.ok ? ok({ firmware, kernels: kernels.value, firmwareHash, compiler }) : kernels;
}

/** RAM of the firmware for arena, uploaded Program and kernels that run from RAM. */
function poolOf(
  board: BoardDescriptor,
  dir: string,
): { readonly end: number; readonly bytes: number } | null {
  const symbols = manifestOf(board, dir)?.symbols;
  const [start, end] = ['mj_pool_start', 'mj_pool_end'].map((name) => Number(symbols?.[name]));
  return start && end ? { end, bytes: end - start } : null;
}

/** Kernel → where its copy in RAM begins while the image's own Program is open: mj_kernel_table_place of the firmware. */
function codeInRam(
  image: Image,
  pool: { readonly end: number; readonly bytes: number },
): Map<number, number> {
  const available = pool.bytes - (image.parts.program?.header.arenaBytes ?? pool.bytes);
  const places = new Map<number, number>();
  let taken = 0;
  for (const { kernel, runBytes, flags } of image.kernels) {
    const bytes = alignUp(runBytes);
    if ((flags & KernelFlag.RunInRam) === 0 || bytes > available - taken) continue;
    taken += bytes;
    places.set(kernel, pool.end - taken);
  }
  return places;
}

/**
 * Functions and lines of an image of prebuilt firmware; null where no list lies beside it. Kernels are where they lie in
 * flash, and where they are copied to for the image's Program.
 */
export function loadCodeMap(board: BoardDescriptor, image: Image, dir = prebuiltDir): Result<CodeMap | null> {
  const path = join(dir, board.id, 'code-map.json');
  if (!existsSync(path)) return ok(null);
  const code = codeMapOfFile(JSON.parse(readFileSync(path, 'utf8')) as unknown, image.firmwareHash);
  if (!code.ok) return code;
  const pool = poolOf(board, dir);
  const ram = pool ? codeInRam(image, pool) : new Map<number, number>();
  const kernels = image.kernels.flatMap((k) => {
    const map = code.value.kernels.find(({ kernel }) => kernel === k.kernel);
    if (!map) return [];
    const copy = ram.get(k.kernel);
    return [
      map.check.movedBy(k.checkAddress),
      map.run.movedBy(k.runAddress),
      ...(copy === undefined ? [] : [map.run.movedBy(copy)]),
    ];
  });
  return ok(CodeMap.joined([code.value.firmware, ...kernels]));
}
