import { appendFileSync, readFileSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Recorder, type RecordingEnd } from '../../../src-main/stream/recorder.ts';
import {
  openRecording,
  readManifest,
  readRecordedEvents,
} from '../../../src-main/stream/recording-source.ts';
import type { SampleFormat, StreamBlock } from '../../../src-main/stream/sample-block.ts';
import { scratchFolder } from './wav-files.ts';

const scratch = scratchFolder();
afterAll(() => scratch.remove());

const AUDIO: SampleFormat = { kind: 'audio', channels: 1, sampleRateHz: 16000 };
const IMU: SampleFormat = { kind: 'imu', channels: 6, sampleRateHz: 50 };
const origin = { kind: 'generator' as const, name: 'gen:kws', sha256: null, details: ['seed 1'] };
const end: RecordingEnd = {
  truth: { kind: 'words', spans: [{ label: 'yes', startUs: 1, endUs: 2 }], origin: 'test' },
  plan: null,
  notes: ['a note'],
  failure: null,
};
let folders = 0;
const newDir = () => join(scratch.dir, `rec-${folders++}`);

function blocksOf(format: SampleFormat): StreamBlock[] {
  const block = (firstSample: number, count: number): StreamBlock => ({
    type: 'samples',
    format,
    firstSample,
    // times of a live source are its own, not multiples of anything
    timeUs: firstSample * 62.5 + 0.125,
    samples: Int16Array.from(
      { length: count * format.channels },
      (_, i) => ((firstSample + i) * 7919) % 32768,
    ),
  });
  return [
    block(0, 320),
    block(320, 17),
    { type: 'gap', format, firstSample: 337, timeUs: 5, sampleCount: 1000, reason: 'unplugged' },
    block(1337, 320),
  ];
}

function record(dir: string, format: SampleFormat, blocks = blocksOf(format)): void {
  using recorder = orThrow(Recorder.open(dir, format, origin, '2020-01-01T00:00:00Z'));
  for (const b of blocks) orThrow(recorder.block(b));
  orThrow(recorder.event({ type: 'gap', gap: { firstSample: 337, sampleCount: 1000, cause: 'source' } }));
  orThrow(recorder.finish(end));
}

async function replay(dir: string): Promise<StreamBlock[]> {
  await using source = orThrow(openRecording(dir));
  const blocks: StreamBlock[] = [];
  for (;;) {
    const block = orThrow(await source.next());
    if (!block) return blocks;
    blocks.push(block);
  }
}

describe('a recording', () => {
  it.each([AUDIO, IMU])('of $kind is replayed block for block, gaps and times too', async (format) => {
    const dir = newDir();
    record(dir, format);
    expect(await replay(dir)).toEqual(blocksOf(format));
    const source = orThrow(openRecording(dir));
    expect(source.truth()).toEqual(end.truth);
    expect(source.notes()).toEqual(end.notes);
    expect(source.frameCount).toBe(1657);
    expect(orThrow(readRecordedEvents(dir, orThrow(readManifest(dir))))).toHaveLength(1);
  });

  it('of a replay is the same files again', async () => {
    const first = newDir();
    record(first, AUDIO);
    const second = newDir();
    record(second, AUDIO, await replay(first));
    for (const name of readdirSync(first))
      expect(readFileSync(join(second, name)).equals(readFileSync(join(first, name))), name).toBe(true);
  });

  it('holds audio as a WAV that other programs read: samples without the gaps', () => {
    const dir = newDir();
    record(dir, AUDIO);
    const wav = readFileSync(join(dir, 'samples.wav'));
    expect(wav.toString('latin1', 0, 4)).toBe('RIFF');
    expect(wav.readUInt32LE(40)).toBe(657 * 2);
    expect(wav.length).toBe(44 + 657 * 2);
    expect(wav.readInt16LE(44 + 2)).toBe(7919);
  });

  it('a folder that holds anything is left alone', () => {
    const dir = newDir();
    record(dir, AUDIO);
    expect(Recorder.open(dir, AUDIO, origin, '')).toMatchObject({ ok: false, id: 'stream.recording-exists' });
  });

  it('that was never finished is no recording', () => {
    const dir = newDir();
    {
      using recorder = orThrow(Recorder.open(dir, AUDIO, origin, ''));
      for (const b of blocksOf(AUDIO)) orThrow(recorder.block(b));
    }
    expect(openRecording(dir)).toMatchObject({ ok: false, id: 'stream.no-recording' });
  });

  it.each([
    ['a sample changed', 'samples.wav', (p: string) => flip(p, 200)],
    ['samples cut', 'samples.wav', (p: string) => writeFileSync(p, readFileSync(p).subarray(0, -2))],
    ['blocks longer', 'blocks.jsonl', (p: string) => appendFileSync(p, '{"s":1657,"n":1,"us":0}\n')],
    ['samples gone', 'samples.wav', unlinkSync],
    ['a manifest of something else', 'manifest.json', (p: string) => writeFileSync(p, '{"format":1}')],
    ['a manifest that is no JSON', 'manifest.json', (p: string) => writeFileSync(p, '{')],
  ])('with %s is refused', (_, name, damage) => {
    const dir = newDir();
    record(dir, AUDIO);
    damage(join(dir, name));
    expect(openRecording(dir)).toMatchObject({ ok: false, id: 'stream.recording-damaged' });
  });
});

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 1;
  writeFileSync(path, bytes);
}
