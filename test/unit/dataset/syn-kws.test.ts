import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../../src-main/base/crc.ts';
import { fail, ok, orThrow, type Result } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { pcmOfWav, type Synthesiser, type Utterance } from '../../../src-main/dataset/syn-kws/espeak.ts';
import { clipCount, generateClips, type Clip } from '../../../src-main/dataset/syn-kws/generate.ts';
import { noise } from '../../../src-main/dataset/syn-kws/noise.ts';
import {
  CLASSES,
  ranges,
  SILENCE,
  splitRecipes,
  SPLITS,
  type Split,
} from '../../../src-main/dataset/syn-kws/recipe.ts';
import { inRoom } from '../../../src-main/dataset/syn-kws/room.ts';
import { biquad, mixInto, resample, rms, toInt16, trim } from '../../../src-main/dataset/syn-kws/signal.ts';

const RATE = 16000;
const tone = (hz: number, length: number, rate = RATE) =>
  Float64Array.from({ length }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / rate));

/** Power of one frequency (Goertzel by definition), relative to a tone of amplitude 1. */
function powerAt(x: Float64Array, hz: number, rate = RATE): number {
  let re = 0;
  let im = 0;
  x.forEach((v, i) => {
    re += v * Math.cos((2 * Math.PI * hz * i) / rate);
    im += v * Math.sin((2 * Math.PI * hz * i) / rate);
  });
  return (4 * (re * re + im * im)) / x.length ** 2;
}

/** Says every word as a tenth of a second of tone between silences; pitch and voice change the frequency. */
class ToneSynthesiser implements Synthesiser {
  readonly version = 'tone';
  readonly sampleRateHz = 22050;
  readonly said: Utterance[] = [];
  async say(utterance: Utterance): Promise<Result<Int16Array>> {
    this.said.push(utterance);
    const hz = 300 + 10 * utterance.pitch + utterance.word.length * 50;
    const out = new Float64Array(4000);
    out.set(tone(hz, 2205, 22050), 900);
    return ok(toInt16(out));
  }
}

async function clips(
  split: Split,
  count: number,
  seed = 1,
  synthesiser: Synthesiser = new ToneSynthesiser(),
): Promise<Clip[]> {
  const out: Clip[] = [];
  for await (const clip of generateClips(seed, split, synthesiser, count)) out.push(orThrow(clip));
  return out;
}

const train = clips('train', 96);
const test = clips('test', 48);
const digest = (set: readonly Clip[]) =>
  sha256Hex(Buffer.concat(set.map((c) => Buffer.from(c.samples.buffer))));

describe('SYN-KWS', () => {
  it('the same seed gives the same bytes whatever the number of clips, another seed or split others', async () => {
    const first = digest((await test).slice(0, 24));
    expect(digest(await clips('test', 24))).toBe(first);
    expect(digest(await clips('test', 24, 2))).not.toBe(first);
    expect(digest(await clips('shifted', 24))).not.toBe(first);
  });

  it('every clip is one second and every class comes equally often', async () => {
    const set = await test;
    expect(set.every((c) => c.samples.length === RATE)).toBe(true);
    CLASSES.forEach((_, label) => expect(set.filter((c) => c.label === label)).toHaveLength(4));
    SPLITS.forEach((s) => expect(clipCount(s) % CLASSES.length).toBe(0));
  });

  it('no speaker of one split is heard in another, shifted accents are heard in no other', () => {
    const { train, validation, test, shifted } = splitRecipes;
    const meet = (a: readonly string[], b: readonly string[]) => a.filter((x) => b.includes(x));
    expect(meet(train.speakers, validation.speakers)).toEqual([]);
    expect(meet(train.speakers, test.speakers)).toEqual([]);
    expect(meet(validation.speakers, test.speakers)).toEqual([]);
    expect(meet(train.speakers, shifted.speakers)).toEqual([]);
    for (const s of [train, validation, test]) expect(meet(s.accents, shifted.accents)).toEqual([]);
  });

  it('keywords say themselves, unknown says other words, silence says nothing', async () => {
    for (const c of await train) {
      const word = c.utterance?.word;
      if (c.label === SILENCE) expect(word).toBeUndefined();
      else if (c.label < 10) expect(word).toBe(CLASSES[c.label]);
      else expect(CLASSES as readonly string[]).not.toContain(word);
    }
  });

  it('low signal-to-noise ratios are rarer than high ones, and none is outside its range', async () => {
    const snr = (await train).flatMap((c) => (c.snrDb === null ? [] : [c.snrDb]));
    expect(Math.min(...snr)).toBeGreaterThanOrEqual(ranges.snrDb[0]);
    expect(Math.max(...snr)).toBeLessThanOrEqual(ranges.snrDb[1]);
    const below = snr.filter((db) => db < 7.5).length / snr.length;
    expect(below).toBeGreaterThan(0.1);
    expect(below).toBeLessThan(0.45);
  });

  it('voices, pitch and rate stay in their ranges', async () => {
    const synthesiser = new ToneSynthesiser();
    await clips('shifted', 12, 1, synthesiser);
    for (const u of synthesiser.said) {
      const [accent, speaker] = u.voice.split('+');
      expect(splitRecipes.shifted.accents).toContain(accent);
      expect(splitRecipes.shifted.speakers).toContain(speaker);
      expect(u.pitch >= ranges.pitch[0] && u.pitch <= ranges.pitch[1]).toBe(true);
      expect(u.rate >= ranges.rate[0] && u.rate <= ranges.rate[1]).toBe(true);
    }
  });

  // the tone lasts a tenth of the second
  it('silence is quiet and speech is there', async () => {
    const level = (c: Clip) => 20 * Math.log10(rms(Float64Array.from(c.samples, (v) => v / 32768)) + 1e-9);
    for (const c of await train)
      if (c.label === SILENCE) expect(level(c)).toBeLessThan(ranges.silenceDbfs[1] + 0.5);
      else expect(level(c)).toBeGreaterThan(ranges.levelDbfs[0] - 10 * Math.log10(RATE / 1600) - 3);
  });

  it('a synthesiser that fails ends the set with its failure', async () => {
    let calls = 0;
    const broken: Synthesiser = {
      version: 'broken',
      sampleRateHz: 22050,
      say: (u) =>
        ++calls > 70 ? Promise.resolve(fail('test.broken', {}, '', '')) : new ToneSynthesiser().say(u),
    };
    const seen: Result<Clip>[] = [];
    for await (const clip of generateClips(1, 'train', broken, 100)) seen.push(clip);
    expect(seen.at(-1)).toMatchObject({ ok: false, id: 'test.broken' });
    expect(seen.slice(0, -1).every((c) => c.ok)).toBe(true);
  });
});

describe('signal processing of SYN-KWS', () => {
  it('resampling keeps a tone’s frequency and level and removes what would alias', () => {
    const down = resample(tone(1000, 22050, 22050), RATE / 22050).slice(1000, 15000);
    expect(10 * Math.log10(powerAt(down, 1000) / 0.25)).toBeCloseTo(0, 1);
    const above = resample(tone(9500, 22050, 22050), RATE / 22050).slice(1000, 15000);
    expect(20 * Math.log10(rms(above) / rms(tone(1, 16000)))).toBeLessThan(-40);
  });

  it('a Butterworth corner is 3 dB down, and an octave beyond 12 to 13 dB', () => {
    for (const [kind, octave] of [
      ['low-pass', 2000],
      ['high-pass', 500],
    ] as const) {
      for (const [hz, db] of [
        [1000, -3],
        [octave, -12.5],
      ] as const) {
        const x = tone(hz, RATE);
        biquad(kind, x, 1000, RATE);
        expect(Math.abs(10 * Math.log10(powerAt(x.slice(2000), hz) / 0.25) - db)).toBeLessThan(1);
      }
    }
  });

  it('trimming leaves the sound and its margins', () => {
    const x = new Float64Array(1000);
    x.set(
      tone(4000, 100).map((v) => v + 0.3),
      400,
    );
    expect(trim(x, 0.02, 20)).toHaveLength(140);
    expect(trim(new Float64Array(10), 0.02, 5)).toHaveLength(0);
  });

  it('mixing cuts what lies outside', () => {
    const target = new Float64Array(4);
    mixInto(target, Float64Array.of(1, 2, 3), 2, -1);
    mixInto(target, Float64Array.of(1, 2, 3), 1, 3);
    expect([...target]).toEqual([4, 6, 0, 1]);
  });

  it.each(['pink', 'hum'] as const)('%s noise has RMS 1', (kind) => {
    expect(rms(noise(kind, RATE, RATE, new Rng(1), []))).toBeCloseTo(1, 9);
  });

  it('pink noise falls by 3 dB an octave within 2 dB over five octaves', () => {
    const octaves = [125, 250, 500, 1000, 2000, 4000];
    const power = octaves.map(() => 0);
    for (let seed = 1; seed <= 6; seed++) {
      const x = noise('pink', RATE, RATE, new Rng(seed), []);
      octaves.forEach((hz, o) => {
        for (let k = 0; k < 20; k++) power[o]! += powerAt(x, hz * (0.9 + k / 90));
      });
    }
    octaves.forEach((_, o) =>
      expect(Math.abs(10 * Math.log10(power[o]! / power[0]!) + 3.01 * o)).toBeLessThan(2),
    );
  });

  it('hum stands on 50 or 60 Hz and its harmonics', () => {
    const x = noise('hum', RATE, RATE, new Rng(4), []);
    const at = (hz: number) =>
      Array.from({ length: 12 }, (_, h) => powerAt(x, hz * (h + 1))).reduce((a, b) => a + b);
    // half of a tone's squared amplitude is its mean square; 15 % under it is pink
    expect(Math.max(at(50), at(60)) / 2).toBeGreaterThan(0.9);
  });

  it('a room keeps the level, answers after the direct sound, and longer when it is more reverberant', () => {
    const click = new Float64Array(2000);
    click[100] = 1;
    const tail = (reverbS: number) => {
      const x = inRoom(click, reverbS, RATE, new Rng(7));
      expect(x.slice(0, 100).every((v) => v === 0)).toBe(true);
      expect(x[100]).toBeGreaterThan(0);
      return rms(x.slice(400)) / Math.abs(x[100]!);
    };
    expect(tail(0.6)).toBeGreaterThan(2 * tail(0.15));
    const word = tone(400, 8000);
    const wet = inRoom(word, 0.4, RATE, new Rng(8));
    expect(rms(wet) * Math.sqrt(wet.length / word.length)).toBeCloseTo(rms(word), 6);
  });

  it('reads a WAV stream to its end and refuses anything else', () => {
    const wav = Buffer.alloc(50);
    wav.write('RIFF', 0);
    wav.write('WAVEfmt ', 8);
    wav.writeUInt16LE(1, 22);
    wav.writeUInt32LE(22050, 24);
    wav.writeUInt16LE(16, 34);
    wav.write('data', 36);
    // a stream's writer cannot know its length
    wav.writeUInt32LE(0x7ffff000, 40);
    [5, -6, 7].forEach((v, i) => wav.writeInt16LE(v, 44 + 2 * i));
    expect([...orThrow(pcmOfWav(wav))]).toEqual([5, -6, 7]);
    expect(pcmOfWav(wav.subarray(0, 43))).toMatchObject({ ok: false, id: 'dataset.wav-format' });
    wav.writeUInt16LE(2, 22);
    expect(pcmOfWav(wav)).toMatchObject({ ok: false, id: 'dataset.wav-format' });
    expect(pcmOfWav(Buffer.alloc(0))).toMatchObject({ ok: false, id: 'dataset.wav-format' });
  });
});
