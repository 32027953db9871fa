import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { Rng } from '../../src-main/base/rng.ts';
import { openFrontEnd, type FrontEnd } from '../../src-main/engine/frontend.ts';
import { describeWith, needs, python, root } from '../needs.ts';

const RATE = 16000;
const FRAMES = 49;
const MELS = 40;

interface Features {
  readonly mfcc: Float64Array;
  readonly mel: Float64Array;
  /** Magnitude that a tone as high as the frame's largest sample would have. */
  readonly tone: Float64Array;
}

/** In float64 by NumPy and SciPy. */
function reference(clips: readonly Int16Array[]): Features[] {
  const input = Buffer.concat(clips.map((c) => Buffer.from(c.buffer, c.byteOffset, c.byteLength)));
  const run = spawnSync(python!, [join(root, 'test/oracle/frontend-reference.py')], {
    input,
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) throw new Error(run.stderr.toString());
  const all = new Float64Array(new Uint8Array(run.stdout).buffer);
  const one = FRAMES * (10 + MELS + 1);
  return clips.map((_, c) => ({
    mfcc: all.slice(c * one, c * one + FRAMES * 10),
    mel: all.slice(c * one + FRAMES * 10, c * one + FRAMES * (10 + MELS)),
    tone: all.slice(c * one + FRAMES * (10 + MELS), (c + 1) * one),
  }));
}

const clip = (at: (i: number) => number) =>
  Int16Array.from({ length: RATE }, (_, i) => Math.max(-32768, Math.min(32767, Math.round(at(i)))));

/** A voiced source of gliding pitch through three moving resonances, with pauses: what speech does to an FFT. */
function speechLike(seed: number, peak: number): Int16Array {
  const rng = new Rng(seed);
  const pitch = 90 + 150 * rng.float();
  const formants = [300 + 500 * rng.float(), 900 + 1300 * rng.float(), 2300 + 900 * rng.float()];
  const out = new Float64Array(RATE);
  let phase = 0;
  const state = formants.map(() => [0, 0]);
  for (let i = 0; i < RATE; i++) {
    phase += (pitch * (1 + 0.2 * Math.sin((3 * i) / RATE))) / RATE;
    const pulse = phase >= 1 ? 1 : 0;
    phase -= pulse;
    const source = pulse + 0.003 * rng.normal();
    let sum = 0;
    formants.forEach((f, k) => {
      const angle = (2 * Math.PI * f * (1 + 0.1 * Math.sin((5 * i) / RATE + k))) / RATE;
      const s = state[k]!;
      const y = source + 2 * 0.985 * Math.cos(angle) * s[0]! - 0.985 ** 2 * s[1]!;
      s[1] = s[0]!;
      s[0] = y;
      sum += y;
    });
    out[i] = sum * Math.max(0, Math.sin((2 * Math.PI * 2.2 * i) / RATE));
  }
  const top = out.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return clip((i) => (out[i]! / top) * peak);
}

/** Largest and root-mean-square difference of the coefficients, in natural-log units. */
function errors(fixed: Int16Array, float: Float64Array): { max: number; rms: number } {
  let max = 0;
  let sum = 0;
  for (let i = 0; i < fixed.length; i++) {
    const e = Math.abs(fixed[i]! / 256 - float[i]!);
    max = Math.max(max, e);
    sum += e * e;
  }
  return { max, rms: Math.sqrt(sum / fixed.length) };
}

/** Largest error of a mel energy beyond 0.01 % of itself, relative to a tone of its frame's peak level, in dB. */
function melFloorDb(logMel: Int32Array, float: Features): number {
  let worst = 1e-9;
  for (let i = 0; i < logMel.length; i++) {
    const exact = float.mel[i]!;
    const beyond = Math.abs(2 ** (logMel[i]! / 65536) - exact) - 1e-4 * exact;
    worst = Math.max(worst, beyond / Math.max(float.tone[Math.floor(i / MELS)]!, 1e-6));
  }
  return 20 * Math.log10(worst);
}

const rng = new Rng(9);
const speech = [32767, 10000, 3000, 1000, 328].flatMap((peak) =>
  [1, 2, 3, 4].map((s) => speechLike(s, peak)),
);
const noise = [1, 3, 30, 300, 3000, 11000].map((level) => clip(() => level * rng.normal()));
const quiet = [clip(() => 0), clip((i) => (i % 320 === 200 ? 1 : 0)), clip((i) => (i % 7 === 0 ? -1 : 0))];
const extremes = [
  clip((i) => (i % 32 < 16 ? 32767 : -32768)),
  clip((i) => (i % 2 ? 32767 : -32768)),
  clip(() => 32767),
  clip(() => -32768),
  clip((i) => 32767 * Math.sin((2 * Math.PI * 1000 * i) / RATE)),
  clip((i) => (i === 8000 ? 32767 : 0)),
];

describeWith([needs.python], 'fixed-point front end against NumPy and SciPy', () => {
  let frontEnd: FrontEnd;
  beforeAll(async () => {
    frontEnd = await openFrontEnd();
  });

  it.each([
    ['speech-like clips from full scale down to −40 dB', speech],
    ['noise from 1 LSB to full scale', noise],
    ['digital silence and one-LSB impulses', quiet],
  ])('every coefficient is within 0.05, rms 0.005: %s', (_, clips) => {
    const float = reference(clips);
    clips.forEach((c, i) => {
      const e = errors(frontEnd.mfcc(c), float[i]!.mfcc);
      expect(e.max).toBeLessThan(0.05);
      expect(e.rms).toBeLessThan(0.005);
    });
  });

  it('every mel energy is within 0.01 % of itself and 96 dB below a tone of its frame’s peak level: speech, noise, square, DC, tone, click', () => {
    const clips = [...speech, ...noise, ...quiet, ...extremes];
    const float = reference(clips);
    clips.forEach((c, i) => expect(melFloorDb(frontEnd.logMel(c), float[i]!)).toBeLessThan(-96));
  });
});
