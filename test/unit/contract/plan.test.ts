import { describe, expect, it } from 'vitest';
import { RunPlan } from '../../../src-main/contract/index.ts';

const least = {
  mode: 'performance',
  model: { name: 'm', sha256: 'ab'.repeat(32), path: null },
  targetId: 'pico-emulated',
};

describe('a plan', () => {
  it('defaults to what the run rules ask for', () => {
    expect(RunPlan.parse(least)).toMatchObject({
      windows: 5,
      windowS: 10,
      inferences: null,
      scoring: 'top1',
      maxItems: null,
    });
  });

  it('survives JSON unchanged', () => {
    const p = RunPlan.parse(least);
    expect(RunPlan.parse(JSON.parse(JSON.stringify(p)))).toEqual(p);
  });

  it.each([
    ['windows', 0],
    ['windows', 2.5],
    ['windowS', 0],
    ['windowS', Number.NaN],
    ['windowS', Infinity],
    ['inferences', 2 ** 32],
    ['warmUp', -1],
    ['supplyV', 12],
    ['seed', -1],
    ['maxItems', 0],
    ['benchmark', 'kws99'],
    ['mode', 'speed'],
    ['targetId', ''],
  ])('%s = %s is refused', (field, value) => {
    const r = RunPlan.safeParse({ ...least, [field]: value });
    expect(r.success).toBe(false);
    expect(r.error!.issues[0]!.path).toEqual([field]);
  });

  it('a hash that is none is refused', () => {
    expect(RunPlan.safeParse({ ...least, model: { ...least.model, sha256: 'xyz' } }).success).toBe(false);
  });
});
