/**
 * What the XIP cache of the emulated Pico makes an inference wait, against the analytic count of src-main/compile/flash-waits.ts:
 * the emulator looks each of a million words up, the other counts sweeps over arrays. Neither knows of the other.
 */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { pico } from '../../src-main/board/pico.ts';
import { compile } from '../../src-main/compile/compile.ts';
import { buildImage, type Image } from '../../src-main/compile/image.ts';
import type { Program } from '../../src-main/compile/program.ts';
import { prepare } from '../../src-main/core.ts';
import { deployImage } from '../../src-main/core/deploy-image.ts';
import { findTarget } from '../../src-main/core/targets.ts';
import { flashWords } from '../../src-main/compile/flash-waits.ts';
import { readsOf } from '../../src-main/predict/features.ts';
import { openSimulatedBench } from '../../src-main/sim/simulated-bench.ts';
import { describeWith, needs, sharedDir } from '../needs.ts';

const FAST_BAUD = 921_600;

/** Programs of the general kernels, with all constants in flash or those copied to RAM that are waited for. */
function imageOf(path: string, copies: boolean): { readonly image: Image; readonly program: Program } {
  const { image, model } = orThrow(prepare(path, 'pico-emulated'));
  const program = orThrow(compile(model.graph, pico, { choice: 'general', copies }));
  return { image: orThrow(buildImage({ ...image.parts, program })), program };
}

/** Cycles of each operator in the second inference after deployment: the caches are as any later one finds them. */
async function opCycles(path: string, zeroWait: boolean, copies = false): Promise<readonly number[]> {
  const { image, program } = imageOf(path, copies);
  await using bench = orThrow(
    await openSimulatedBench({ seed: 1, monitor: 'none', inProcess: true, zeroWait }),
  );
  await using session = orThrow(await deployImage(bench, image));
  const mj = session.mj!;
  orThrow(await mj.setBaud(FAST_BAUD));
  const bytes = program.inputs.reduce((n, t) => n + program.tensors[t]!.bytes, 0);
  orThrow(
    await mj.load(
      'input',
      Uint8Array.from({ length: bytes }, (_, i) => i * 37),
    ),
  );
  orThrow(await mj.profile());
  const { ops } = orThrow(await mj.profile());
  return program.ops.map((_, i) => ops.find((o) => o.index === i)?.cycles ?? 0);
}

describeWith([needs.shared], 'flash stalls of whole networks', () => {
  it.each(['kws01', 'vww01', 'ic01'])(
    '%s waits as long as its sweeps over its weights say',
    async (model) => {
      const path = join(sharedDir!, `data/models/${model}_int8.tflite`);
      const cache = findTarget('pico-emulated')!.board.flash.cache!;
      const words = flashWords(imageOf(path, false).program.ops.map(readsOf), cache);
      const [free, cached] = [await opCycles(path, true), await opCycles(path, false)];
      const stalls = cached.map((c, i) => c - free[i]!);
      const total = stalls.reduce((a, b) => a + b);
      expect(total / cached.reduce((a, b) => a + b)).toBeGreaterThan(0.01);
      expect(Math.abs((words.reduce((a, b) => a + b) * cache.wordCycles) / total - 1)).toBeLessThan(0.02);
      // layers that wait for more than a few hundred words: what the count leaves out (records, stack) is less than 4 %
      for (const [i, stall] of stalls.entries())
        if (stall > 15_000)
          expect(Math.abs((words[i]! * cache.wordCycles) / stall - 1), `${i}`).toBeLessThan(0.04);
    },
    60_000,
  );

  it('ic01 hardly waits where its constants were copied to RAM, and computes as fast as before', async () => {
    const path = join(sharedDir!, 'data/models/ic01_int8.tflite');
    const total = (cycles: readonly number[]) => cycles.reduce((a, b) => a + b);
    const [free, cached] = [await opCycles(path, true), await opCycles(path, false)].map(total);
    const copied = total(await opCycles(path, false, true));
    expect(copied - free!).toBeLessThan(0.2 * (cached! - free!));
    expect(Math.abs(total(await opCycles(path, true, true)) / free! - 1)).toBeLessThan(0.001);
  }, 60_000);
});
