import { join } from 'node:path';
import { expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { KernelChoice } from '../../../src-main/contract/index.ts';
import { prepare } from '../../../src-main/core.ts';
import { explainChoice } from '../../../src-main/core/explain-choice.ts';
import { root } from '../../needs.ts';

const model = join(root, 'models/kws-syn.tflite');

it.each(KernelChoice.options)(
  '%s: every layer names one chosen kernel, which is the one in the Program',
  (set) => {
    const prepared = orThrow(prepare(model, 'pico-emulated', set));
    const explained = explainChoice(prepared);
    expect(explained.layers).toHaveLength(prepared.program.ops.length);
    for (const [i, layer] of explained.layers.entries()) {
      const chosen = layer.kernels.filter((k) => k.chosen);
      expect(chosen).toHaveLength(1);
      expect(chosen[0]!.cycles! - chosen[0]!.waitCycles!).toBeCloseTo(
        prepared.program.ops[i]!.estimate!.cycles,
        -1,
      );
      for (const k of layer.kernels) expect(k.refused === null).toBe(k.cycles !== null);
    }
    expect(explained.boundCycles).toBeLessThanOrEqual(explained.cycles);
    expect(explained.copiedBytes).toBe(prepared.program.plan.copiedBytes);
  },
);

it('general kernels take more cycles than the fast ones, and are the only ones asked', () => {
  const [fast, general] = (['fast', 'general'] as const).map((set) =>
    explainChoice(orThrow(prepare(model, 'pico-emulated', set))),
  );
  expect(general!.cycles).toBeGreaterThan(2 * fast!.cycles);
  expect(general!.layers.every((l) => new Set(l.kernels.map((k) => k.kernel)).size === 1)).toBe(true);
});
