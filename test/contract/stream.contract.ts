/**
 * What a stream must do over any link to any device with our firmware: lose nothing, or say exactly what; never hang;
 * agree with the host twin on every window.
 */
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import type { Program } from '../../src-main/compile/program.ts';
import { openSession, type SessionOptions } from '../../src-main/device/session.ts';
import type { ImuRecipe } from '../../src-main/engine/feature-recipe.ts';
import type { Link } from '../../src-main/link/link.ts';
import { openStream } from '../../src-main/stream/open-stream.ts';
import type { SampleBlock } from '../../src-main/stream/sample-block.ts';
import type { StreamEvent, StreamOptions, StreamSession } from '../../src-main/stream/stream-session.ts';
import { identityProgram } from '../unit/firmware/identity-program.ts';
import { FaultyLink } from './stream-faults.ts';

export interface StreamSubject extends AsyncDisposable {
  readonly link: Link;
  readonly options: SessionOptions;
  /** The cable out, and in again: a new link to the same device. */
  replug(): Promise<Link>;
}

export const CHANNELS = 6;
const ROWS = 10;
/** What goes over the line at once: 20 ms. */
const BLOCK = 8;
/** A model that hands its window through: 10 samples of 6 axes. */
export const streamProgram: Program = identityProgram({
  units: ROWS * CHANNELS,
  layers: 2,
  scale: 0.05,
  zeroPoint: 3,
});
const format = { kind: 'imu', channels: CHANNELS, sampleRateHz: 400 } as const;
const features: ImuRecipe = {
  kind: 'imu',
  sampleRateHz: 400,
  channels: CHANNELS,
  filters: [{ b: [0.98, -1.96, 0.98], a: [-1.9599, 0.9605] }],
  removeMean: true,
  unitsPerCount: Array.from({ length: CHANNELS }, () => 1 / 4096),
};

function motion(first: number, count: number): SampleBlock {
  const rng = new Rng(first);
  const samples = Int16Array.from({ length: count * CHANNELS }, (_, i) => {
    const n = first + Math.floor(i / CHANNELS);
    return Math.round(
      4096 * ((i % CHANNELS) - 2.5) + 9000 * Math.sin(n * 0.031 * (1 + (i % CHANNELS))) + rng.int(-300, 300),
    );
  });
  return { type: 'samples', format, firstSample: first, timeUs: (first / 400) * 1e6, samples };
}

interface Bench extends AsyncDisposable {
  readonly subject: StreamSubject;
  readonly link: FaultyLink;
  readonly stream: StreamSession;
  readonly events: StreamEvent[];
}

async function begin(
  open: () => Promise<StreamSubject>,
  options: Partial<StreamOptions> = {},
): Promise<Bench> {
  const subject = await open();
  const link = new FaultyLink(subject.link);
  const session = orThrow(await openSession(link, subject.options));
  const events: StreamEvent[] = [];
  const stream = orThrow(
    await openStream(session, {
      format,
      program: streamProgram.bytes,
      features,
      window: { rows: ROWS, hopRows: 25 },
      onEvent: (e) => events.push(e),
      ...options,
    }),
  );
  return { subject, link, stream, events, [Symbol.asyncDispose]: () => subject[Symbol.asyncDispose]() };
}

async function pushBlocks(stream: StreamSession, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) orThrow(await stream.push(motion(n * BLOCK, BLOCK)));
}

const windowsIn = (events: readonly StreamEvent[]) => events.filter((e) => e.kind === 'window');
/** The first window after sample `first` ends at the 10th sample, the others 25 samples later each. */
const windowsBetween = (first: number, end: number) =>
  end - first < ROWS ? 0 : 1 + Math.floor((end - first - ROWS) / 25);

/** Windows of samples 0 … end with the blocks `lost` missing. */
function windowsWithout(lost: readonly number[], blocks: number): number {
  let count = 0;
  let from = 0;
  for (const n of [...lost, blocks]) {
    count += windowsBetween(from, n * BLOCK);
    from = (n + 1) * BLOCK;
  }
  return count;
}

const damages: readonly (readonly [string, (bytes: Uint8Array) => Uint8Array])[] = [
  ['without its first delimiter and ten bytes', (b) => b.slice(11)],
  ['without its last ten bytes', (b) => b.slice(0, -10)],
  ['without a byte in the middle', (b) => Uint8Array.from([...b.slice(0, 60), ...b.slice(61)])],
  ['with a bit turned', (b) => b.map((x, i) => (i === 77 ? x ^ 4 : x))],
  ['with a 0x00 in the middle', (b) => b.map((x, i) => (i === 90 ? 0 : x))],
  ['with bytes of noise before', (b) => Uint8Array.from([...new Rng(5).bytes(40), ...b.slice(1)])],
  ['cut to nothing', () => new Uint8Array(0)],
];

export function streamContract(name: string, open: () => Promise<StreamSubject>): void {
  describe(`a stream into ${name}`, () => {
    it('loses no sample and no window, and every window is the twin’s', async () => {
      await using bench = await begin(open);
      await pushBlocks(bench.stream, 0, 100);
      const summary = orThrow(await bench.stream.finish());
      expect(summary.gaps).toEqual([]);
      expect(summary.counters).toMatchObject({
        samplesPushed: 100 * BLOCK,
        samplesTaken: 100 * BLOCK,
        windows: windowsBetween(0, 100 * BLOCK),
        windowsEqual: windowsBetween(0, 100 * BLOCK),
        windowsLost: 0,
        overruns: 0,
        badFramesDevice: 0,
        badFramesHost: 0,
      });
      expect(windowsIn(bench.events).map((w) => w.lastSample)).toEqual(
        Array.from({ length: windowsBetween(0, 100 * BLOCK) }, (_, i) => 9 + 25 * i),
      );
    });

    it('a damaged block is a gap of exactly its samples, and the next block arrives', async () => {
      await using bench = await begin(open);
      const lost = damages.map((_, i) => 7 + 11 * i);
      bench.link.arm({ onWrite: (bytes, n) => damages[lost.indexOf(n)]?.[1](bytes) ?? null });
      await pushBlocks(bench.stream, 0, 100);
      bench.link.arm({});
      const summary = orThrow(await bench.stream.finish());
      expect(summary.gaps).toEqual(
        lost.map((n) => ({ firstSample: n * BLOCK, sampleCount: BLOCK, cause: 'line' })),
      );
      expect(summary.counters).toMatchObject({
        samplesTaken: 100 * BLOCK - lost.length * BLOCK,
        gapSamples: lost.length * BLOCK,
        windows: windowsWithout(lost, 100),
        windowsEqual: windowsWithout(lost, 100),
        windowsDifferent: 0,
        windowsUnknown: 0,
      });
    });

    it('the last block lost is a gap too', async () => {
      await using bench = await begin(open);
      bench.link.arm({ onWrite: (bytes, n) => (n === 19 ? bytes.slice(5) : null) });
      await pushBlocks(bench.stream, 0, 20);
      const summary = orThrow(await bench.stream.finish());
      expect(summary.gaps).toEqual([{ firstSample: 19 * BLOCK, sampleCount: BLOCK, cause: 'line' }]);
    });

    it('a gap of the source and one of the line keep their causes', async () => {
      await using bench = await begin(open);
      bench.link.arm({ onWrite: (bytes, n) => (n === 10 ? bytes.slice(9) : null) });
      await pushBlocks(bench.stream, 0, 10);
      const gap = { type: 'gap', format, timeUs: 0, reason: 'test' } as const;
      orThrow(await bench.stream.push({ ...gap, firstSample: 10 * BLOCK, sampleCount: 40 }));
      const at = 10 * BLOCK + 40;
      orThrow(await bench.stream.push(motion(at, BLOCK)));
      orThrow(await bench.stream.push(motion(at + BLOCK, BLOCK)));
      const summary = orThrow(await bench.stream.finish());
      expect(summary.gaps).toEqual([
        { firstSample: 10 * BLOCK, sampleCount: 40, cause: 'source' },
        { firstSample: at, sampleCount: BLOCK, cause: 'line' },
      ]);
      expect(summary.counters.windowsEqual).toBe(summary.counters.windows);
    });

    it('damage on the way back loses reports, never the list of gaps', async () => {
      await using bench = await begin(open);
      const rng = new Rng(9);
      bench.link.arm({
        onWrite: (bytes, n) => (n === 30 || n === 31 || n === 60 ? bytes.slice(20) : null),
        onRead: (bytes) => (rng.float() < 0.3 ? bytes.map((x, i) => (i % 40 === 20 ? x ^ 0x15 : x)) : null),
      });
      for (let n = 0; n < 100; n++) {
        await pushBlocks(bench.stream, n, n + 1);
        orThrow(await bench.stream.pump(bench.stream.clock.nowUs() + 5_000));
      }
      bench.link.arm({});
      const summary = orThrow(await bench.stream.finish());
      expect(summary.gaps.reduce((n, g) => n + g.sampleCount, 0)).toBe(3 * BLOCK);
      expect(summary.gaps.map((g) => g.firstSample)).toContain(60 * BLOCK);
      const { windows, windowsEqual, windowsLost, badFramesHost } = summary.counters;
      expect(badFramesHost).toBeGreaterThan(0);
      expect(windows + windowsLost).toBe(windowsWithout([30, 31, 60], 100));
      expect(windowsEqual).toBe(windows);
    });

    it('a pause of 500 ms in the middle of a block loses nothing, and is an underrun', async () => {
      await using bench = await begin(open);
      await pushBlocks(bench.stream, 0, 30);
      bench.link.arm({ pause: { write: 0, us: 500_000 } });
      await pushBlocks(bench.stream, 30, 60);
      const summary = orThrow(await bench.stream.finish());
      expect(summary.gaps).toEqual([]);
      expect(summary.counters).toMatchObject({ samplesTaken: 60 * BLOCK, badFramesDevice: 0 });
      // a busy computer may be late once more
      expect(summary.counters.underruns).toBeGreaterThanOrEqual(1);
      expect(summary.counters.windowsEqual).toBe(windowsBetween(0, 60 * BLOCK));
    });

    it('goes on after the cable was out, and the missing blocks are the gap', async () => {
      await using bench = await begin(open);
      await pushBlocks(bench.stream, 0, 40);
      orThrow(await bench.stream.pump(bench.stream.clock.nowUs() + 200_000));
      const link = await bench.subject.replug();
      expect(await bench.stream.push(motion(40 * BLOCK, BLOCK))).toMatchObject({
        ok: false,
        id: 'link.closed',
      });
      orThrow(await bench.stream.resume(link));
      await pushBlocks(bench.stream, 45, 80);
      const summary = orThrow(await bench.stream.finish());
      const inGaps = summary.gaps.reduce((n, g) => n + g.sampleCount, 0);
      expect(inGaps).toBe(5 * BLOCK);
      expect(summary.gaps[0]!.firstSample).toBe(40 * BLOCK);
      expect(summary.counters.windowsEqual).toBe(summary.counters.windows);
      const again = orThrow(await openSession(link, bench.subject.options));
      expect(again.mj!.identity.programStatus).toBe(0);
    });

    it('a stream that its host abandons ends by itself: the dialect answers again', async () => {
      await using bench = await begin(open, { silenceUs: 300_000 });
      await pushBlocks(bench.stream, 0, 5);
      // no goodbye: a killed host
      const session = orThrow(await openSession(bench.subject.link, bench.subject.options));
      orThrow(await session.loadInput(new Uint8Array(ROWS * CHANNELS).fill(3)));
      orThrow(await session.infer(1, 0));
    });

    it('a device whose stream has ended meanwhile is told apart from one that waits', async () => {
      await using bench = await begin(open, { silenceUs: 300_000, stallUs: 600_000 });
      await pushBlocks(bench.stream, 0, 5);
      orThrow(await bench.stream.pump(bench.stream.clock.nowUs() + 700_000));
      const link = await bench.subject.replug();
      expect(await bench.stream.resume(link)).toMatchObject({ ok: false, id: 'device.stream-lost' });
    });

    it('commands work as before once a stream is finished, and another stream can begin', async () => {
      const subject = await open();
      await using _ = subject;
      const session = orThrow(await openSession(subject.link, subject.options));
      for (let round = 0; round < 2; round++) {
        const stream = orThrow(
          await openStream(session, {
            format,
            program: streamProgram.bytes,
            features,
            window: { rows: ROWS, hopRows: 10 },
            onEvent: () => undefined,
          }),
        );
        await pushBlocks(stream, 100, 110);
        expect(orThrow(await stream.finish()).counters).toMatchObject({ samplesTaken: 80, windowsEqual: 8 });
        orThrow(await session.loadInput(new Uint8Array(ROWS * CHANNELS).fill(3)));
        orThrow(await session.infer(1, 0));
        expect(orThrow(await session.mj!.output())).toEqual(new Uint8Array(ROWS * CHANNELS).fill(3));
      }
    });

    it('refuses what does not belong to the stream and goes on', async () => {
      await using bench = await begin(open);
      const { stream } = bench;
      await pushBlocks(stream, 0, 3);
      const wrong = motion(3 * BLOCK, BLOCK);
      const other = { ...wrong, format: { ...format, sampleRateHz: 50 } };
      expect(await stream.push(other)).toMatchObject({ ok: false, id: 'stream.format-changed' });
      expect(await stream.push(motion(BLOCK, BLOCK))).toMatchObject({ ok: false, id: 'stream.out-of-order' });
      const torn = { ...wrong, samples: wrong.samples.slice(1) };
      expect(await stream.push(torn)).toMatchObject({ ok: false, id: 'stream.partial-frame' });
      await pushBlocks(stream, 3, 10);
      expect(orThrow(await stream.finish()).counters).toMatchObject({ samplesTaken: 10 * BLOCK, gaps: 0 });
    });
  });
}
