import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { inferencesFor, latencyByHostClock, latencyByTimer, retuned } from '../../../src-main/run/tuning.ts';
import { inputSet, script, world } from './fakes.ts';

const step = { signal: new AbortController().signal };

async function deviceOf(latencyUs: number, mode: 'performance' | 'energy' = 'performance') {
  const w = world(script({ latencyUs }), inputSet(1, false));
  return { w, device: orThrow(await w.bench.deploy(mode)) };
}

describe('tuning', () => {
  it.each([37, 1234.5, 12_500, 2_000_000])(
    'finds a latency of %d µs to 1 % whatever the timer resolves',
    async (latencyUs) => {
      const { device, w } = await deviceOf(latencyUs);
      const found = orThrow(await latencyByTimer(device, 3, step));
      expect(Math.abs(found / latencyUs - 1)).toBeLessThan(0.01);
      // no more than two bursts of 0.2 s, or one inference
      expect(w.clock.nowUs()).toBeLessThan(Math.max(4 * latencyUs + 1, 500_000) + 3 * latencyUs);
    },
  );

  it('a timer that stands still is a failure, not a division by zero', async () => {
    const { device } = await deviceOf(0);
    expect(await latencyByTimer(device, 0, step)).toMatchObject({ ok: false, id: 'run.timer-stuck' });
  });

  it('an energy image has no laps, and says so', async () => {
    const { device } = await deviceOf(1000, 'energy');
    expect(await latencyByTimer(device, 0, step)).toMatchObject({ ok: false, id: 'run.no-timer' });
  });

  it.each([90, 12_500])(
    'the slope of the host clock cancels the idle second before each window (%d µs)',
    async (latencyUs) => {
      const { device, w } = await deviceOf(latencyUs, 'energy');
      expect(orThrow(await latencyByHostClock(device, w.clock, step))).toBeCloseTo(latencyUs, 6);
    },
  );

  it('chooses N so that the window is long enough and N fits the device', () => {
    expect(inferencesFor(10e6, 12_500, 1)).toBe(800);
    expect(inferencesFor(10e6, 12_501, 1) * 12_501).toBeGreaterThanOrEqual(10e6);
    expect(inferencesFor(10e6, 60e6)).toBe(1);
    expect(inferencesFor(3600e6, 1e-6)).toBe(0xffff_ffff);
  });

  it('a window that was short is repeated with more, always', () => {
    expect(retuned(800, 9_999_999, 10e6) * (9_999_999 / 800)).toBeGreaterThanOrEqual(10e6);
    expect(retuned(1, 0, 10e6)).toBeGreaterThan(1);
  });
});
