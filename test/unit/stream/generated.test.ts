import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../../src-main/base/crc.ts';
import { fail, orThrow } from '../../../src-main/base/errors.ts';
import { formantVoice } from '../../../src-main/dataset/syn-kws/formant-voice.ts';
import { openGenerator, type GeneratorOptions } from '../../../src-main/stream/generated-source.ts';
import { DPS_PER_COUNT, G_PER_COUNT } from '../../../src-main/stream/source.ts';

async function generate(name: string, options: Partial<GeneratorOptions>) {
  await using source = orThrow(
    await openGenerator(name, {
      seed: 1,
      durationS: 20,
      sampleRateHz: 50,
      synthesiser: formantVoice,
      ...options,
    }),
  );
  const parts: Int16Array[] = [];
  let at = 0;
  for (;;) {
    const block = orThrow(await source.next());
    if (!block) break;
    expect([block.type, block.firstSample]).toEqual(['samples', at]);
    if (block.type === 'gap') break;
    parts.push(block.samples);
    at += block.samples.length / block.format.channels;
  }
  const samples = Int16Array.from(parts.flatMap((p) => [...p]));
  return { source, samples, truth: source.truth()!, hash: sha256Hex(new Uint8Array(samples.buffer)) };
}

describe('generated speech', () => {
  it('is the same for the same seed, whatever its length, and another for another', async () => {
    const short = await generate('kws', { durationS: 8 });
    const long = await generate('kws', { durationS: 20 });
    expect(short.samples.length).toBe(128_000);
    expect(long.samples.subarray(0, 128_000)).toEqual(short.samples);
    expect((await generate('kws', { durationS: 8, seed: 2 })).hash).not.toBe(short.hash);
  });

  it('is loud where a word is known to be and quiet between', async () => {
    const { samples, truth } = await generate('kws', { durationS: 40 });
    const rms = (fromUs: number, toUs: number) => {
      const part = samples.subarray((fromUs * 16) / 1000, (toUs * 16) / 1000);
      return Math.sqrt(part.reduce((s, v) => s + v * v, 0) / part.length);
    };
    expect(truth.kind).toBe('words');
    expect(truth.spans.length).toBeGreaterThan(8);
    for (const [i, w] of truth.spans.entries()) {
      if (w.endUs > 40e6) continue;
      const before = Math.max(0, truth.spans[i - 1]?.endUs ?? 0) + 0.35e6;
      expect(w.startUs).toBeGreaterThan(before);
      expect(rms(w.startUs, w.endUs) / rms(before, w.startUs - 0.05e6), w.label).toBeGreaterThan(1.7);
    }
  });

  it('of a wake word has no other keyword, and others only as unknown', async () => {
    const { truth } = await generate('kws', { durationS: 60, wakeWord: 'marvin' });
    const labels = truth.spans.map((s) => s.label);
    expect(new Set(labels)).toEqual(new Set(['marvin', 'unknown']));
    expect(labels.filter((l) => l === 'marvin').length).toBeGreaterThan(labels.length / 2);
  });

  it('of a wake word without a time ends when it was spoken 50 times and could still be detected', async () => {
    const { samples, truth, source } = await generate('kws', { durationS: null, wakeWord: 'yes' });
    const words = truth.spans.filter((s) => s.label === 'yes');
    expect(words).toHaveLength(50);
    expect(source.frameCount).toBeNull();
    expect(samples.length).toBe(Math.round((words[49]!.endUs / 1e6 + 1.2) * 16000));
    expect(truth.spans.every((s) => s.endUs < (samples.length / 16000) * 1e6)).toBe(true);
  });

  it('says that the voice is our own where espeak-ng is not', async () => {
    const { source } = await generate('kws', { durationS: 1 });
    expect(source.origin.details.join()).toMatch(/our own voice/);
  });

  it('ends with the failure of the voice', async () => {
    const broken = fail('dataset.espeak-failed', {}, 'It crashed.', 'Install it again.');
    let said = 0;
    const synthesiser = {
      ...formantVoice,
      say: async (u: Parameters<typeof formantVoice.say>[0]) => (++said > 3 ? broken : formantVoice.say(u)),
    };
    await using source = orThrow(
      await openGenerator('kws', { seed: 1, durationS: 60, sampleRateHz: 16000, synthesiser }),
    );
    let next = await source.next();
    while (next.ok && next.value) next = await source.next();
    expect(next).toMatchObject({ ok: false, id: 'dataset.espeak-failed' });
  });

  it('our own voice says each word alike again and differently from another', async () => {
    const say = async (word: string, voice = 'm1') =>
      orThrow(await formantVoice.say({ word, voice, pitch: 50, rate: 160 }));
    expect(await say('yes')).toEqual(await say('yes'));
    expect(await say('yes')).not.toEqual(await say('no'));
    expect(await say('yes')).not.toEqual(await say('yes', 'f1'));
    expect((await say('stop')).length).toBeGreaterThan(22050 * 0.2);
  });
});

describe('generated motion', () => {
  const six = (samples: Int16Array, i: number) => [...samples.subarray(6 * i, 6 * i + 6)];

  it('is the same for the same seed', async () => {
    expect((await generate('imu', {})).hash).toBe((await generate('imu', {})).hash);
    expect((await generate('imu', {})).hash).not.toBe((await generate('imu', { seed: 2 })).hash);
  });

  it.each([50, 400])('at %i Hz shows 1 g at rest, more the wilder it gets', async (sampleRateHz) => {
    const { samples, truth } = await generate('imu', { durationS: 300, sampleRateHz });
    const spread: Record<string, number[]> = {};
    for (const s of truth.spans) {
      if (s.endUs > 300e6) continue;
      const from = Math.round((s.startUs * sampleRateHz) / 1e6);
      const to = Math.round((s.endUs * sampleRateHz) / 1e6);
      const g: number[] = [];
      for (let i = from; i < to; i++) g.push(Math.hypot(...six(samples, i).slice(0, 3)) * G_PER_COUNT);
      const mean = g.reduce((a, b) => a + b, 0) / g.length;
      const std = Math.sqrt(g.reduce((a, v) => a + (v - mean) ** 2, 0) / g.length);
      (spread[s.label] ??= []).push(std);
      if (s.label === 'still') expect(mean).toBeGreaterThan(0.97);
      if (s.label === 'still') expect(mean).toBeLessThan(1.03);
    }
    const of = (label: string) => spread[label]!.reduce((a, b) => a + b, 0) / spread[label]!.length;
    expect(Object.keys(spread).sort()).toEqual(['running', 'shaking', 'stairs', 'still', 'walking']);
    expect(of('still')).toBeLessThan(0.02);
    expect(of('stairs')).toBeLessThan(of('walking'));
    expect(of('walking')).toBeLessThan(of('running'));
  });

  it('turns as its gyroscope says: the tilt at rest follows from the rates in between', async () => {
    // gravity seen by the sensor at two moments of the same slow sway, and the rate integrated between them
    const { samples, truth } = await generate('imu', { durationS: 60, sampleRateHz: 400, seed: 3 });
    const still = truth.spans.find((s) => s.label === 'still')!;
    const from = Math.round((still.startUs * 400) / 1e6);
    const frames = 400;
    const gravity = (at: number) => {
      const sum = [0, 0, 0];
      for (let i = at; i < at + 20; i++) for (let c = 0; c < 3; c++) sum[c]! += samples[6 * i + c]!;
      const n = Math.hypot(...sum);
      return sum.map((v) => v / n);
    };
    const bias = [3, 4, 5].map((c) => {
      let sum = 0;
      const all = Math.round(((still.endUs - still.startUs) * 400) / 1e6);
      for (let i = from; i < from + all; i++) sum += samples[6 * i + c]!;
      return sum / all;
    });
    // g' = −ω × g
    const g = gravity(from);
    for (let i = from; i < from + frames; i++) {
      const [p, q, r] = [3, 4, 5].map(
        (c, k) => ((samples[6 * i + c]! - bias[k]!) * DPS_PER_COUNT * Math.PI) / 180 / 400,
      );
      const [x, y, z] = g as [number, number, number];
      g[0] = x - (q! * z - r! * y);
      g[1] = y - (r! * x - p! * z);
      g[2] = z - (p! * y - q! * x);
    }
    const seen = gravity(from + frames);
    const moved = Math.hypot(...seen.map((v, i) => v - gravity(from)[i]!));
    const off = Math.hypot(...seen.map((v, i) => v - g[i]!));
    expect(off).toBeLessThan(Math.max(0.004, 0.5 * moved));
  });

  it('is refused without an end', async () => {
    expect(await openGenerator('imu', { seed: 1, durationS: 0, sampleRateHz: 50 })).toMatchObject({
      id: 'stream.bad-duration',
    });
  });
});
