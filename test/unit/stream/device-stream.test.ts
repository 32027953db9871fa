/** What a stream does when line or device are slower than the samples, and where its time goes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { kwsFeatures } from '../../../src-main/engine/feature-recipe.ts';
import { openStream } from '../../../src-main/stream/open-stream.ts';
import type { SampleBlock, StreamBlock } from '../../../src-main/stream/sample-block.ts';
import type { StreamEvent, StreamOptions } from '../../../src-main/stream/stream-session.ts';
import { phaseOf } from '../../../src-main/stream/energy-share.ts';
import { root } from '../../needs.ts';
import { openStreamRig, programOf, streamAtItsPace, type StreamRig } from '../../stream-rig.ts';

const program = programOf(readFileSync(join(root, 'models/kws-syn.tflite')), 'kws-syn');
const format = { kind: 'audio', channels: 1, sampleRateHz: 16000 } as const;
const BLOCK = 320;

function chirp(first: number, count = BLOCK): SampleBlock {
  const samples = Int16Array.from({ length: count }, (_, i) => {
    const n = first + i;
    return Math.round(8000 * Math.sin(n * n * 1e-6) + 3000 * Math.sin(n * 0.05));
  });
  return { type: 'samples', format, firstSample: first, timeUs: (first / 16000) * 1e6, samples };
}

function source(seconds: number) {
  let first = 0;
  return {
    format,
    next: () => {
      const block: StreamBlock | null = first < seconds * 16000 ? chirp(first) : null;
      first += BLOCK;
      return Promise.resolve({ ok: true, value: block } as const);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function begin(rig: StreamRig, options: Partial<StreamOptions> = {}) {
  const events: StreamEvent[] = [];
  const stream = orThrow(
    await openStream(rig.session, {
      format,
      program: program.bytes,
      features: kwsFeatures,
      window: { rows: 49, hopRows: 25 },
      onEvent: (e) => events.push(e),
      ...options,
    }),
  );
  const windows = () => events.filter((e) => e.kind === 'window');
  return { stream, events, windows };
}

describe('A stream over a slower line', () => {
  it('goes in µ-law at 230400 baud: the twin hears what the device hears', async () => {
    await using rig = await openStreamRig(program, 230_400);
    const { stream } = await begin(rig);
    expect(stream.plan).toMatchObject({ encoding: 'mu-law', frontEnd: 'device' });
    const { counters } = await streamAtItsPace(stream, source(2));
    expect(counters).toMatchObject({
      samplesTaken: 32_000,
      windows: 3,
      windowsEqual: 3,
      gaps: 0,
      underruns: 0,
    });
  });

  it('at 115200 baud the host makes the features: the same answers at the same samples as from the device', async () => {
    const answers = [];
    for (const frontEnd of ['auto', 'device'] as const) {
      await using rig = await openStreamRig(program, frontEnd === 'auto' ? 115_200 : 921_600);
      const { stream, windows } = await begin(rig, { frontEnd });
      expect(stream.plan.frontEnd).toBe(frontEnd === 'auto' ? 'host' : 'device');
      const { counters } = await streamAtItsPace(stream, source(2));
      expect(counters).toMatchObject({ windows: 3, windowsEqual: 3, gaps: 0 });
      answers.push(windows().map((w) => [w.index, w.lastSample, w.outputQ.join()]));
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  it('with host features a gap of the source ends one run of windows and begins another', async () => {
    await using rig = await openStreamRig(program, 115_200);
    const { stream, windows } = await begin(rig, { frontEnd: 'host' });
    for (const from of [0, 20_000])
      for (let n = 0; n < 52; n++) orThrow(await stream.push(chirp(from + n * BLOCK)));
    const summary = orThrow(await stream.finish());
    expect(windows().map((w) => [w.lastSample, w.twin])).toEqual([
      [15_839, 'equal'],
      [35_839, 'equal'],
    ]);
    // 51 rows of the first 16 640 samples, the last of which ends at 16 479; then the source has nothing until 20 000
    expect(summary.gaps).toEqual([
      { firstSample: 16_480, sampleCount: 160, cause: 'line' },
      { firstSample: 16_640, sampleCount: 3360, cause: 'source' },
    ]);
  });

  it.each(['device', 'host'] as const)(
    'gaps of the source at its beginning and end are gaps too: front end on the %s',
    async (frontEnd) => {
      await using rig = await openStreamRig(program, frontEnd === 'host' ? 115_200 : 921_600);
      const { stream, windows } = await begin(rig, { frontEnd });
      const gap = (firstSample: number, sampleCount: number): StreamBlock => ({
        ...{ type: 'gap', format, firstSample, sampleCount },
        ...{ timeUs: 0, reason: 'test' },
      });
      orThrow(await stream.push(gap(0, 700)));
      for (let n = 0; n < 52; n++) orThrow(await stream.push(chirp(700 + n * BLOCK)));
      orThrow(await stream.push(gap(700 + 52 * BLOCK, 900)));
      const summary = orThrow(await stream.finish());
      expect(windows().map((w) => w.lastSample)).toEqual([700 + 15_839]);
      expect(summary.gaps).toEqual([
        { firstSample: 0, sampleCount: 700, cause: 'source' },
        { firstSample: 700 + 52 * BLOCK, sampleCount: 900, cause: 'source' },
      ]);
      expect(summary.counters).toMatchObject({ gaps: 2, gapSamples: 1600, samplesPushed: 52 * BLOCK });
    },
  );

  it('a gap of the source with host features keeps its length', async () => {
    await using rig = await openStreamRig(program, 115_200);
    const { stream } = await begin(rig, { frontEnd: 'host' });
    // between the two gaps too few samples come for a row
    for (let n = 0; n < 5; n++) orThrow(await stream.push(chirp(n * BLOCK)));
    orThrow(await stream.push(chirp(8000)));
    for (let n = 0; n < 5; n++) orThrow(await stream.push(chirp(48_000 + n * BLOCK)));
    const { gaps } = orThrow(await stream.finish());
    expect(gaps.at(-1)).toEqual({ firstSample: 8320, sampleCount: 39_680, cause: 'source' });
    expect(gaps.reduce((end, g) => (g.firstSample === end ? end + g.sampleCount : NaN), 1440)).toBe(48_000);
  });

  it('16-bit samples use at least 80 % of the line where the host has enough of them', async () => {
    const baud = 921_600;
    await using rig = await openStreamRig(program, baud);
    const { stream } = await begin(rig, { window: { rows: 49, hopRows: 60_000 } });
    const samplesIn = async (from: number, to: number) => {
      for (let at = from; at < to; at += BLOCK) orThrow(await stream.push(chirp(at)));
      orThrow(await stream.pump(stream.clock.nowUs()));
    };
    // past the one window there is, until the line runs as fast as credits come
    await samplesIn(0, 32_000);
    const beganUs = stream.clock.nowUs();
    await samplesIn(32_000, 192_000);
    const bytesPerS = (2 * 160_000 * 1e6) / (stream.clock.nowUs() - beganUs);
    const { counters } = orThrow(await stream.finish());
    expect(counters).toMatchObject({ samplesTaken: 192_000, gaps: 0, overruns: 0, badFramesDevice: 0 });
    expect(counters.creditWaits).toBeGreaterThan(10);
    expect(bytesPerS / (baud / 10)).toBeGreaterThan(0.8);
    expect(bytesPerS / (baud / 10)).toBeLessThan(1);
  });
});

describe('A stream into a device that is too slow', () => {
  // an inference of 0.15 s every 20 ms
  const window = { rows: 49, hopRows: 1 };
  const due = (seconds: number) => 1 + (seconds * 16000 - 15_840) / BLOCK;

  it('waits for credits and loses nothing; the real-time factor says it', async () => {
    await using rig = await openStreamRig(program);
    const { stream } = await begin(rig, { window });
    const summary = await streamAtItsPace(stream, source(2));
    expect(summary.counters).toMatchObject({ samplesTaken: 32_000, gaps: 0, overruns: 0, windowsDropped: 0 });
    expect(summary.counters.windowsEqual).toBe(Math.floor(due(2)));
    expect(summary.counters.creditWaits).toBeGreaterThan(0);
    expect(summary.realTimeFactor).toBeGreaterThan(1);
    expect(summary.maxQueuedBytes).toBeGreaterThan(10_000);
  });

  it('drops windows rather than fall behind where it is told to, and says which', async () => {
    await using rig = await openStreamRig(program);
    const { stream, events, windows } = await begin(rig, { window, dropBacklogBytes: 2000 });
    const summary = await streamAtItsPace(stream, source(3));
    const dropped = events.flatMap((e) => (e.kind === 'dropped' ? [e] : []));
    expect(summary.counters).toMatchObject({
      samplesTaken: 48_000,
      gaps: 0,
      windowsDropped: dropped.length,
      windowsLost: 0,
    });
    expect(windows().length + dropped.length).toBe(Math.floor(due(3)));
    expect(windows().length).toBeGreaterThan(5);
    expect(summary.counters.windowsEqual).toBe(windows().length);
    // what is answered is never older than the backlog allows, 2000 bytes and one inference, while samples come
    const late = windows().filter((w) => w.lastSample < 44_000);
    expect(Math.max(...late.map((w) => w.receivedUs - w.pushedUs))).toBeLessThan(250_000);
  });
});

describe('The pins while a stream runs', () => {
  it('D0 shows the inferences, D4 low the front end, as long as the device says', async () => {
    const D0 = 1 << 2;
    const D4 = 1 << 6;
    const times = { frontEnd: 0, inference: 0, rest: 0 };
    let last: { timeUs: number; levels: number } | null = null;
    let running = false;
    await using rig = await openStreamRig(program, 921_600, {
      pinMask: D0 | D4,
      onPins: (edges) => {
        for (let i = 0; i < edges.timesUs.length; i++) {
          const levels = edges.levels[i]!;
          if (last && running)
            times[phaseOf({ window: (last.levels & D0) !== 0, timestamp: (last.levels & D4) !== 0 })] +=
              edges.timesUs[i]! - last.timeUs;
          last = { timeUs: edges.timesUs[i]!, levels };
        }
      },
    });
    const { stream, windows } = await begin(rig);
    running = true;
    await streamAtItsPace(stream, source(2));
    running = false;
    const said = { frontEnd: 0, inference: 0 };
    for (const w of windows()) {
      said.frontEnd += w.frontEndUs;
      said.inference += w.inferenceUs;
    }
    expect(times.inference / said.inference).toBeCloseTo(1, 3);
    // rows after the last window are on the pins only
    expect(times.frontEnd / said.frontEnd).toBeGreaterThan(0.99);
    expect(times.frontEnd / said.frontEnd).toBeLessThan(1.2);
    expect(times.rest).toBeGreaterThan(times.inference);
  });
});
