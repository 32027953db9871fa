/** The firmware's reader of kernel tables, compiled for this computer with sanitizers: whatever the flash holds. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { writeKernels } from '../../../src-main/compile/kernel-pack.ts';
import { loadPrebuilt } from '../../../src-main/compile/prebuilt.ts';
import { describeWith, needs, root } from '../../needs.ts';

const flags = [
  ...['-std=gnu11', '-O1', '-g1', '-Wall', '-Wextra', '-Werror', '-Wconversion', '-DMJ_KERNELS_IN_TABLE'],
  ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
];

describeWith([needs.hostCc], 'a table of kernels', () => {
  const folder = mkdtempSync(join(tmpdir(), 'microjoule-table-'));
  const program = join(folder, 'tables');
  const pack = orThrow(loadPrebuilt(pico)).kernels!;
  const whole = writeKernels({ ...pack, kernels: pack.kernels.slice(0, 5) });

  beforeAll(() => {
    const sources = ['firmware/engine/mj_kernel_table.c', 'test/unit/engine/native/table_driver.c'];
    const run = spawnSync('gcc', [...flags, '-Ifirmware/engine', ...sources, '-o', program], {
      cwd: root,
      encoding: 'utf8',
    });
    if (run.status !== 0) throw new Error(run.stderr);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function verdicts(tables: readonly Uint8Array[], wanted = pack.pack): number[] {
    const parts = tables.flatMap((t) => [new Uint8Array(Uint32Array.of(t.length, wanted).buffer), t]);
    const run = spawnSync(program, [], { input: Buffer.concat(parts), maxBuffer: 1 << 26 });
    if (run.status !== 0) throw new Error(run.stderr.toString().slice(0, 4000));
    return [...run.stdout];
  }

  it('is taken as it was built, and refused for another build, cut off or misnamed', () => {
    expect(verdicts([whole])).toEqual([1]);
    expect(verdicts([whole], pack.pack ^ 1)).toEqual([0]);
    expect(verdicts([whole.subarray(0, -16), whole.subarray(0, 16), new Uint8Array(0)])).toEqual([0, 0, 0]);
    const renamed = Uint8Array.from(whole);
    renamed[0]! ^= 1;
    expect(verdicts([renamed])).toEqual([0]);
  });

  it('never leads outside itself, whatever 4000 overwritten words say', () => {
    const rng = new Rng(17);
    const tables = Array.from({ length: 4000 }, () => {
      const bad = Uint8Array.from(whole);
      const view = new DataView(bad.buffer);
      for (let n = rng.int(1, 3); n > 0; n--) {
        const at = 4 * rng.int(0, 8 + 8 * 5 - 1);
        const near = view.getUint32(at, true) + rng.int(-16, 16);
        view.setUint32(at, rng.pick([near >>> 0, rng.u32(), 0, 0xffff_fff0, whole.length]), true);
      }
      return bad;
    });
    const all = verdicts(tables);
    expect(all).toHaveLength(4000);
    expect(all.filter((v) => v === 2)).toEqual([]);
    expect(all.filter((v) => v === 0).length).toBeGreaterThan(1000);
    expect(all.filter((v) => v === 1).length).toBeGreaterThan(100);
  });
});
