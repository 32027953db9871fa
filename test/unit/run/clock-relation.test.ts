/** How the monitor's clock runs against the device's, from windows whose true clocks are known here. */
import { describe, expect, it } from 'vitest';
import type { WindowResult } from '../../../src-main/contract/index.ts';
import { clockRelation } from '../../../src-main/run/clock-relation.ts';

const PERIOD_US = 10;

/** Five windows of 10 s, a second apart. `ppm`: the monitor's clock is fast by so much. */
function windows(ppm: number, dutStartUs: number, traceOffsetUs: number, shiftUs = 0): WindowResult[] {
  return Array.from({ length: 5 }, (_, i) => {
    const beganUs = 1_000_000 + i * 11_000_000;
    const onTrace = (us: number) =>
      Math.floor((traceOffsetUs + us * (1 + ppm * 1e-6) + shiftUs) / PERIOD_US) * PERIOD_US;
    const traceStartUs = onTrace(beganUs);
    const traceEndUs = onTrace(beganUs + 10_000_000);
    return {
      index: i,
      attempt: 0,
      status: 'finished',
      energy: {
        traceId: 'one',
        traceStartUs,
        traceEndUs,
        sampleCount: (traceEndUs - traceStartUs) / PERIOD_US,
        lostSamples: 0,
        dut: { startUs: (dutStartUs + beganUs) % 2 ** 32, durationUs: 10_000_000 },
      },
    } as unknown as WindowResult;
  });
}

describe('the monitor’s clock against the device’s', () => {
  it.each([0, 37, -100, 250])('is found to within what it states: %s ppm', (ppm) => {
    for (const shiftUs of [0, 3.3, 7.7]) {
      const relation = clockRelation(windows(ppm, 5_000, 2_000_000, shiftUs))!;
      expect(Math.abs(relation.ratePpm - ppm)).toBeLessThan(relation.ratePlusMinusPpm);
      // a sample and a µs at either end of 54 s
      expect(relation.ratePlusMinusPpm).toBeCloseTo((2 * 11) / 54, 3);
      expect(relation.windows).toBe(5);
      // where the timer stood at 0, two seconds less five thousand µs into the trace
      expect(Math.abs(relation.offsetUs - (2_000_000 + shiftUs - 5_000))).toBeLessThan(20);
    }
  });

  it('is not disturbed when the device’s timer wraps between or within windows', () => {
    for (const before of [5_000_000, 25_000_000, 49_000_000]) {
      const relation = clockRelation(windows(80, 2 ** 32 - before, 1_000_000))!;
      expect(Math.abs(relation.ratePpm - 80)).toBeLessThan(relation.ratePlusMinusPpm);
    }
  });

  it('takes the windows of the newest trace only, and none without the device’s times', () => {
    const [a, b, ...rest] = windows(10, 0, 0);
    const other = { ...a!, energy: { ...a!.energy!, traceId: 'older' } };
    expect(clockRelation([other, b!, ...rest])!.windows).toBe(4);
    expect(clockRelation([{ ...a!, energy: { ...a!.energy!, dut: null } }])).toBeNull();
    expect(clockRelation([])).toBeNull();
  });
});
