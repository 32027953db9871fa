import { describe, expect, it } from 'vitest';
import type { StreamResult } from '../../../src-main/contract/index.ts';
import { figuresOf } from '../../../src-renderer/screens/stream/figures.ts';

const distribution = (minUs: number, medianUs: number, p99Us: number, maxUs: number, n = 159) => ({
  n,
  minUs,
  medianUs,
  p90Us: p99Us,
  p99Us,
  maxUs,
  meanUs: medianUs,
});

/** Only what the figures read. */
function result(change: Partial<StreamResult>): StreamResult {
  return {
    durationUs: 30e6,
    counters: { windowsEqual: 59, windowsDifferent: 0, gapSamples: 0 },
    dropped: [],
    figures: null,
    scores: null,
    energy: null,
    ...change,
  } as StreamResult;
}
const byName = (r: StreamResult) => Object.fromEntries(figuresOf(r).map((f) => [f.name, f]));

describe('figures of a stream', () => {
  it('say when every window took the same time, and how late the latest was when not', () => {
    const figures = (d: ReturnType<typeof distribution>) =>
      result({
        figures: {
          latency: d,
          detectionLatency: null,
          deviceLatency: null,
          frontEnd: null,
          inference: null,
          frontEndDuty: 0.074,
          inferenceDuty: 0.299,
          realTimeFactor: 0.373,
          maxQueuedBytes: 0,
        },
      });
    const same = byName(figures(distribution(178_000, 178_000, 178_000, 178_000)));
    expect(same.Latency!.value).toBe('178 ms');
    expect(same.Latency!.note).toContain('each of 159 windows');
    const spread = byName(figures(distribution(51_000, 53_200, 60_000, 81_500)));
    expect(spread.Latency!.value).toBe('53.2 ms');
    expect(spread.Latency!.note).toContain('99 % below 60.0 ms, at most 81.5 ms');
    expect(spread['Device busy']).toMatchObject({ value: '37.3 %', warn: false });
  });

  it('warn of lost samples, left-out windows and answers that differ from the host', () => {
    const good = byName(result({}));
    expect(good.Lost).toMatchObject({ value: 'nothing', warn: false });
    expect(good['Device = host']).toMatchObject({
      value: '59 of 59 windows',
      note: 'bit for bit',
      warn: false,
    });
    const bad = byName(
      result({ counters: { windowsEqual: 50, windowsDifferent: 2, gapSamples: 320 }, dropped: [4, 5] }),
    );
    expect(bad.Lost).toMatchObject({ value: '320 samples', warn: true });
    expect(bad['Device = host']).toMatchObject({ value: '50 of 52 windows', warn: true });
    expect(byName(result({ counters: {} }))['Device = host']).toBeUndefined();
  });
});
