import { describe, expect, it } from 'vitest';
import {
  columnAt,
  columnsFor,
  columnsIn,
  extremesIn,
  serves,
} from '../../../src-renderer/charts/trace/columns.ts';
import { FollowClock } from '../../../src-renderer/charts/trace/follow.ts';
import { commandFor, traceShortcuts } from '../../../src-renderer/charts/trace/keys.ts';
import { layoutOf, shownChannels } from '../../../src-renderer/charts/trace/layout.ts';
import {
  markerStep,
  moveMarker,
  NO_MARKERS,
  placeMarker,
  spanBetween,
} from '../../../src-renderer/charts/trace/marker-pair.ts';
import { Motion } from '../../../src-renderer/charts/trace/motion.ts';
import { clampView } from '../../../src-renderer/charts/trace/span-view.ts';

const DAY = 24 * 3600 * 100_000;
const bordersOf = (r: { fromSample: number; toSample: number; columns: number }) =>
  Float64Array.from(
    { length: r.columns + 1 },
    (_, k) => r.fromSample + ((r.toSample - r.fromSample) * k) / r.columns,
  );

describe('columns that are asked for', () => {
  it('are never more than the contract takes, and at least one a pixel where there are as many samples', () => {
    for (const width of [10, 900, 5e3, 1e6, 3e8, DAY])
      for (const pixels of [300, 1312, 2600]) {
        const view = clampView({ from: DAY / 3, to: DAY / 3 + width }, DAY);
        const r = columnsFor(view, pixels, DAY);
        expect(r.columns).toBeLessThanOrEqual(8192);
        expect(Number.isInteger(r.fromSample) && Number.isInteger(r.toSample)).toBe(true);
        expect(r.fromSample).toBeLessThanOrEqual(view.from);
        expect(r.toSample).toBeGreaterThanOrEqual(Math.min(DAY, view.to));
        const perPixel = (view.to - view.from) / pixels;
        expect((r.toSample - r.fromSample) / r.columns).toBeLessThanOrEqual(Math.max(1, perPixel) * 1.001);
        expect(serves({ borders: bordersOf(r) }, view, pixels, DAY)).toBe(true);
      }
  });

  it('serve a panned view and every zoom of the octave; not the next one', () => {
    const view = { from: 1e6, to: 1e6 + 1024 * 1000 };
    const have = { borders: bordersOf(columnsFor(view, 1000, DAY)) };
    expect(serves(have, { from: view.from + 2e5, to: view.to + 2e5 }, 1000, DAY)).toBe(true);
    expect(serves(have, { from: view.from - 1e5, to: view.to + 1e5 }, 1000, DAY)).toBe(true);
    expect(serves(have, { from: view.from + 4e5, to: view.to - 4e5 }, 1000, DAY)).toBe(false);
    expect(serves(have, { from: view.from + 1e6, to: view.to + 1e6 }, 1000, DAY)).toBe(false);
    expect(serves(null, view, 1000, DAY)).toBe(false);
  });

  it('of a growing trace serve only as far as it had grown', () => {
    const view = { from: 0, to: 400_000 };
    const have = { borders: bordersOf(columnsFor(view, 1000, 300_000)) };
    expect(serves(have, view, 1000, 300_000)).toBe(true);
    expect(serves(have, view, 1000, 325_000)).toBe(false);
  });

  it('are found by sample as a scan finds them', () => {
    const borders = Float64Array.from([5, 6, 6.5, 40, 41, 1000]);
    for (let s = 0; s < 1010; s += 0.5) {
      let scan = -1;
      for (let k = 0; k < 5; k++) if (s >= borders[k]! && s < borders[k + 1]!) scan = k;
      expect(columnAt(borders, s)).toBe(scan);
    }
    expect(columnsIn(borders, { from: 0, to: 5 })).toEqual([0, 0]);
    expect(columnsIn(borders, { from: 6.2, to: 41 })).toEqual([1, 5]);
  });

  it('give the extremes of what is there and leave out what is missing', () => {
    const e = {
      level: 0,
      borders: new Float64Array([0, 1, 2, 3]),
      min: new Float64Array([-1e-6, NaN, 2e-3]),
      max: new Float64Array([3e-3, NaN, 4e-3]),
      mean: new Float64Array([1e-3, NaN, 3e-3]),
      coverage: new Float64Array([1, 0, 1]),
      or: new Uint8Array(3),
      and: new Uint8Array(3),
    };
    const out = { min: 0, max: 0, leastPositive: 0 };
    extremesIn(e, 0, 3, out);
    expect(out).toEqual({ min: -1e-6, max: 4e-3, leastPositive: 1e-3 });
    extremesIn(e, 1, 2, out);
    expect(out.max).toBe(-Infinity);
  });
});

describe('following a recording', () => {
  it('goes on evenly, never back and never beyond what can be read', () => {
    const follow = new FollowClock();
    const steps: number[] = [];
    let last = 0;
    for (let ms = 0; ms <= 10_000; ms += 16) {
      // 100 samples a ms, found a quarter of a second at a time
      if (ms % 256 === 0) follow.grew(100_000 + ms * 100, ms);
      const end = follow.end(ms);
      expect(end).toBeGreaterThanOrEqual(last);
      expect(end).toBeLessThanOrEqual(100_000 + ms * 100);
      if (ms > 4000) steps.push(end - last);
      last = end;
    }
    const mean = steps.reduce((a, b) => a + b, 0) / steps.length;
    expect(mean).toBeCloseTo(1600, -1);
    expect(Math.max(...steps)).toBeLessThan(mean * 1.2);
    expect(Math.min(...steps)).toBeGreaterThan(mean * 0.8);
    expect(follow.longRate * 1000).toBeCloseTo(100_000, -2);
    // less than a second behind
    expect(100_000 + 10_000 * 100 - last).toBeLessThan(80_000);
  });

  it('waits where nothing comes and shows all at the end', () => {
    const follow = new FollowClock();
    follow.grew(1000, 0);
    follow.grew(26_000, 250);
    for (let ms = 250; ms < 20_000; ms += 16) expect(follow.end(ms)).toBeLessThanOrEqual(26_000);
    follow.finish(30_000);
    expect(follow.end(20_001)).toBe(30_000);
  });
});

describe('motion', () => {
  const clamp = (v: { from: number; to: number }) => clampView(v, 1e6);
  it('arrives exactly where it was sent', () => {
    const motion = new Motion(() => false);
    const from = { from: 0, to: 1000 };
    const to = { from: 500, to: 600 };
    expect(motion.glide(from, to, 0)).toEqual(from);
    expect(motion.target(from)).toEqual(to);
    const middle = motion.at(from, 70, clamp);
    expect(middle.to - middle.from).toBeLessThan(1000);
    expect(motion.at(from, 200, clamp)).toEqual(to);
    expect(motion.moving).toBe(false);
  });

  it('is there at once where motion is not wanted, and does not go on after a drag', () => {
    const motion = new Motion(() => true);
    expect(motion.glide({ from: 0, to: 10 }, { from: 5, to: 15 }, 0)).toEqual({ from: 5, to: 15 });
    motion.throw({ from: 0, to: 10 }, 100, 5, 0);
    expect(motion.moving).toBe(false);
  });

  it('thrown, comes to rest and stops at the ends of the trace', () => {
    const motion = new Motion(() => false);
    const view = { from: 1000, to: 2000 };
    motion.throw(view, 10, 1, 0);
    let at = view;
    let speed = Infinity;
    for (let ms = 16; motion.moving && ms < 5000; ms += 16) {
      const next = motion.at(at, ms, clamp);
      expect(next.from - at.from).toBeLessThanOrEqual(speed + 1e-9);
      speed = next.from - at.from;
      at = next;
    }
    expect(motion.moving).toBe(false);
    expect(at.from).toBeGreaterThan(1000);
    motion.throw({ from: 10, to: 20 }, -1000, -5, 0);
    expect(motion.at({ from: 10, to: 20 }, 100, clamp).from).toBe(0);
    expect(motion.moving).toBe(false);
  });
});

describe('markers', () => {
  it('are placed in turn, then the nearer one moves', () => {
    let pair = placeMarker(NO_MARKERS, 100);
    pair = placeMarker(pair, 900);
    expect(pair).toEqual({ a: 100, b: 900 });
    expect(placeMarker(pair, 300)).toEqual({ a: 300, b: 900 });
    expect(placeMarker(pair, 800)).toEqual({ a: 100, b: 800 });
  });

  it('span whole samples in either order, and nothing where they meet', () => {
    expect(spanBetween({ a: 900.4, b: 100.4 })).toEqual({ from: 100, to: 900 });
    expect(spanBetween({ a: 5, b: 5.3 })).toBeNull();
    expect(spanBetween({ a: 5, b: null })).toBeNull();
  });

  it('move by pixels with the keyboard, within the trace', () => {
    expect(markerStep(0.01, false)).toBe(1);
    expect(markerStep(40, true)).toBe(400);
    expect(moveMarker({ a: 5, b: null }, 'a', -10, 100).a).toBe(0);
    expect(moveMarker({ a: 5, b: null }, 'b', -10, 100).b).toBeNull();
  });
});

describe('keys', () => {
  const key = (k: string, m: Partial<Record<'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey', boolean>> = {}) =>
    commandFor({ key: k, ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, ...m });

  it('do what the sheet says; those of the browser are left alone', () => {
    expect(key('w')).toBe('zoom-in');
    expect(key('W', { shiftKey: true })).toBe('zoom-in');
    expect(key('ArrowLeft', { altKey: true, shiftKey: true })).toBe('marker-a-left');
    expect(key('ArrowRight', { ctrlKey: true })).toBe('marker-b-right');
    expect(key('z', { ctrlKey: true })).toBe('undo');
    expect(key('z')).toBe('zoom-selection');
    // AltGr+8 on a German keyboard
    expect(key('[', { ctrlKey: true, altKey: true })).toBe('previous-inference');
    for (const mine of ['r', 't', 'w', 'f', 'l', 'd']) expect(key(mine, { ctrlKey: true })).toBeNull();
    expect(key('Tab')).toBeNull();
  });

  it('are each of one command', () => {
    const keys = traceShortcuts.flatMap((s) => s.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('layout', () => {
  it('overlaps nowhere and keeps a plot, on small screens too', () => {
    for (const height of [260, 330, 480, 900])
      for (const channels of [[], [0], [0, 1, 2, 3, 4, 5, 6, 7]]) {
        const l = layoutOf({ width: 900, height, channels, operators: true, notes: true });
        const bands = [l.ruler, l.notes!, l.plot, l.operators!, ...l.digital, l.minimap];
        for (let i = 1; i < bands.length; i++)
          expect(bands[i]!.top).toBeGreaterThanOrEqual(bands[i - 1]!.top + bands[i - 1]!.height - 1e-9);
        expect(l.plot.height).toBeGreaterThanOrEqual(60);
        expect(l.field.top + l.field.height).toBeCloseTo(l.plot.top + l.plot.height, 9);
      }
  });

  it('shows the logic channels in use', () => {
    expect(shownChannels(0xff, 0b11, false)).toEqual([0, 1]);
    expect(shownChannels(0b11111, 0, false)).toEqual([0]);
    expect(shownChannels(0b101, 0xff, true)).toEqual([0, 2]);
    expect(shownChannels(0, 0xff, true)).toEqual([]);
  });
});
