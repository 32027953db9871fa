import { beforeAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { envelope, MAX_COLUMNS } from '../../../src-main/trace/navigation-envelope.ts';
import { histogram } from '../../../src-main/trace/navigation-histogram.ts';
import { statistics } from '../../../src-main/trace/navigation-statistics.ts';
import { nextTrigger, type Trigger } from '../../../src-main/trace/navigation-trigger.ts';
import { Trace } from '../../../src-main/trace/trace.ts';
import { plainCodec, plainWord } from './plain-codec.ts';
import { close, randomTimeline, scan } from './timeline.ts';
import { plainHeader, writePlain } from './written-trace.ts';

const timeline = randomTimeline(5, 1_500_000, 40);
const { amperes, logic } = timeline;
const length = amperes.length;
let trace: Trace;

beforeAll(async () => {
  const store = new MemoryTraceStore({
    ...plainHeader(),
    accuracy: {
      origin: 'test',
      gainRel: [0.01, 0.01, 0.01, 0.01],
      offsetA: [1e-9, 1e-9, 1e-9, 1e-9],
      stepA: [2e-9, 2e-9, 2e-9, 2e-9],
      clockRel: 1e-5,
    },
  });
  await writePlain(store, timeline.words, timeline.gaps);
  trace = new Trace(store, plainCodec);
  expect(trace.lengthSamples).toBe(length);
});

/** Spans of all lengths at all places, and such as begin or end at buckets, chunks and gaps. */
function spans(count: number): (readonly [number, number])[] {
  const rng = new Rng(77);
  const borders = [0, 64, 1024, 65_536, 131_072, 1_048_576, length, ...timeline.gaps.map((g) => g.at)];
  return Array.from({ length: count }, (_, k) => {
    const n = Math.max(1, Math.floor(10 ** (rng.float() * Math.log10(length))));
    const from = k % 3 === 0 ? borders[rng.int(0, borders.length - 1)]! : rng.int(0, length - n);
    return [Math.min(from, length - 1), Math.min(length, from + n)] as const;
  });
}

describe('an envelope', () => {
  it('is exact in every column it gives, for spans of every length', () => {
    for (const [from, to] of spans(60)) {
      const e = orThrow(envelope(trace, from, to, 50));
      expect([e.borders[0], e.borders.at(-1)]).toEqual([from, to]);
      for (let k = 0; k + 1 < e.borders.length; k++) {
        expect(e.borders[k + 1]!).toBeGreaterThan(e.borders[k]!);
        const truth = scan(timeline, e.borders[k]!, e.borders[k + 1]!);
        expect(e.coverage[k]).toBeCloseTo(truth.valid / (e.borders[k + 1]! - e.borders[k]!), 12);
        if (truth.valid === 0) {
          expect([e.min[k], e.max[k], e.mean[k]]).toEqual([NaN, NaN, NaN]);
          continue;
        }
        expect([e.min[k], e.max[k], e.or[k], e.and[k]]).toEqual([truth.min, truth.max, truth.or, truth.and]);
        expect(close(e.mean[k]!, truth.mean)).toBe(true);
      }
    }
  });

  it('has its columns where equal ones would be, to half a column', () => {
    for (const [from, to] of spans(40)) {
      const e = orThrow(envelope(trace, from, to, 100));
      const n = e.borders.length - 1;
      expect(n).toBe(Math.min(100, to - from));
      const width = (to - from) / n;
      for (let k = 0; k <= n; k++)
        expect(Math.abs(e.borders[k]! - (from + k * width))).toBeLessThanOrEqual(width / 2 + 0.5);
    }
  });

  it('shows each sample by itself where there are as many columns', () => {
    const at = timeline.gaps[0]!.at - 20;
    const e = orThrow(envelope(trace, at, at + 40, 2000));
    expect(e.mean.length).toBe(40);
    expect([...e.mean]).toEqual([...amperes.subarray(at, at + 40)]);
  });

  it.each([0, -1, 1.5, NaN, MAX_COLUMNS + 1])('of %s columns is refused', (columns) => {
    expect(envelope(trace, 0, 100, columns)).toMatchObject({ ok: false, id: 'trace.bad-columns' });
  });

  it.each([
    [-1, 5],
    [5, 5],
    [0.5, 5],
    [0, 1e12],
    [NaN, 5],
  ])('of the span %s to %s is refused', (from, to) => {
    expect(envelope(trace, from, to, 10)).toMatchObject({ ok: false, id: 'trace.bad-span' });
  });
});

describe('statistics', () => {
  it('equal a scan to 1e-9 over spans of every length, with gaps', () => {
    for (const [from, to] of spans(120)) {
      const truth = scan(timeline, from, to);
      const found = statistics(trace, from, to);
      if (truth.valid === 0) {
        expect(found).toMatchObject({ ok: false, id: 'trace.window-empty' });
        continue;
      }
      const s = orThrow(found);
      expect([s.minA, s.maxA, s.missingSamples, s.or, s.and]).toEqual([
        truth.min,
        truth.max,
        to - from - truth.valid,
        truth.or,
        truth.and,
      ]);
      expect(close(s.meanA, truth.mean)).toBe(true);
      const std = Math.sqrt(truth.m2 / truth.valid);
      expect(close(s.stdA, std) || std < 1e-15).toBe(true);
      expect(close(s.chargeC, truth.sum * 1e-5)).toBe(true);
      expect(s.coverage).toBeCloseTo(truth.valid / (to - from), 12);
      expect(close(s.energy!.joules, truth.mean * (to - from) * 1e-5 * 3)).toBe(true);
    }
  });

  it('bound the energy by gain, offset, converter step, clock, supply and what is missing', () => {
    const from = timeline.gaps[3]!.at - 1000;
    const s = orThrow(statistics(trace, from, from + 5000));
    const parts = s.energy!.systematic;
    const truth = scan(timeline, from, from + 5000);
    const scale = 3e-5;
    expect(close(parts.gainJ, 0.01 * truth.sum * scale)).toBe(true);
    expect(close(parts.offsetJ, 1e-9 * truth.valid * scale)).toBe(true);
    expect(close(parts.quantisationJ, 1e-9 * truth.valid * scale)).toBe(true);
    expect(close(parts.clockJ, 1e-5 * s.energy!.joules)).toBe(true);
    expect(close(parts.supplyJ, 0.01 * s.energy!.joules)).toBe(true);
    const worst = Math.max(truth.max - truth.mean, truth.mean - truth.min);
    expect(close(parts.lossJ, (5000 - truth.valid) * worst * scale)).toBe(true);
    const sum = Object.values<number>({ ...parts }).reduce((a, b) => a + b, 0);
    expect(close(s.energy!.systematicJ, sum)).toBe(true);
  });

  it('give no energy without a word on the monitor or the supply, and say why', async () => {
    const store = new MemoryTraceStore(plainHeader());
    await writePlain(store, new Uint32Array(1000).fill(plainWord(5000)));
    const s = orThrow(statistics(new Trace(store, plainCodec), 0, 1000));
    expect(s.energy).toBeNull();
    expect(s.noEnergy!.id).toBe('trace.no-accuracy');
    expect(s.systematicA).toBeNull();
  });
});

describe('a histogram', () => {
  it('of a short span counts every sample, and its quantiles are samples', () => {
    for (const [from, to] of spans(25)) {
      const values = [...amperes.subarray(from, to)].filter((a) => !Number.isNaN(a)).sort((a, b) => a - b);
      if (values.length === 0) continue;
      const h = orThrow(histogram(trace, from, to, { bins: 17 }));
      expect(h.method).toBe('exact');
      expect(h.samples).toBe(values.length);
      expect(h.counts.reduce((a, b) => a + b)).toBe(values.length);
      for (let k = 0; k < 16; k++) {
        const [low, high] = [h.borders[k]!, h.borders[k + 1]!];
        expect(h.counts[k]).toBe(values.filter((v) => v >= low && v < high).length);
      }
      for (const q of h.quantiles)
        expect(q.value).toBe(values[Math.max(0, Math.ceil(q.share * values.length) - 1)]);
    }
  });

  it('of a long span counts exactly in its own bins, and bounds each quantile', async () => {
    const long = randomTimeline(9, 4_200_000, 12);
    const store = new MemoryTraceStore(plainHeader());
    await writePlain(store, long.words, long.gaps);
    const whole = new Trace(store, plainCodec);
    const [from, to] = [12_345, whole.lengthSamples - 777];
    const h = orThrow(histogram(whole, from, to));
    expect(h.method).toBe('binned');
    const values = long.amperes
      .subarray(from, to)
      .filter((a) => !Number.isNaN(a))
      .sort();
    expect(h.samples).toBe(values.length);
    expect(h.counts.length).toBe(h.borders.length - 1);
    let at = 0;
    for (let k = 0; k < h.counts.length; k++) {
      let n = 0;
      // single precision decides at a border
      while (at < values.length && Math.fround(values[at]!) < h.borders[k + 1]!) {
        at++;
        n++;
      }
      expect(h.counts[k]).toBe(n);
    }
    for (const q of h.quantiles) {
      const truth = values[Math.max(0, Math.ceil(q.share * values.length) - 1)]!;
      expect(truth).toBeGreaterThanOrEqual(q.low * (1 - 1e-7));
      expect(truth).toBeLessThanOrEqual(q.high * (1 + 1e-7));
      expect(Math.abs(q.value - truth)).toBeLessThanOrEqual(h.valueErrorRel * truth * (1 + 1e-6));
    }
  });

  it.each([0, 1.5, 5000])('with %s bins is refused', (bins) => {
    expect(histogram(trace, 0, 100, { bins })).toMatchObject({ ok: false, id: 'trace.bad-bins' });
  });
});

describe('the next trigger', () => {
  const next = (t: Trigger, from: number) => orThrow(nextTrigger(trace, t, from, length));

  function scanFor(armed: (i: number) => boolean, fires: (i: number) => boolean, from: number): number {
    let ready = false;
    for (let i = from; i < length; i++) {
      if (Number.isNaN(amperes[i]!)) continue;
      if (ready && fires(i)) return i;
      if (armed(i)) ready = true;
    }
    return -1;
  }

  it('on a level equals a scan, from many places, both directions, with hysteresis', () => {
    const rng = new Rng(3);
    for (let k = 0; k < 30; k++) {
      const from = rng.int(0, length - 1);
      const hysteresisA = k % 2 === 0 ? 0 : 1e-4;
      for (const direction of ['rising', 'falling'] as const) {
        const levelA = k % 3 === 0 ? 3.0003e-3 : 1e-3;
        const up = direction === 'rising';
        const truth = scanFor(
          (i) => (up ? amperes[i]! < levelA - hysteresisA : amperes[i]! > levelA + hysteresisA),
          (i) => (up ? amperes[i]! >= levelA : amperes[i]! <= levelA),
          from,
        );
        const hit = next({ kind: 'level', levelA, direction, hysteresisA }, from);
        expect(hit.kind === 'found' ? hit.sample : -1).toBe(truth);
      }
    }
  });

  it('on a pattern equals a scan', () => {
    const rng = new Rng(4);
    for (let k = 0; k < 30; k++) {
      const from = rng.int(0, length - 1);
      const mask = rng.int(1, 7);
      const value = rng.int(0, 7) & mask;
      const truth = scanFor(
        (i) => (logic[i]! & mask) !== value,
        (i) => (logic[i]! & mask) === value,
        from,
      );
      const hit = next({ kind: 'pattern', mask, value }, from);
      expect(hit.kind === 'found' ? hit.sample : -1).toBe(truth);
    }
  });

  it('on an edge and on a pulse equals a look through all edges', () => {
    const edges = orThrow(trace.edges(1));
    expect(edges.length).toBeGreaterThan(100);
    const rng = new Rng(6);
    for (let k = 0; k < 20; k++) {
      const from = rng.int(0, length - 1);
      for (const direction of ['rising', 'falling', 'any'] as const) {
        const truth = edges.find(
          (e) => e.sample >= from && (direction === 'any' || (e.level === 1) === (direction === 'rising')),
        );
        const hit = next({ kind: 'edge', channel: 1, direction }, from);
        expect(hit.kind === 'found' ? hit.sample : -1).toBe(truth?.sample ?? -1);
      }
      const [minS, maxS] = [0.002, 0.02];
      const begin = edges.find((e, i) => {
        const width = ((edges[i + 1]?.sample ?? Infinity) - e.sample) / 1e5;
        return e.sample >= from && e.level === 1 && width >= minS && width <= maxS;
      });
      const pulse = next({ kind: 'pulse', channel: 1, level: 1, minS, maxS }, from);
      expect(pulse.kind === 'found' ? pulse.sample : -1).toBe(begin?.sample ?? -1);
    }
  });

  it('makes no sense with a channel, a width or a pattern that cannot be', () => {
    const bad: Trigger[] = [
      { kind: 'edge', channel: 8, direction: 'any' },
      { kind: 'pulse', channel: 0, level: 1, minS: 2, maxS: 1 },
      { kind: 'pattern', mask: 1, value: 2 },
      { kind: 'level', levelA: NaN, direction: 'rising' },
    ];
    for (const t of bad)
      expect(nextTrigger(trace, t, 0, length)).toMatchObject({ ok: false, id: 'trace.bad-trigger' });
  });
});
