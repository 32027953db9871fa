import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { coreKernelFolders, foldersOfCore, type CoreKernelFolder } from '../../../scripts/engine-sources.ts';
import { Kernel } from '../../../src-main/abi/generated.ts';
import { coreIds } from '../../../src-main/board/board.ts';
import { kernelRecords } from '../../../src-main/compile/kernels.ts';
import type { KernelRecord } from '../../../src-main/compile/kernel-record.ts';
import { builtinName } from '../../../src-main/model/builtin-operators.ts';
import { root } from '../../needs.ts';

/** First and last id of each folder: docs/adr/0012. */
const ranges: Record<CoreKernelFolder, readonly [number, number]> = {
  m0: [256, 319],
  m4: [320, 351],
  mve: [352, 383],
  rv32: [384, 415],
  wasm: [416, 447],
};

function folderOf(record: KernelRecord): CoreKernelFolder | null {
  return (
    coreKernelFolders.find((f) => ranges[f][0] <= record.kernel && record.kernel <= ranges[f][1]) ?? null
  );
}

/** `[constant, function]` of every line of a list.h. */
function listed(folder: CoreKernelFolder | null): string[][] {
  const path = join(root, 'firmware/engine/kernels', folder ?? '', 'list.h');
  return [...readFileSync(path, 'utf8').matchAll(/K\(MJ_KERNEL_(\w+), mj_(\w+)\)/g)].map((m) => [
    m[1]!,
    m[2]!,
  ]);
}

const constantOf = (record: KernelRecord): string =>
  Object.entries(Kernel)
    .find(([, id]) => id === record.kernel)![0]
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase();

describe('every kernel record', () => {
  it('computes an operator that no other of its kernel does, under one name a kernel', () => {
    const uses = kernelRecords.map((r) => `${r.kernel} ${r.builtin} ${r.variant ?? ''}`);
    expect(new Set(uses).size).toBe(kernelRecords.length);
    const names = new Map(kernelRecords.map((r) => [r.kernel, r.name]));
    expect(kernelRecords.every((r) => names.get(r.kernel) === r.name)).toBe(true);
    expect(new Set(names.values()).size).toBe(names.size);
    expect([...names.keys()].sort((a, b) => a - b)).toEqual(Object.values(Kernel).sort((a, b) => a - b));
  });

  it.each(kernelRecords.map((r) => [r.name, builtinName(r.builtin), r] as const))(
    '%s for %s: id, cores and folder agree',
    (name, _operator, record) => {
      const folder = folderOf(record);
      if (record.cores === 'all') expect(record.kernel).toBeLessThan(256);
      else for (const core of record.cores) expect(foldersOfCore[core]).toContain(folder);
      expect(listed(folder)).toContainEqual([constantOf(record), name]);
      expect(existsSync(join(root, 'firmware/engine/kernels', folder ?? '', `${name}.c`))).toBe(true);
    },
  );

  it('has a line in the lists of C, and no line is left over', () => {
    const lines = [null, ...coreKernelFolders].flatMap(listed);
    expect(lines).toHaveLength(new Set(kernelRecords.map((r) => r.kernel)).size);
  });
});

it('every operator with a kernel has one for every core and every case', () => {
  for (const builtin of new Set(kernelRecords.map((r) => r.builtin)))
    expect(kernelRecords.some((r) => r.builtin === builtin && r.cores === 'all')).toBe(true);
});

it('every core has a folder of kernels', () => {
  for (const core of coreIds) expect(foldersOfCore[core].length).toBeGreaterThan(0);
});
