import { describe, expect, it } from 'vitest';
import { crc32 } from '../../../src-main/base/crc.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { packOf, readKernels, writeKernels, type KernelCode } from '../../../src-main/compile/kernel-pack.ts';
import { kernelRecords } from '../../../src-main/compile/kernels.ts';
import { loadPrebuilt } from '../../../src-main/compile/prebuilt.ts';

const rng = new Rng(5);
const code = (kernel: number, runBytes: number, checkBytes: number): KernelCode => ({
  kernel,
  flags: 1,
  run: { bytes: rng.bytes(runBytes), entry: 1 },
  check: { bytes: rng.bytes(checkBytes), entry: 1 },
});
const kernels = [code(3, 100, 17), code(256, 16, 2), code(7, 2, 640)];

describe('a table of kernels', () => {
  it('gives back what was put in', () => {
    const table = writeKernels({ pack: 0x1234, kernels });
    expect(orThrow(readKernels(table))).toEqual({ pack: 0x1234, kernels });
    expect(table.length % 16).toBe(0);
  });

  it('may hold none', () => {
    expect(orThrow(readKernels(writeKernels({ pack: 9, kernels: [] })))).toEqual({ pack: 9, kernels: [] });
  });

  it('is another build when any byte of code is another', () => {
    const other = kernels.map((k, i) => (i === 1 ? code(256, 16, 2) : k));
    expect(packOf(other)).not.toBe(packOf(kernels));
    expect(packOf([...kernels].reverse())).not.toBe(packOf(kernels));
  });

  it('refuses every single changed byte', () => {
    const table = writeKernels({ pack: 1, kernels });
    for (let i = 0; i < table.length; i++) {
      const bad = Uint8Array.from(table);
      bad[i]! ^= 0x41;
      expect(readKernels(bad).ok, `byte ${i}`).toBe(false);
    }
    expect(readKernels(table.subarray(0, -16))).toMatchObject({ ok: false, id: 'image.kernels-damaged' });
    expect(readKernels(new Uint8Array(8))).toMatchObject({ ok: false, id: 'image.kernels-damaged' });
  });

  it('with offsets that lead outside is refused even where the CRC was made right again', () => {
    const table = writeKernels({ pack: 1, kernels });
    for (let n = 0; n < 2000; n++) {
      const bad = Uint8Array.from(table);
      const view = new DataView(bad.buffer);
      view.setUint32(32 + 4 * rng.int(0, 23), rng.pick([rng.u32(), rng.int(0, 2000), 0xffff_fff0]), true);
      view.setUint32(12, crc32(bad.subarray(16)), true);
      const read = readKernels(bad);
      if (!read.ok) continue;
      for (const k of read.value.kernels) {
        expect(k.run.entry).toBeLessThan(k.run.bytes.length);
        expect(k.check.entry).toBeLessThan(k.check.bytes.length);
      }
    }
  });
});

it('the committed kernels of the Pico are all that its core may have', () => {
  const wanted = kernelRecords.filter((r) => r.cores === 'all' || r.cores.includes(pico.core.id));
  const built = orThrow(loadPrebuilt(pico)).kernels!.kernels.map((k) => k.kernel);
  expect(built.sort((a, b) => a - b)).toEqual(
    [...new Set(wanted.map((r) => r.kernel))].sort((a, b) => a - b),
  );
});
