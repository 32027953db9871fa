/** Where the engine's C lies, and which kernels a build of it carries: one place for every script and test. */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CoreId } from '../src-main/board/board.ts';

const root = resolve(import.meta.dirname, '..');

/** Folders of firmware/engine/kernels with kernels for particular cores, in the order of mj_kernels.c. */
export const coreKernelFolders = ['m0', 'm4', 'mve', 'rv32', 'wasm'] as const;
export type CoreKernelFolder = (typeof coreKernelFolders)[number];

/** What the image of a board with this core carries besides the general kernels; some kernels of the smallest core are plain C that others use. */
export const foldersOfCore: Readonly<Record<CoreId, readonly CoreKernelFolder[]>> = {
  m0plus: ['m0'],
  m4f: ['m0', 'm4'],
  m7: ['m0', 'm4'],
  m55: ['m4', 'mve'],
  rv32imc: ['m0', 'rv32'],
  wasm: ['m0', 'wasm'],
};

/** Relative to the repository: the engine and its kernels, those of `cores` besides the general ones. */
export function engineFolders(cores: readonly CoreKernelFolder[] = coreKernelFolders): string[] {
  return [
    'firmware/engine',
    'firmware/engine/kernels',
    ...cores.map((core) => `firmware/engine/kernels/${core}`),
  ];
}

/** Relative to the repository, in link order. */
export function filesIn(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => `${folder}/${name}`);
}

/** C files of the engine with its kernels; every kernel has a portable form in C. */
export function engineSources(cores: readonly CoreKernelFolder[] = coreKernelFolders): string[] {
  return engineFolders(cores).flatMap((folder) => filesIn(folder, '.c'));
}

/** Makes mj_kernels.c list the general kernels and those of `cores` only. */
export function coreDefines(cores: readonly CoreKernelFolder[]): string[] {
  return ['-DMJ_CORE_ONLY', ...cores.map((core) => `-DMJ_WITH_${core.toUpperCase()}`)];
}
