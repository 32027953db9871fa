import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { openReader } from '../../src-main/stream/audio-file.ts';
import { openGenerator } from '../../src-main/stream/generated-source.ts';
import { DPS_PER_COUNT, G_PER_COUNT } from '../../src-main/stream/source.ts';
import { describeWith, needs } from '../needs.ts';
import { ask, askAll } from './stream-oracle.ts';

const dir = mkdtempSync(join(tmpdir(), 'mj-stream-files-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Decoded {
  readonly rate: number;
  readonly samples: number[][];
}

/** Two channels of noise with all extremes in them. */
function noise(frames: number): number[][] {
  const rng = new Rng(9);
  return [0, 1].map(() =>
    Array.from({ length: frames }, (_, i) => (i === 5 ? -1 : i === 6 ? 0.999 : 1.6 * rng.float() - 0.8)),
  );
}

async function readAll(path: string, channel: number | null): Promise<number[]> {
  const reader = orThrow(await openReader(path));
  const all: number[] = [];
  for (;;) {
    const part = orThrow(await reader.read(777, channel));
    if (part.length === 0) break;
    all.push(...part);
  }
  await reader.close();
  expect(all.length).toBe(reader.frameCount);
  return all;
}

describeWith([needs.python], 'audio files against libsndfile', () => {
  const formats = [
    ['WAV', 'PCM_U8'],
    ['WAV', 'PCM_16'],
    ['WAV', 'PCM_24'],
    ['WAV', 'PCM_32'],
    ['WAV', 'FLOAT'],
    ['WAV', 'DOUBLE'],
    ['WAVEX', 'PCM_24'],
    ['FLAC', 'PCM_16'],
    ['FLAC', 'PCM_24'],
  ] as const;
  const pathOf = (format: string, subtype: string) =>
    join(dir, `${format}-${subtype}.${format === 'FLAC' ? 'flac' : 'wav'}`);
  let decoded: Decoded[] = [];
  beforeAll(() => {
    const samples = noise(1000);
    decoded = askAll(
      formats.map(([format, subtype]) => ({
        ...{ what: 'write_audio', path: pathOf(format, subtype), samples },
        ...{ rate: 44100, subtype, format },
      })),
    );
  });

  it.each(formats)('%s %s decodes to the same values', async (format, subtype) => {
    const path = pathOf(format, subtype);
    const theirs = decoded[formats.findIndex((f) => f[0] === format && f[1] === subtype)]!;
    for (const channel of [0, 1]) expect(await readAll(path, channel)).toEqual(theirs.samples[channel]);
    const mean = theirs.samples[0]!.map((v, i) => (v + theirs.samples[1]![i]!) / 2);
    expect(await readAll(path, null)).toEqual(mean);
  });

  it('a FLAC file that was cut or changed is refused', async () => {
    const path = join(dir, 'whole.flac');
    ask('write_audio', { path, samples: noise(20_000), rate: 16000, subtype: 'PCM_16', format: 'FLAC' });
    const bytes = readFileSync(path);
    const damaged = join(dir, 'damaged.flac');
    for (const cut of [0.2, 0.5, 0.9]) {
      writeFileSync(damaged, bytes.subarray(0, Math.floor(bytes.length * cut)));
      expect(await openReader(damaged), `cut at ${cut}`).toMatchObject({
        ok: false,
        id: 'stream.flac-damaged',
      });
    }
    for (const at of [0.3, 0.6]) {
      const flipped = Uint8Array.from(bytes);
      flipped[Math.floor(flipped.length * at)]! ^= 0xff;
      writeFileSync(damaged, flipped);
      expect(await openReader(damaged), `changed at ${at}`).toMatchObject({
        ok: false,
        id: 'stream.flac-damaged',
      });
    }
    writeFileSync(damaged, 'fLaC');
    expect(await openReader(damaged)).toMatchObject({ ok: false, id: 'stream.flac-damaged' });
  });
});

describeWith([needs.python], 'generated motion against Welch’s method', () => {
  it('walking and running have their step frequency and no more than their harmonics', async () => {
    const rate = 100;
    await using source = orThrow(await openGenerator('imu', { seed: 5, durationS: 120, sampleRateHz: rate }));
    const values: number[] = [];
    for (;;) {
      const block = orThrow(await source.next());
      if (!block || block.type === 'gap') break;
      values.push(...block.samples);
    }
    const spans = source.truth()!.spans.filter((s) => s.endUs < 120e6);
    const magnitude = (label: string, from: number, scale: number) => {
      const s = spans.find((x) => x.label === label)!;
      const [a, b] = [s.startUs, s.endUs].map((us) => Math.round((us * rate) / 1e6)) as [number, number];
      return Array.from({ length: b - a }, (_, i) =>
        Math.hypot(...[0, 1, 2].map((c) => values[6 * (a + i) + from + c]! * scale)),
      );
    };
    const peak = (label: string) =>
      ask<{ peak: number; mean: number }>('imu', {
        samples: magnitude(label, 0, G_PER_COUNT),
        rate,
        segment: 400,
      });
    const walking = peak('walking');
    expect(walking.peak).toBeGreaterThan(1.4);
    expect(walking.peak).toBeLessThan(2.3);
    const running = peak('running');
    expect(running.peak).toBeGreaterThan(2.3);
    expect(running.peak).toBeLessThan(3.3);
    const shaking = ask<{ mean: number }>('imu', { samples: magnitude('shaking', 3, DPS_PER_COUNT), rate });
    const still = ask<{ mean: number }>('imu', { samples: magnitude('still', 3, DPS_PER_COUNT), rate });
    expect(shaking.mean).toBeGreaterThan(60);
    expect(still.mean).toBeLessThan(5);
  });
});
