/** RAM of the reference models beside what TensorFlow Lite Micro's own allocator records for them. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { pico } from '../../src-main/board/pico.ts';
import { compile } from '../../src-main/compile/compile.ts';
import { KernelChoice } from '../../src-main/contract/index.ts';
import { readModel } from '../../src-main/model/reader.ts';
import { describeWith, needs, python, sharedDir } from '../needs.ts';

const models = ['kws01', 'ic01', 'vww01', 'ad01'];

/** Arena bytes of TFLM: all of it, and the activations of it. */
function tflmArenas(paths: readonly string[]): { readonly totalBytes: number; readonly headBytes: number }[] {
  const run = spawnSync(python!, [join(import.meta.dirname, 'tflm-arena.py'), ...paths], {
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(run.stderr);
  const figures = (word: string) =>
    [...run.stderr.matchAll(new RegExp(`Arena allocation ${word} (\\d+) bytes`, 'g'))].map((m) =>
      Number(m[1]),
    );
  const heads = figures('head');
  return figures('total').map((totalBytes, i) => ({ totalBytes, headBytes: heads[i]! }));
}

describeWith([needs.shared, needs.python], 'the arena of the reference models', () => {
  const paths = models.map((m) => join(sharedDir!, `data/models/${m}_int8.tflite`));
  const tflm = tflmArenas(paths);

  describe.each(paths.map((path, i) => [basename(path), path, tflm[i]!] as const))(
    '%s',
    (_, path, theirs) => {
      const graph = orThrow(readModel(readFileSync(path), basename(path)));

      it.each(KernelChoice.options)(
        'with %s kernels is not above TFLM, and within 2 %% of the least possible',
        (choice) => {
          const { plan } = orThrow(compile(graph, pico, { choice }));
          expect(plan.arenaBytes).toBeLessThanOrEqual(theirs.totalBytes);
          expect(plan.arenaBytes).toBeLessThanOrEqual(1.02 * plan.lowerBoundBytes);
        },
      );
    },
  );

  it('is planned for inputs that survive a run; without that, tensors take what TFLM takes for them at most', () => {
    for (const [i, path] of paths.entries()) {
      const graph = orThrow(readModel(readFileSync(path), basename(path)));
      const { plan, ops } = orThrow(compile(graph, pico, { choice: 'general', keepInputs: false }));
      const scratch = Math.max(0, ...ops.map((op) => op.scratchBytes));
      expect(plan.arenaBytes - scratch).toBeLessThanOrEqual(tflm[i]!.headBytes);
    }
  });
});
