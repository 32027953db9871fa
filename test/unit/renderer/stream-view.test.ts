import { describe, expect, it } from 'vitest';
import type { StreamWindowRow } from '../../../src-main/contract/index.ts';
import {
  panned,
  StreamPicture,
  tickUs,
  timeText,
  zoomed,
} from '../../../src-renderer/charts/stream/stream-view.ts';

const plan = { classes: ['yes', 'no'], sampleRateHz: 16_000, hopSamples: 8000, ignored: [] };
const windowEnding = (lastSample: number, index: number): StreamWindowRow => ({
  index,
  lastSample,
  topClass: 0,
  topScore: 1,
  outputs: [1, 0],
  frontEndUs: 0,
  inferenceUs: 0,
  deviceLatencyUs: 0,
  latencyUs: 0,
  queuedBytes: 0,
  twin: 'equal',
});

describe('the picture of a stream', () => {
  it('keeps columns in the order in which they came, and their extremes', () => {
    const picture = new StreamPicture(plan);
    const part = (firstSample: number, values: number[]) =>
      picture.append({
        kind: 'audio',
        channels: 1,
        firstSample,
        samplesPerColumn: 320,
        min: Float32Array.from(values, (v) => -v),
        max: Float32Array.from(values),
        spectrum: { bins: 1, topHz: 8000, levels: Uint8Array.from(values, (v) => v * 10) },
      });
    part(0, [1, 2]);
    part(640, [NaN, 4, 3]);
    expect(picture.columns).toBe(5);
    expect(picture.endUs).toBe(100_000);
    expect([picture.max(0, 0, 2), picture.min(0, 0, 5), picture.max(0, 2, 3)]).toEqual([2, -4, NaN]);
    expect([picture.low[0], picture.high[0]]).toEqual([-4, 4]);
    expect(picture.level(3, 0)).toBe(40);
  });

  it('holds many more columns than it began with', () => {
    const picture = new StreamPicture(plan);
    for (let k = 0; k < 30; k++)
      picture.append({
        kind: 'audio',
        channels: 1,
        firstSample: k * 320_000,
        samplesPerColumn: 320,
        min: new Float32Array(1000).fill(-k),
        max: new Float32Array(1000).fill(k),
        spectrum: null,
      });
    expect(picture.columns).toBe(30_000);
    expect([0, 5500, 29_999].map((c) => picture.max(0, c, c + 1))).toEqual([0, 5, 29]);
  });

  it('finds the answer that belongs to a time, and none in a hole', () => {
    const picture = new StreamPicture(plan);
    picture.windows.push(windowEnding(15_999, 0), windowEnding(23_999, 1), windowEnding(47_999, 4));
    const at = (s: number) => picture.windowAt(s * 1e6)?.index ?? null;
    expect([0.2, 0.5, 0.9, 1.2, 1.6, 2.4, 2.5, 2.99, 3].map(at)).toEqual([
      null,
      0,
      0,
      1,
      null,
      null,
      4,
      4,
      null,
    ]);
  });
});

describe('moving about in a stream', () => {
  it('keeps the time under the pointer where it is', () => {
    const near = zoomed({ fromUs: 2e6, toUs: 4e6 }, 2.5e6, 0.5, 10e6);
    expect(near).toEqual({ fromUs: 2.25e6, toUs: 3.25e6 });
    expect(zoomed(near, 2.5e6, 2, 10e6)).toEqual({ fromUs: 2e6, toUs: 4e6 });
  });
  it('never leaves the stream', () => {
    expect(zoomed({ fromUs: 0, toUs: 4e6 }, 3e6, 100, 10e6)).toEqual({ fromUs: 0, toUs: 10e6 });
    expect(panned({ fromUs: 1e6, toUs: 2e6 }, -5e6, 10e6)).toEqual({ fromUs: 0, toUs: 1e6 });
    expect(panned({ fromUs: 1e6, toUs: 2e6 }, 50e6, 10e6)).toEqual({ fromUs: 9e6, toUs: 10e6 });
    expect(zoomed({ fromUs: 0, toUs: 60_000 }, 0, 1e-9, 10e6).toUs).toBe(50_000);
  });
  it('labels times with the digits their distance needs', () => {
    expect(tickUs(10e6, 1000, 80)).toBe(1e6);
    expect(tickUs(1e6, 1000, 80)).toBe(100_000);
    expect(timeText(12.5e6, 500_000)).toBe('12.5 s');
    expect(timeText(12e6, 1e6)).toBe('12 s');
    expect(timeText(0.25e6, 50_000)).toBe('0.25 s');
    expect(timeText(65e6, 5e6)).toBe('1:05');
    expect(timeText(65.5e6, 500_000)).toBe('1:05.5');
    expect(timeText(3725e6, 60e6)).toBe('1:02:05');
    expect(timeText(119.96e6, 1e5)).toBe('2:00.0');
    expect(timeText(59.96e6, 1e5)).toBe('1:00.0');
  });
});
