import { afterAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { openAudioFile } from '../../../src-main/stream/audio-file.ts';
import type { StreamSource } from '../../../src-main/stream/source.ts';
import { chunk, int16Bytes, scratchFolder, wavBytes, type WavBytes } from './wav-files.ts';

const scratch = scratchFolder();
afterAll(() => scratch.remove());

const RATE = 16000;
let files = 0;
const wav = (w: WavBytes) => scratch.file(`${files++}.wav`, wavBytes(w));
const open = (path: string, channel?: number | 'mix') =>
  openAudioFile(path, { sampleRateHz: RATE, ...(channel === undefined ? {} : { channel }) });

/** All samples of a source, which must come without gaps and in order. */
async function samplesOf(source: StreamSource): Promise<number[]> {
  const all: number[] = [];
  for (;;) {
    const block = orThrow(await source.next());
    if (!block) return all;
    expect(block.firstSample).toBe(all.length);
    if (block.type === 'gap') throw new Error('a gap in a file');
    all.push(...block.samples);
  }
}

async function read(path: string, channel?: number | 'mix'): Promise<number[]> {
  await using source = orThrow(await open(path, channel));
  return await samplesOf(source);
}

const ramp = Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 65536) - 32768);

describe('WAV files', () => {
  it('16-bit samples at the model’s rate come through bit for bit, extremes too', async () => {
    const values = [-32768, 32767, 0, -1, 1, ...ramp];
    expect(await read(wav({ data: int16Bytes(values) }))).toEqual(values);
  });

  it('blocks are 20 ms, times follow from the index', async () => {
    await using source = orThrow(await open(wav({ data: int16Bytes(ramp) })));
    const first = orThrow(await source.next())!;
    const second = orThrow(await source.next())!;
    expect([first.firstSample, first.timeUs]).toEqual([0, 0]);
    expect([second.firstSample, second.timeUs]).toEqual([320, 20_000]);
    expect(source.frameCount).toBe(1000);
  });

  it.each<[string, WavBytes, number[]]>([
    ['8 bits are unsigned', { bits: 8, data: Uint8Array.of(0, 128, 255) }, [-32768, 0, 127 * 256]],
    [
      '24 bits are rounded to 16',
      { bits: 24, data: Uint8Array.of(0xff, 0xff, 0x7f, 0, 0, 0x80, 0x80, 0, 0, 0x7f, 0, 0) },
      [32767, -32768, 1, 0],
    ],
    [
      '32 bits are rounded to 16',
      { bits: 32, data: Uint8Array.of(0, 0, 0, 0x80, 0, 0x80, 0, 0) },
      [-32768, 1],
    ],
    [
      'float32 of full scale 1',
      { tag: 3, bits: 32, data: new Uint8Array(Float32Array.of(-1, 0.5, 1, 0).buffer) },
      [-32768, 16384, 32767, 0],
    ],
    [
      'float64 of full scale 1',
      { tag: 3, bits: 64, data: new Uint8Array(Float64Array.of(-1, 0.25, 1 / 32768).buffer) },
      [-32768, 8192, 1],
    ],
    [
      'WAVE_FORMAT_EXTENSIBLE is looked through',
      { tag: 0xfffe, extensibleTag: 1, bits: 16, data: int16Bytes([5, -6]) },
      [5, -6],
    ],
    [
      'chunks before and between are skipped, padded to even length',
      {
        before: chunk('LIST', Uint8Array.of(1, 2, 3)),
        between: chunk('fact', Uint8Array.of(9)),
        data: int16Bytes([7]),
      },
      [7],
    ],
    ['a recorder that could not seek wrote 0', { data: int16Bytes([1, 2, 3]), declared: 0 }, [1, 2, 3]],
    ['a recorder that could not seek wrote 0xffffffff', { data: int16Bytes([4]), declared: 0xffffffff }, [4]],
  ])('%s', async (_, bytes, expected) => {
    expect(await read(wav(bytes))).toEqual(expected);
  });

  it('says how many samples it clipped', async () => {
    const path = wav({ tag: 3, bits: 32, data: new Uint8Array(Float32Array.of(1.5, -2, 0.1).buffer) });
    await using source = orThrow(await open(path));
    expect(await samplesOf(source)).toEqual([32767, -32768, 3277]);
    expect(source.notes()).toEqual(['2 samples exceeded full scale and were clipped']);
  });

  it('stereo is refused unless a channel or the mean is asked for', async () => {
    const path = wav({ channels: 2, data: int16Bytes([10, 20, -30, -50]) });
    expect(await open(path)).toMatchObject({ id: 'stream.not-mono', facts: { channels: 2 } });
    expect(await read(path, 0)).toEqual([10, -30]);
    expect(await read(path, 1)).toEqual([20, -50]);
    expect(await read(path, 'mix')).toEqual([15, -40]);
    expect(await open(path, 2)).toMatchObject({ id: 'stream.no-channel' });
  });

  it('another rate is resampled and said', async () => {
    const tone = Array.from({ length: 4410 }, (_, i) =>
      Math.round(10000 * Math.sin((2 * Math.PI * 1000 * i) / 44100)),
    );
    await using source = orThrow(await open(wav({ rateHz: 44100, data: int16Bytes(tone) })));
    expect(source.origin.details).toEqual(['44100 Hz resampled to 16000 Hz']);
    const samples = await samplesOf(source);
    expect(samples.length).toBe(source.frameCount);
    // in the middle it is the same tone, 16 samples a period
    for (let i = 700; i < 900; i++)
      expect(Math.abs(samples[i]! - 10000 * Math.sin((2 * Math.PI * i) / 16))).toBeLessThan(1.5);
  });

  const good = wavBytes({ data: int16Bytes(ramp) });
  it.each<[string, Uint8Array, string]>([
    ['no bytes', new Uint8Array(0), 'stream.file-empty'],
    ['text', Buffer.from('time,ax\n0,1\n'), 'stream.not-wav'],
    ['one byte', Uint8Array.of(0x52), 'stream.not-wav'],
    ['big-endian RIFX', Buffer.concat([Buffer.from('RIFX'), good.subarray(4)]), 'stream.not-wav'],
    ['half of its samples', good.subarray(0, 1044), 'stream.audio-truncated'],
    ['the header only', good.subarray(0, 44), 'stream.audio-truncated'],
    ['half a header', good.subarray(0, 30), 'stream.wav-malformed'],
    ['no data chunk', good.subarray(0, 36), 'stream.wav-malformed'],
    ['no samples', wavBytes({ data: new Uint8Array(0) }), 'stream.no-samples'],
    ['no channels', wavBytes({ channels: 0, blockAlign: 2, data: int16Bytes([1]) }), 'stream.wav-malformed'],
    ['rate 0', wavBytes({ rateHz: 0, data: int16Bytes([1]) }), 'stream.wav-malformed'],
    ['a rate no speech fits in', wavBytes({ rateHz: 100, data: int16Bytes([1]) }), 'stream.wrong-rate'],
    ['wrong block align', wavBytes({ blockAlign: 3, data: int16Bytes([1]) }), 'stream.wav-malformed'],
    ['12 bits', wavBytes({ bits: 12, blockAlign: 2, data: int16Bytes([1]) }), 'stream.audio-unsupported'],
    ['A-law', wavBytes({ tag: 6, bits: 8, data: Uint8Array.of(1) }), 'stream.audio-unsupported'],
    ['half a frame', wavBytes({ data: Uint8Array.of(1, 2, 3) }), 'stream.wav-malformed'],
  ])('%s is a clear error', async (_, bytes, id) => {
    expect(await open(scratch.file(`${files++}.wav`, bytes))).toMatchObject({ ok: false, id });
  });

  it('NaN and infinity are refused where they stand', async () => {
    for (const bad of [NaN, Infinity]) {
      const values = new Float32Array(700).fill(0.1);
      values[500] = bad;
      await using source = orThrow(
        await open(wav({ tag: 3, bits: 32, data: new Uint8Array(values.buffer) })),
      );
      expect(await source.next()).toMatchObject({
        ok: false,
        id: 'stream.not-finite',
        facts: { frame: 500 },
      });
    }
  });

  it('a file that becomes shorter while it is read is a source lost', async () => {
    const path = wav({ data: int16Bytes(Array.from({ length: 40_000 }, () => 1)) });
    await using source = orThrow(await open(path));
    orThrow(await source.next());
    scratch.file(path.slice(path.lastIndexOf('/') + 1), new Uint8Array(1000));
    let last = await source.next();
    while (last.ok && last.value) last = await source.next();
    expect(last).toMatchObject({ ok: false, id: 'stream.source-lost' });
  });

  it('a missing file and a folder are clear errors', async () => {
    expect(await open('/nowhere/x.wav')).toMatchObject({ id: 'stream.cannot-read' });
    expect(await open(scratch.dir)).toMatchObject({ id: 'stream.cannot-read' });
  });

  it('every header cut anywhere is an error, never a crash', async () => {
    const bytes = wavBytes({ tag: 0xfffe, extensibleTag: 1, data: int16Bytes([1, 2, 3]) });
    for (let n = 0; n < bytes.length; n++) {
      const opened = await open(scratch.file('cut.wav', bytes.subarray(0, n)));
      expect(opened.ok, `${n} bytes`).toBe(false);
    }
  });
});

describe('resampled blocks', () => {
  it('do not depend on how the reader cut the file', async () => {
    const noise = Array.from({ length: 60_000 }, (_, i) => ((i * 48271) % 20011) - 10000);
    const whole = await read(wav({ rateHz: 22050, data: int16Bytes(noise) }));
    expect(whole.length).toBe(Math.ceil((60_000 * 16000) / 22050));
    const { Resampler } = await import('../../../src-main/stream/resample.ts');
    const resampler = new Resampler(22050, 16000);
    const pieces: number[] = [];
    for (let at = 0, n = 1; at < noise.length; at += n, n = (n * 7) % 997 || 1)
      pieces.push(...resampler.push(Float64Array.from(noise.slice(at, at + n), (v) => v / 32768)));
    pieces.push(...resampler.flush());
    expect([...Int16Array.from(pieces, (v) => Math.round(v * 32768))]).toEqual(whole);
  });
});
