/** Streams through the command line: what a user types and what comes out. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { StreamResult, StreamScores, StreamSummary } from '../../src-main/contract/index.ts';
import { describeWith, needs, root } from '../needs.ts';
import { json, microjoule, scratch } from './cli-process.ts';

const model = join(root, 'models/kws-syn.tflite');
const { dir, remove } = scratch();
const db = join(dir, 'streams.db');
afterAll(remove);

// without espeak-ng the words are spoken by our own voice, which the model does not understand
describeWith([needs.espeak], 'microjoule stream', () => {
  const recording = join(dir, 'recording');
  // below one half a class may be detected that is not the model's first: ignored ones stand above it
  const lowThreshold = ['--threshold', '0.15'];
  let first: StreamResult;

  it('streams generated speech into the emulated Pico and scores the answers', async () => {
    const answer = await microjoule([
      ...['stream', model, '--source', 'gen:kws', '--for', '10s', ...lowThreshold],
      ...['--record', recording, '--db', db, '--json'],
    ]);
    expect(answer.code, answer.stderr).toBe(0);
    first = json<StreamResult>(answer);
    expect(first).toMatchObject({
      streamId: 1,
      status: 'finished',
      source: 'emulated',
      durationUs: 10e6,
      gaps: [],
    });
    // a window of 0.99 s every half second
    expect(first.counters).toMatchObject({
      samplesPushed: 160_000,
      windows: 19,
      windowsEqual: 19,
      gapSamples: 0,
    });
    expect(first.figures!.realTimeFactor).toBeGreaterThan(0.1);
    expect(first.figures!.realTimeFactor).toBeLessThan(1);
    const { words } = first.scores!;
    expect(words!.truePositives + words!.falseNegatives + words!.excludedWords).toBe(words!.words.length);
    expect(words!.truePositives).toBeGreaterThanOrEqual(2);
    // nothing of the live view on standard output, one line a detection beside it
    expect(answer.stderr).toMatch(/\d\.\d\d s {2}(yes|go|stop)/);
  }, 120_000);

  it('replays the recording bit for bit: same outputs, same events, same score', async () => {
    const again = join(dir, 'again');
    const answer = await microjoule([
      'stream',
      model,
      '--source',
      recording,
      ...lowThreshold,
      '--record',
      again,
      '--db',
      db,
      '--json',
    ]);
    expect(answer.code, answer.stderr).toBe(0);
    const second = json<StreamResult>(answer);
    expect(second.detections).toEqual(first.detections);
    expect(second.figures).toEqual(first.figures);
    expect(second.scores).toEqual(first.scores);
    for (const name of ['samples.wav', 'blocks.jsonl', 'events.jsonl'])
      expect(readFileSync(join(again, name)).equals(readFileSync(join(recording, name))), name).toBe(true);
  }, 120_000);

  it('scores a recording without any device or database, as the run did, and anew with other settings', async () => {
    const [same, strict, stored] = await Promise.all([
      microjoule(['stream', 'score', recording, '--json']),
      microjoule(['stream', 'score', recording, '--threshold', '1', '--json']),
      microjoule(['stream', 'score', '1', '--threshold', '1', '--db', db, '--json']),
    ]);
    expect(json<StreamScores>(same)).toEqual(first.scores);
    // a saturated output alone reaches 1
    const none = json<StreamScores>(strict);
    expect(none.words!.truePositives).toBeLessThan(first.scores!.words!.truePositives);
    expect(none.words!.truePositives + none.words!.falseNegatives).toBe(
      first.scores!.words!.truePositives + first.scores!.words!.falseNegatives,
    );
    expect(json<StreamScores>(stored)).toEqual(none);
  });

  it('lists, shows and reports what is stored', async () => {
    const list = json<StreamSummary[]>(await microjoule(['stream', 'list', '--db', db, '--json']));
    expect(list.map((s) => [s.streamId, s.status, s.windows])).toEqual([
      [2, 'finished', 19],
      [1, 'finished', 19],
    ]);
    expect(json<StreamResult>(await microjoule(['stream', 'show', '1', '--db', db, '--json']))).toEqual(
      first,
    );
    const html = join(dir, 'stream.html');
    const md = join(dir, 'stream.md');
    const report = await microjoule(['stream', 'report', '1', '--db', db, '--html', html, '--md', md]);
    expect(report.code).toBe(0);
    for (const text of [readFileSync(html, 'utf8'), readFileSync(md, 'utf8')])
      for (const said of ['equal to the host twin bit for bit', 'kws-syn', 'seed 1', 'Assumed'])
        expect(text).toContain(said);
  });

  it('detects again exactly what the device detected', async () => {
    const { plan } = first;
    const again = json<StreamScores>(
      await microjoule([
        'stream',
        'score',
        recording,
        '--threshold',
        String(plan.detection.threshold),
        '--json',
      ]),
    );
    expect(again.words).toEqual(first.scores!.words);
  });

  it.each([
    [['stream', model], 'cli.no-source', 2],
    [['stream'], 'cli.no-model', 2],
    [['stream', model, '--source', 'nowhere.wav'], 'stream.cannot-read', 2],
    [['stream', model, '--source', 'gen:kws', '--columns', 'x'], 'stream.bad-mapping', 2],
    [['stream', 'score', '/nowhere'], 'stream.no-recording', 2],
    [['stream', 'show', '99'], 'store.no-stream', 2],
  ] as const)('%j says %s', async (words, id, code) => {
    const answer = await microjoule([...words, '--db', db, '--json']);
    expect(json<{ error: { id: string } }>(answer).error.id).toBe(id);
    expect(answer.code).toBe(code);
  });
});
