import { describe, expect, it } from 'vitest';
import { ok, orThrow, fail, type Result } from '../../../src-main/base/errors.ts';
import { unwrapUs, type InferResult } from '../../../src-main/device/infer.ts';
import { iterationsFor, tuneWindow } from '../../../src-main/device/tune.ts';

function window(iterations: number, warmup: number, windowUs: number | null, hostWindowUs: number): InferResult {
  return {
    iterations, warmup, lapsUs: [], windowUs, latencyUs: windowUs === null ? null : windowUs / iterations,
    hostWindowUs, results: [1], resultsReread: false, boardLapsUs: [], rawLines: [],
  };
}

describe('tuning of a window', () => {
  it.each([
    [43_450, 'kws01 on an L4R5'],
    [6_800, 'ad01'],
    [700_000, 'a slow board'],
    [25_000_000, 'one inference longer than the window'],
    [12, 'a tiny net'],
  ])('gives at least 10 s, and not much more, at %i µs an inference (%s)', async (latencyUs) => {
    const calls: number[] = [];
    const session = {
      infer: async (iterations: number, warmup: number): Promise<Result<InferResult>> => {
        calls.push(iterations);
        return ok(window(iterations, warmup, iterations * latencyUs, 0));
      },
    };
    const tuned = orThrow(await tuneWindow(session, 10_000_000, 1));
    expect(tuned.iterations * latencyUs).toBeGreaterThanOrEqual(10_000_000);
    expect(tuned.iterations * latencyUs).toBeLessThan(10_200_000 + latencyUs);
    expect(tuned.probed).toBe(calls.reduce((a, b) => a + b, 0));
    // The probes cost little beside the five windows they prepare
    expect((tuned.probed - 1) * latencyUs).toBeLessThan(2_000_000);
  });

  it.each([[43_450], [2_000_000], [150]])(
    'in energy mode takes the rest before the window and the lines out of the latency (%i µs)',
    async (latencyUs) => {
      const restUs = 1_000_000 + 37_000;
      const session = {
        infer: async (iterations: number, warmup: number): Promise<Result<InferResult>> =>
          ok(window(iterations, warmup, null, restUs + iterations * latencyUs)),
      };
      const tuned = orThrow(await tuneWindow(session, 10_000_000, 0));
      expect(tuned.latencyUs).toBeCloseTo(latencyUs, 3);
      expect(tuned.iterations).toBe(iterationsFor(10_000_000, latencyUs));
    },
  );

  it('hands a failure on, and ends when time does not grow with the work', async () => {
    const failing = { infer: async () => fail('device.no-reply', {}, 'c', 'n') };
    expect(await tuneWindow(failing, 1e7, 1)).toMatchObject({ ok: false, id: 'device.no-reply' });
    const stuck = { infer: async (iterations: number) => ok(window(iterations, 0, null, 5_000)) };
    expect(await tuneWindow(stuck, 1e7, 1)).toMatchObject({ ok: false, id: 'device.untunable' });
  });
});

describe('the 32-bit counter', () => {
  it('is unwrapped once by arithmetic and more often by the host\'s clock', () => {
    expect(unwrapUs(813234243, 815736002, 2_502_000)).toBe(2501759);
    expect(unwrapUs(0xffff_ff00, 0x100, 600)).toBe(0x200);
    const threeHours = 3 * 3600 * 1e6;
    expect(unwrapUs(1000, (1000 + threeHours) % 2 ** 32, threeHours + 40_000)).toBe(threeHours);
    expect(unwrapUs(5, 5, 0)).toBe(0);
  });

  it('does not invent a wrap when the host was slow to read', () => {
    expect(unwrapUs(0, 1_000_000, 1_000_000 + 30 * 60 * 1e6)).toBe(1_000_000);
  });
});
