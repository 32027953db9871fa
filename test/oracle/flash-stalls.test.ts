/**
 * What the XIP cache of the emulated Pico makes an inference wait, against the analytic count of src-main/compile/flash-waits.ts:
 * the emulator looks each of a million words up, the other counts sweeps over arrays. Neither knows of the other.
 */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { prepare } from '../../src-main/core.ts';
import { deployImage } from '../../src-main/core/deploy-image.ts';
import { findTarget } from '../../src-main/core/targets.ts';
import { flashWords } from '../../src-main/compile/flash-waits.ts';
import { readsOf } from '../../src-main/predict/features.ts';
import { openSimulatedBench } from '../../src-main/sim/simulated-bench.ts';
import { describeWith, needs, sharedDir } from '../needs.ts';

const FAST_BAUD = 921_600;

/** Cycles of each operator in the second inference after deployment: the caches are as any later one finds them. */
async function opCycles(path: string, zeroWait: boolean): Promise<readonly number[]> {
  const { image, program } = orThrow(prepare(path, 'pico-emulated'));
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
      const words = flashWords(orThrow(prepare(path, 'pico-emulated')).program.ops.map(readsOf), cache);
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
});
