import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { partsOf, phaseOf, sharesOf, swapFrontEnd } from '../../../src-main/stream/energy-share.ts';

describe('Energy of front end and inference apart', () => {
  it('a front end of 85 % made 29 times cheaper is left with 16.3 %, and the whole takes 5.6 times less', () => {
    // arXiv 2201.03386, abstract: ÷29, share 85 → 16 %; (.85/29)/(.85/29 + .15)
    const swap = orThrow(swapFrontEnd({ frontEnd: 0.85, inference: 0.15, rest: 0 }, 29));
    expect(swap.before.frontEnd).toBeCloseTo(0.85, 12);
    expect(100 * swap.after.frontEnd).toBeCloseTo(16.3, 1);
    expect(swap.gain).toBeCloseTo(5.58, 2);
    expect(swap.gain.toFixed(1)).toBe('5.6');
  });

  it('what neither phase took stays in the sum', () => {
    const shares = orThrow(sharesOf({ frontEnd: 2, inference: 5, rest: 3 }));
    expect(shares).toEqual({ frontEnd: 0.2, inference: 0.5, rest: 0.3, total: 10 });
    const swap = orThrow(swapFrontEnd({ frontEnd: 2, inference: 5, rest: 3 }, 2));
    expect(swap.gain).toBeCloseTo(10 / 9, 12);
  });

  it('a front end that costs more makes the gain a loss', () => {
    expect(orThrow(swapFrontEnd({ frontEnd: 1, inference: 1, rest: 0 }, 0.5)).gain).toBeCloseTo(2 / 3, 12);
  });

  it.each([
    [{ frontEnd: -1, inference: 1, rest: 1 }, 2],
    [{ frontEnd: 0, inference: 0, rest: 0 }, 2],
    [{ frontEnd: NaN, inference: 1, rest: 0 }, 2],
    [{ frontEnd: 1, inference: Infinity, rest: 0 }, 2],
    [{ frontEnd: 1, inference: 1, rest: 0 }, 0],
    [{ frontEnd: 1, inference: 1, rest: 0 }, NaN],
  ])('refuses %j by %d rather than give a number', (parts, divisor) => {
    expect(swapFrontEnd(parts, divisor)).toMatchObject({ ok: false, id: 'stream.bad-parts' });
  });

  it('D0 high is the inference, D4 low the front end, all else the rest', () => {
    expect(phaseOf({ window: true, timestamp: true })).toBe('inference');
    expect(phaseOf({ window: false, timestamp: false })).toBe('frontEnd');
    expect(phaseOf({ window: false, timestamp: true })).toBe('rest');
    const spans = [
      { window: false, timestamp: true, amount: 10 },
      { window: false, timestamp: false, amount: 1 },
      { window: true, timestamp: true, amount: 4 },
      { window: false, timestamp: false, amount: 2 },
    ];
    expect(partsOf(spans)).toEqual({ frontEnd: 3, inference: 4, rest: 10 });
  });
});
