import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src-main/base/rng.ts';
import { LossClock } from '../../../src-main/monitor/ppk2/loss-clock.ts';
import { Ppk2WordStream } from '../../../src-main/monitor/ppk2/word-stream.ts';
import type { GapCause } from '../../../src-main/trace/format.ts';
import { deliverJittered, type Jitter } from './ppk2-jitter.ts';

interface Seen {
  readonly gaps: { readonly missing: number; readonly cause: GapCause; readonly nowUs: number }[];
  readonly marks: string[];
  samples: number;
}

function watch(seed: number, jitter: Jitter): Seen {
  const seen: Seen = { gaps: [], marks: [], samples: 0 };
  let now = 0;
  const stream = new Ppk2WordStream({
    words: (_words, from, to) => void (seen.samples += to - from),
    gap: (missing, cause) => void seen.gaps.push({ missing, cause, nowUs: now }),
    mark: (kind, detail) => void seen.marks.push(`${kind}: ${detail}`),
  });
  deliverJittered(new Rng(seed), jitter, (bytes, nowUs) => {
    now = nowUs;
    stream.push(bytes, nowUs);
  });
  stream.end();
  return seen;
}

const missing = (seen: Seen) => seen.gaps.reduce((n, g) => n + g.missing, 0);

describe('a loss of a multiple of 64 samples', () => {
  it.each([
    [1, 50],
    [1, -50],
    [2, 50],
    [3, -50],
    [17, 0],
    [1000, 50],
  ])('of %s × 64 is flagged within 10 s with its size, drift %s ppm', (blocks, driftPpm) => {
    for (let seed = 1; seed <= 4; seed++) {
      const atS = 1.1 + seed * 1.37;
      const loss = { atSample: Math.round(atS * 1e5), count: blocks * 64 };
      const seen = watch(seed, { seconds: atS + 10, driftPpm, losses: [loss] });
      expect(seen.gaps.map(({ missing: n, cause }) => [n, cause])).toEqual([
        [blocks * 64, 'likely-multiple-of-64'],
      ]);
      expect(seen.gaps[0]!.nowUs / 1e6 - atS).toBeLessThan(10);
      const between = /likely (\d+) × 64 samples, lost between sample (\d+) and (\d+)/.exec(seen.marks[0]!)!;
      expect(Number(between[1])).toBe(blocks);
      expect(Number(between[2])).toBeLessThanOrEqual(loss.atSample);
      expect(Number(between[3])).toBeGreaterThanOrEqual(loss.atSample);
    }
  });
});

describe('the count of lost samples', () => {
  it('is exact for losses beyond the counter’s 63 too: the rest of it shows in the time of arrival', () => {
    const rng = new Rng(3);
    for (let round = 0; round < 12; round++) {
      let count = rng.int(1, 5000);
      if (count % 64 === 0) count++;
      const seen = watch(round, {
        seconds: 12,
        driftPpm: rng.int(-50, 50),
        losses: [{ atSample: 230_000, count }],
      });
      expect(missing(seen)).toBe(count);
      expect(seen.gaps[0]).toMatchObject({ missing: count % 64, cause: 'lost' });
    }
  });

  it('is exact after several losses, one behind the other', () => {
    const losses = [
      { atSample: 150_000, count: 64 },
      { atSample: 210_000, count: 40 },
      { atSample: 400_000, count: 128 },
      { atSample: 800_000, count: 777 },
    ];
    expect(missing(watch(8, { seconds: 20, driftPpm: 37, losses }))).toBe(64 + 40 + 128 + 777);
  });
});

describe('no loss is made up', () => {
  it.each([-50, 0, 50])('in two minutes of clean stream at %s ppm', (driftPpm) => {
    const seen = watch(driftPpm + 100, { seconds: 120, driftPpm });
    expect(seen.gaps).toEqual([]);
    expect(seen.marks).toEqual([]);
  });

  it.each([[0.3], [1.4], [2.7], [6.4], [0.64]])('where the host does not read for %s s', (pauseS) => {
    for (let seed = 1; seed < 5; seed++) {
      const fromUs = 3e6 + seed * 77_000;
      const seen = watch(seed, {
        seconds: 20,
        driftPpm: 50,
        pauses: [{ fromUs, toUs: fromUs + pauseS * 1e6 }],
      });
      expect(seen.gaps).toEqual([]);
    }
  });

  it('where no steady clock paces the stream: faster, slower, in fits', () => {
    const rng = new Rng(6);
    for (const [least, most] of [
      [0, 1000],
      [2000, 9000],
      [0, 40_000],
    ] as const) {
      const clock = new LossClock();
      let now = 0;
      for (let n = 200; n < 20_000_000; n += 1000) {
        now += rng.int(least, most);
        expect(clock.arrived(now, n)).toBe(0);
      }
    }
  });

  it('where deliveries are too rare to tell', () => {
    const clock = new LossClock();
    for (let s = 1; s < 400; s++) expect(clock.arrived(s * 1.7e6 + (s % 7) * 640, s * 170_000)).toBe(0);
  });
});
