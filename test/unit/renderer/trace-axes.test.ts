import { describe, expect, it } from 'vitest';
import {
  around,
  between,
  clampView,
  panBy,
  sampleAt,
  xOf,
  zoomAt,
} from '../../../src-renderer/charts/trace/span-view.ts';
import {
  clockTime,
  durationText,
  timeStepS,
  timeTicks,
} from '../../../src-renderer/charts/trace/time-axis.ts';
import {
  scaleFor,
  shareOf,
  siText,
  steadyScale,
  valueAt,
  valueTicks,
} from '../../../src-renderer/charts/trace/value-axis.ts';

const DAY = 24 * 3600 * 100_000;

describe('the view of a trace', () => {
  it('zooms about the sample under the pointer', () => {
    const view = { from: 1000, to: 2000 };
    const axis = (v: typeof view) => ({ view: v, left: 70, width: 900 });
    for (const factor of [0.5, 0.9, 1.7]) {
      const zoomed = zoomAt(view, factor, 1250, 1_000_000);
      expect(xOf(axis(zoomed), 1250)).toBeCloseTo(xOf(axis(view), 1250), 6);
      expect(zoomed.to - zoomed.from).toBeCloseTo(1000 * factor, 6);
    }
  });

  it('never leaves the trace and never shows less than a few samples', () => {
    expect(zoomAt({ from: 0, to: 100 }, 10, 90, 500)).toEqual({ from: 0, to: 500 });
    expect(panBy({ from: 10, to: 110 }, -50, 500)).toEqual({ from: 0, to: 100 });
    expect(panBy({ from: 390, to: 490 }, 50, 500)).toEqual({ from: 400, to: 500 });
    const closest = zoomAt({ from: 40, to: 50 }, 1e-9, 45, 500);
    expect(closest.to - closest.from).toBe(8);
    expect(clampView({ from: -100, to: 4000 }, 3)).toEqual({ from: 0, to: 8 });
    const room = around(100, 200, 150);
    expect(room.from).toBeGreaterThanOrEqual(0);
    expect(room.to).toBe(150);
  });

  it('pixels and samples are one to one, a day deep too', () => {
    const axis = { view: { from: DAY - 900, to: DAY }, left: 84, width: 1200 };
    for (const x of [84, 300.5, 1284]) expect(xOf(axis, sampleAt(axis, x))).toBeCloseTo(x, 4);
  });

  it('glides from one view to another without overshooting, evenly in octaves', () => {
    const a = { from: 0, to: DAY };
    const b = { from: 4e9, to: 4e9 + 1000 };
    expect(between(a, b, 0).to).toBeCloseTo(a.to, 0);
    const end = between(a, b, 1);
    expect(end.from).toBeCloseTo(b.from, 1);
    expect(end.to).toBeCloseTo(b.to, 1);
    let width = Infinity;
    for (let s = 0; s <= 1; s += 0.125) {
      const v = between(a, b, s);
      expect(v.to - v.from).toBeLessThan(width);
      // b is seen all the way
      expect(v.from).toBeLessThanOrEqual(b.from + 1);
      expect(v.to).toBeGreaterThanOrEqual(b.to - 1);
      width = v.to - v.from;
    }
    const middle = between(a, b, 0.5);
    expect(Math.log(middle.to - middle.from)).toBeCloseTo((Math.log(DAY) + Math.log(1000)) / 2, 6);
    const panned = between({ from: 0, to: 10 }, { from: 100, to: 110 }, 0.5);
    expect(panned).toEqual({ from: 50, to: 60 });
  });
});

describe('time labels', () => {
  it('differ from each other and stay short, wherever in a day one looks', () => {
    for (const span of [20, 200, 5e4, 3e6, 4e8, DAY])
      for (const from of [0, 123_456, DAY / 2 + 12_345, DAY - span]) {
        const { ticks, base } = timeTicks({ from, to: Math.min(DAY, from + span) }, 100_000, 1000);
        const labels = ticks.map((t) => t.label);
        expect(new Set(labels).size, `${span} from ${from}`).toBe(labels.length);
        expect(labels.length).toBeGreaterThan(1);
        expect(labels.length).toBeLessThan(25);
        for (const l of [...labels, base]) expect(l.length, l).toBeLessThanOrEqual(14);
      }
  });

  it('count in sixties above seconds and in tens below', () => {
    expect(timeStepS(86_400, 10)).toBe(10_800);
    expect(timeStepS(300, 10)).toBe(30);
    expect(timeStepS(0.03, 10)).toBe(0.005);
    expect(timeStepS(2e-4, 10)).toBe(2e-5);
  });

  it('carry a base where they count from a place deep in the trace', () => {
    const from = 4_321_000_000;
    const { ticks, base } = timeTicks({ from, to: from + 500 }, 100_000, 800);
    expect(base).toBe('12:00:10.0');
    expect(ticks[0]!.label).toMatch(/^\+\d/);
  });

  it('say hours, minutes and seconds as people do', () => {
    expect(clockTime(3723.25, 0.01)).toBe('1:02:03.25');
    expect(clockTime(61, 1)).toBe('1:01');
    expect(clockTime(59.9999, 1e-4)).toBe('59.9999 s');
    // a carry must not print 1:60
    expect(clockTime(119.999, 0.01)).toBe('2:00.00');
    expect(clockTime(0.0042, 1e-5)).toBe('4.20 ms');
    expect(durationText(0.00042, 100_000)).toBe('420 µs');
  });
});

describe('value scales', () => {
  it('hold what is seen, end at round numbers and stand still while that serves', () => {
    for (const [min, max] of [
      [0.0104, 0.0403],
      [-2e-7, 0.021],
      [1e-6, 1.3e-6],
      [0, 0],
    ] as const) {
      const s = scaleFor('linear', min, max);
      expect(s.low).toBeLessThanOrEqual(min);
      expect(s.high).toBeGreaterThanOrEqual(max);
    }
    const first = steadyScale(null, 'linear', 0, 0.04);
    expect(steadyScale(first, 'linear', 0, 0.03)).toBe(first);
    expect(steadyScale(first, 'linear', 0, 0.004).high).toBeLessThan(0.006);
    expect(steadyScale(first, 'linear', 0, 0.09).high).toBeGreaterThanOrEqual(0.09);
    expect(steadyScale(first, 'log', 1e-6, 0.04).kind).toBe('log');
  });

  it('fitted show what varies, ends round, however large the rest is', () => {
    const s = scaleFor('fit', 0.02172, 0.02218);
    expect(s.low).toBeGreaterThan(0.0215);
    expect(s.low).toBeLessThan(0.02172);
    expect(s.high).toBeGreaterThan(0.02218);
    expect(s.high).toBeLessThan(0.0224);
    // constant to the last digit: still a scale
    const flat = scaleFor('fit', 0.01, 0.01);
    expect(flat.high).toBeGreaterThan(flat.low);
    expect(valueTicks(s, 300, 'A').every((t) => /^\d+\.\d+ mA$/.test(t.label))).toBe(true);
    expect(new Set(valueTicks(s, 300, 'A').map((t) => t.label)).size).toBeGreaterThan(4);
  });

  it('of decades begin and end at a decade; zero and noise below it lie on the floor', () => {
    const s = scaleFor('log', 11.8e-6, 13e-3);
    expect(s.low).toBeCloseTo(1e-5, 12);
    expect(s.high).toBeCloseTo(0.1, 12);
    expect(shareOf(s, 0)).toBe(0);
    expect(shareOf(s, -1)).toBe(0);
    expect(valueAt(s, shareOf(s, 1e-3))).toBeCloseTo(1e-3, 9);
  });

  it('label themselves with one prefix and just the digits that differ', () => {
    const labels = valueTicks({ kind: 'linear', low: 0, high: 0.05 }, 300, 'A').map((t) => t.label);
    expect(labels).toEqual(['0 mA', '10 mA', '20 mA', '30 mA', '40 mA', '50 mA']);
    expect(valueTicks({ kind: 'linear', low: 0, high: 1.2e-6 }, 120, 'A').map((t) => t.label)).toEqual([
      '0.0 µA',
      '0.5 µA',
      '1.0 µA',
    ]);
    expect(valueTicks({ kind: 'log', low: 1e-6, high: 1e-1 }, 400, 'A').map((t) => t.label)).toEqual([
      '1 µA',
      '10 µA',
      '100 µA',
      '1 mA',
      '10 mA',
      '100 mA',
    ]);
  });

  it('write values with their significant digits across prefixes', () => {
    expect(siText(0.0042, 'A')).toBe('4.20 mA');
    expect(siText(0.9999e-3, 'A')).toBe('1.00 mA');
    expect(siText(-12.34e-6, 'A')).toBe('−12.3 µA');
    expect(siText(0, 'A')).toBe('0 A');
    expect(siText(NaN, 'A')).toBe('—');
  });
});
