import { describe, expect, it } from 'vitest';
import { fail, ok, type Result } from '../../../src-main/base/errors.ts';
import type { StreamRunEvent } from '../../../src-main/contract/index.ts';
import type { Link } from '../../../src-main/link/link.ts';
import type { StreamBlock } from '../../../src-main/stream/sample-block.ts';
import { scoreStream } from '../../../src-main/stream/score.ts';
import type { StreamSource } from '../../../src-main/stream/source.ts';
import { StreamRun, type StreamOutcome, type StreamRows } from '../../../src-main/stream/stream-run.ts';
import { FakeSession, gap, listSource, planFor, samples, type FakeDevice } from './fake-session.ts';

const CLASSES = ['yes', 'no', 'silence'];
const quiet: FakeDevice = { outputs: () => [0, 0, 1] };
const lost = fail('stream.source-lost', {}, 'The microphone was unplugged.', 'Plug it in.');

interface Ran {
  readonly outcome: StreamOutcome;
  readonly session: FakeSession;
  readonly kept: StreamRows[];
  readonly events: StreamRunEvent[];
}

async function run(
  source: StreamSource,
  device: FakeDevice = quiet,
  options: {
    limitUs?: number;
    signal?: AbortSignal;
    reconnect?: () => Promise<Result<Link>>;
    keep?: (rows: StreamRows) => Result<void>;
    onPush?: (session: FakeSession, block: StreamBlock) => void;
  } = {},
): Promise<Ran> {
  const streamRun = new StreamRun();
  const session = new FakeSession(device, streamRun.listener);
  const { onPush } = options;
  if (onPush) {
    const push = session.push.bind(session);
    session.push = async (block) => {
      const done = await push(block);
      onPush(session, block);
      return done;
    };
  }
  const kept: StreamRows[] = [];
  const events: StreamRunEvent[] = [];
  const outcome = await streamRun.run({
    source,
    session,
    plan: planFor(CLASSES, session),
    recorder: null,
    keep: options.keep ?? ((rows) => (kept.push(rows), ok())),
    limitUs: options.limitUs ?? null,
    signal: options.signal ?? new AbortController().signal,
    reconnect: options.reconnect ?? null,
    onEvent: (e) => events.push(e),
  });
  return { outcome, session, kept, events };
}

const second = (n: number) => Array.from({ length: 20 * n }, (_, i) => samples(i * 50, 50));

describe('a stream run', () => {
  it('hands a block over when its last sample has been taken, and measures latency from there', async () => {
    const { outcome, session } = await run(listSource(second(1)), { ...quiet, latencyUs: 7000 });
    expect(session.clock.nowUs()).toBe(6_000_000);
    expect(outcome.status).toBe('finished');
    expect(outcome.record.durationUs).toBe(1_000_000);
    // a window of 100 every 50: 19 in 1000 samples
    expect(outcome.record.windows.map((w) => w.lastSample)).toEqual(
      Array.from({ length: 19 }, (_, i) => 99 + 50 * i),
    );
    for (const w of outcome.record.windows) expect(w.latencyUs).toBe(7000);
  });

  it('ends after the time that was asked for, to the sample', async () => {
    const { outcome, session } = await run(listSource(second(2)), quiet, { limitUs: 1_230_000 });
    expect(outcome.record.durationUs).toBe(1_230_000);
    const last = session.pushed.at(-1)!;
    expect(last.type === 'samples' && last.firstSample + last.samples.length).toBe(1230);
  });

  it('keeps what came once a second, each row once', async () => {
    const { outcome, kept } = await run(listSource(second(4)));
    expect(kept.length).toBeGreaterThanOrEqual(4);
    expect(kept.flatMap((r) => r.windows)).toEqual(outcome.record.windows);
  });

  it('a source that is taken away ends the stream with its failure; what came before is kept and scored so far', async () => {
    const truth = () => ({
      kind: 'words' as const,
      origin: 'test',
      spans: [
        { label: 'yes', startUs: 100_000, endUs: 300_000 },
        { label: 'no', startUs: 1_500_000, endUs: 1_700_000 },
      ],
    });
    const blocks = [...second(2).slice(0, 32), lost];
    const { outcome, session } = await run(listSource(blocks, { truth }));
    expect(outcome).toMatchObject({ status: 'failed', failure: { id: 'stream.source-lost' } });
    expect(outcome.record.durationUs).toBe(1_600_000);
    expect(outcome.summary).not.toBeNull();
    expect(session.aborted).toBe(false);
    const scores = scoreStream(outcome.record);
    // the second word was cut off: it is neither found nor missed
    expect(scores.words).toMatchObject({ falseNegatives: 1, truePositives: 0, excludedWords: 1 });
    expect(scores.exclusions.join()).toMatch(/1 words whose interval touches a gap or the end/);
  });

  it('a device that is lost ends the stream with its failure', async () => {
    const failure = fail('link.closed', {}, 'Unplugged.', 'Plug it in.');
    const { outcome, session } = await run(listSource(second(2)), {
      ...quiet,
      failAt: { sample: 700, failure },
    });
    expect(outcome).toMatchObject({ status: 'failed', summary: null, failure: { id: 'link.closed' } });
    expect(outcome.record.durationUs).toBe(700_000);
    expect(session.aborted).toBe(true);
  });

  it('a cable that comes back costs the samples of its time, which are a gap', async () => {
    const failure = fail('link.closed', {}, 'Unplugged.', 'Plug it in.');
    const device = { ...quiet, failAt: { sample: 700, failure, times: 1 } };
    const { outcome, session, events } = await run(listSource(second(2)), device, {
      reconnect: async () => ok({} as Link),
    });
    expect(outcome).toMatchObject({ status: 'finished', reconnections: 1, failure: null });
    expect(session.resumed).toBe(1);
    expect(outcome.record.gaps).toEqual([{ firstSample: 700, sampleCount: 50, cause: 'line' }]);
    expect(outcome.record.durationUs).toBe(2_000_000);
    expect(events.filter((e) => e.type === 'warning')).toHaveLength(1);
  });

  it('a cable that does not come back ends the stream with that failure', async () => {
    const failure = fail('link.closed', {}, 'Unplugged.', 'Plug it in.');
    const { outcome } = await run(
      listSource(second(2)),
      { ...quiet, failAt: { sample: 700, failure } },
      {
        reconnect: async () => fail('run.aborted', {}, 'Stopped.', 'Resume.'),
      },
    );
    expect(outcome).toMatchObject({ status: 'failed', failure: { id: 'run.aborted' } });
  });

  it('is interrupted by its signal, and says so', async () => {
    const stop = new AbortController();
    const { outcome } = await run(listSource(second(4)), quiet, {
      signal: stop.signal,
      onPush: (_, block) => block.firstSample === 950 && stop.abort(),
    });
    expect(outcome).toMatchObject({ status: 'interrupted', failure: null });
    expect(outcome.record.durationUs).toBe(1_000_000);
  });

  it('a store that fails ends it', async () => {
    const full = fail('store.full', {}, 'Full.', 'Free space.');
    const { outcome } = await run(listSource(second(4)), quiet, { keep: () => full });
    expect(outcome).toMatchObject({ status: 'failed', failure: { id: 'store.full' } });
    expect(outcome.record.durationUs).toBeLessThan(2_100_000);
  });

  it('a source that goes back is a bug of the source, not a stream', async () => {
    const { outcome } = await run(listSource([samples(0, 50), samples(40, 50)]));
    expect(outcome).toMatchObject({ status: 'failed', failure: { id: 'stream.bad-source' } });
  });

  it('a source of another rate is refused at its first block', async () => {
    const block = { ...samples(0, 50), format: { kind: 'audio' as const, channels: 1, sampleRateHz: 8000 } };
    const { outcome } = await run(listSource([block]));
    expect(outcome).toMatchObject({ status: 'failed', failure: { id: 'stream.bad-source' } });
  });

  it('says progress four times a second of stream time, with the level in dB of full scale', async () => {
    const loud = Array.from({ length: 20 }, (_, i) => samples(i * 50, 50, 16384));
    const { events } = await run(listSource(loud));
    const progress = events.filter((e) => e.type === 'progress');
    expect(progress.map((p) => p.streamedUs)).toEqual([50_000, 300_000, 550_000, 800_000]);
    expect(progress[0]!.levelDbfs).toBeCloseTo(-6.02, 2);
  });
});

describe('what a score leaves out', () => {
  const word = (startUs: number) => ({ label: 'yes', startUs, endUs: startUs + 300_000 });
  const truth = () => ({
    kind: 'words' as const,
    origin: 'test',
    spans: [word(500_000), word(3_000_000), word(6_000_000)],
  });
  const withGap = [
    ...Array.from({ length: 60 }, (_, i) => samples(i * 50, 50)),
    gap(3000, 200),
    ...Array.from({ length: 116 }, (_, i) => samples(3200 + i * 50, 50)),
  ];

  it('words at a gap are neither found nor missed, and its time does not count', async () => {
    const { outcome } = await run(listSource(withGap, { truth }), quiet, {
      onPush: (session, block) => {
        if (block.firstSample === 700) session.detect(0, 749);
        if (block.firstSample === 3300) session.detect(0, 3349);
      },
    });
    const { words, exclusions } = scoreStream(outcome.record);
    // 200 samples lost, and 100 until a window is whole again
    expect(words).toMatchObject({
      truePositives: 1,
      falseNegatives: 1,
      falsePositives: 0,
      excludedWords: 1,
      excludedDetections: 1,
      excludedUs: 300_000,
      scoredUs: 8_700_000,
    });
    expect(exclusions[0]).toMatch(/^1 gaps of 200 samples in all/);
  });

  it('results that the line lost are excluded; windows that the device skipped are its own fault', async () => {
    const lostOnes = await run(listSource(second(3)), { ...quiet, loses: [10, 11] });
    expect(scoreStream({ ...lostOnes.outcome.record, truth: truth() }).words!.excludedUs).toBe(150_000);
    const dropped = await run(listSource(second(3)), { ...quiet, drops: [10, 11] });
    expect(dropped.outcome.record.dropped).toEqual([10, 11]);
    expect(scoreStream({ ...dropped.outcome.record, truth: truth() }).words!.excludedUs).toBe(0);
  });

  it('results that never came at either end are excluded too: words there are not missed', async () => {
    const { outcome } = await run(listSource(second(3)));
    const { windows } = outcome.record;
    expect(windows).toHaveLength(59);
    const scored = (record: Partial<typeof outcome.record>) =>
      scoreStream({ ...outcome.record, truth: truth(), ...record });
    expect(scored({}).words!.excludedUs).toBe(0);
    // the device said nothing after its 20th window, whose last sample is 1049
    expect(scored({ windows: windows.slice(0, 20) }).words!.excludedUs).toBe(1_950_000);
    expect(scored({ windows: windows.slice(0, 20) }).exclusions[0]).toMatch(/^39 results never came/);
    // it had skipped three of them itself
    expect(scored({ windows: windows.slice(0, 20), dropped: [20, 21, 22] }).exclusions[0]).toMatch(
      /^36 results/,
    );
    // windows 0 … 4 were lost: until sample 349
    expect(scored({ windows: windows.slice(5) }).words).toMatchObject({ excludedUs: 350_000 });
    const silent = scored({ windows: [] });
    expect(silent.words).toMatchObject({ scoredUs: 0, falseNegatives: 0, excludedWords: 1 });
    expect(silent.exclusions[0]).toMatch(/^59 results/);
  });

  it('a gap at the end is no result that never came', async () => {
    const { outcome } = await run(listSource([...second(3), gap(3000, 400), samples(3400, 70)], { truth }));
    const { words, exclusions } = scoreStream(outcome.record);
    expect(exclusions.filter((e) => e.includes('never came'))).toEqual([]);
    expect(words!.excludedUs).toBe(470_000);
  });

  it('words of the truth that the model has no class for are said', async () => {
    const spans = [word(500_000), { ...word(1_500_000), label: 'Yes' }, { ...word(2e6), label: 'silence' }];
    const { outcome } = await run(listSource(second(3), { truth: () => ({ ...truth(), spans }) }));
    const { words, exclusions } = scoreStream(outcome.record);
    expect(words!.words).toHaveLength(1);
    expect(exclusions.join('\n')).toMatch(/1 of 3 words of the truth are no class of the model \(Yes;/);
    expect(exclusions.join('\n')).toMatch(/1 words of the truth are of ignored classes \(silence\)/);
  });

  it('without a ground truth nothing is scored', async () => {
    const { outcome } = await run(listSource(second(1)));
    expect(scoreStream(outcome.record)).toMatchObject({ truthOrigin: null, words: null, segments: null });
  });
});
