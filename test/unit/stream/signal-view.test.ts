import { describe, expect, it } from 'vitest';
import type { SampleFormat, StreamBlock } from '../../../src-main/stream/sample-block.ts';
import { SignalView } from '../../../src-main/stream/signal-view.ts';

const audio: SampleFormat = { kind: 'audio', channels: 1, sampleRateHz: 16_000 };
const imu: SampleFormat = { kind: 'imu', channels: 6, sampleRateHz: 50 };

const block = (format: SampleFormat, firstSample: number, samples: Int16Array): StreamBlock => ({
  type: 'samples',
  format,
  firstSample,
  timeUs: 0,
  samples,
});
const sine = (hz: number, amplitude: number, n: number): Int16Array =>
  Int16Array.from({ length: n }, (_, i) => Math.round(amplitude * Math.sin((2 * Math.PI * hz * i) / 16_000)));

describe('the samples of a stream on a screen', () => {
  it('shows the least and greatest sample of a column, in parts of full scale, however blocks are cut', () => {
    const samples = Int16Array.from({ length: 960 }, (_, i) => ((i * 7919) % 4001) - 2000);
    for (const cut of [1, 7, 320, 960]) {
      const view = new SignalView(audio, 320, false);
      for (let at = 0; at < samples.length; at += cut)
        view.push(block(audio, at, samples.slice(at, at + cut)));
      const signal = view.take()!;
      expect(signal.firstSample).toBe(0);
      expect(signal.spectrum).toBeNull();
      for (let c = 0; c < 3; c++) {
        const own = [...samples.subarray(c * 320, (c + 1) * 320)];
        expect(signal.min[c]).toBeCloseTo(Math.min(...own) / 32768, 7);
        expect(signal.max[c]).toBeCloseTo(Math.max(...own) / 32768, 7);
      }
    }
  });

  it('gives whole columns only, each once', () => {
    const view = new SignalView(audio, 320, false);
    view.push(block(audio, 0, new Int16Array(500)));
    expect(view.take()!.min.length).toBe(1);
    expect(view.take()).toBeNull();
    view.push(block(audio, 500, new Int16Array(500)));
    const next = view.take()!;
    expect([next.firstSample, next.min.length]).toEqual([320, 2]);
  });

  it('shows no value where a sample is missing, told or not', () => {
    const view = new SignalView(audio, 320, true);
    view.push(block(audio, 0, new Int16Array(320).fill(5)));
    view.push({ type: 'gap', format: audio, firstSample: 320, timeUs: 0, sampleCount: 10, reason: 'lost' });
    view.push(block(audio, 330, new Int16Array(310).fill(5)));
    view.push(block(audio, 960, new Int16Array(320).fill(5)));
    const { min, max } = view.take()!;
    expect([...min].map(Number.isNaN)).toEqual([false, true, true, false]);
    expect([...max].map(Number.isNaN)).toEqual([false, true, true, false]);
  });

  it('puts a sine into its band at its level', () => {
    for (const hz of [500, 3000, 7000]) {
      const view = new SignalView(audio, 320, true);
      view.push(block(audio, 0, sine(hz, 3276.8, 1600)));
      const { levels, bins, topHz } = view.take()!.spectrum!;
      expect([bins, topHz]).toEqual([64, 8000]);
      const last = levels.subarray(4 * bins, 5 * bins);
      const loudest = last.indexOf(Math.max(...last));
      expect(loudest).toBe(Math.floor((hz / 8000) * 64));
      // a tenth of full scale: −20 dB, less what the grid of bins takes (1.4 dB at most)
      const db = (last[loudest]! / 255) * 100 - 100;
      expect(db).toBeGreaterThan(-22);
      expect(db).toBeLessThan(-19.5);
    }
  });

  it('has no spectrum before 512 samples and none across a hole', () => {
    const view = new SignalView(audio, 320, true);
    view.push(block(audio, 0, sine(1000, 10_000, 640)));
    view.push(block(audio, 960, sine(1000, 10_000, 640)));
    const { levels, bins } = view.take()!.spectrum!;
    const loud = (c: number) => levels.subarray(c * bins, (c + 1) * bins).some((l) => l > 0);
    expect([0, 1, 2, 3, 4].map(loud)).toEqual([false, true, false, false, true]);
  });

  it('shows motion in g and °/s, every sample', () => {
    const view = new SignalView(imu, 1, true);
    view.push(block(imu, 0, Int16Array.from([8192, 0, -8192, 16384, 0, -16384])));
    const { channels, max, spectrum } = view.take()!;
    expect(channels).toBe(6);
    expect([...max]).toEqual([1, 0, -1, 1000, 0, -1000]);
    expect(spectrum).toBeNull();
  });
});
