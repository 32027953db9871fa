import { Rng } from '../../base/rng.ts';
import { ok, type Result } from '../../base/errors.ts';
import type { Synthesiser, Utterance } from './espeak.ts';
import { toInt16 } from './signal.ts';

/**
 * A small voice of our own for computers without espeak-ng: a source of pulses and noise through three resonances
 * (after Klatt 1980, the cascade branch only). Its words are told apart by their vowels and hisses; it does not sound like
 * a person, and figures on it are not comparable with those on espeak-ng's voices.
 */
export const FORMANT_VOICE_VERSION = 'formants-1';
const RATE_HZ = 22050;

/** Resonances in Hz, duration in ms, voiced and hissing amplitudes. Vowels after Peterson & Barney 1952 (men). */
interface Sound {
  readonly hz: readonly [number, number, number];
  readonly ms: number;
  readonly voiced: number;
  readonly hiss: number;
}

const vowel = (a: number, b: number, c: number, ms = 150): Sound => ({
  hz: [a, b, c],
  ms,
  voiced: 1,
  hiss: 0.02,
});
const voiced = (a: number, b: number, c: number, ms = 70): Sound => ({
  hz: [a, b, c],
  ms,
  voiced: 0.45,
  hiss: 0.01,
});
const hissing = (a: number, b: number, c: number, ms = 110): Sound => ({
  hz: [a, b, c],
  ms,
  voiced: 0,
  hiss: 0.35,
});
const stop = (a: number, b: number, c: number): Sound => ({ hz: [a, b, c], ms: 25, voiced: 0, hiss: 0.5 });
const closure: Sound = { hz: [250, 1200, 2400], ms: 55, voiced: 0, hiss: 0 };

const sounds: Readonly<Record<string, Sound>> = {
  i: vowel(270, 2290, 3010),
  I: vowel(390, 1990, 2550, 110),
  e: vowel(530, 1840, 2480, 120),
  E: vowel(400, 2100, 2700, 140),
  a: vowel(730, 1090, 2440),
  A: vowel(660, 1720, 2410),
  o: vowel(570, 840, 2410),
  O: vowel(450, 900, 2300, 130),
  u: vowel(300, 870, 2240),
  U: vowel(440, 1020, 2240, 110),
  V: vowel(640, 1190, 2390, 120),
  R: vowel(490, 1350, 1690),
  l: voiced(360, 1000, 2600),
  r: voiced(330, 1060, 1380),
  w: voiced(290, 610, 2150),
  j: voiced(270, 2200, 3000),
  m: voiced(250, 1100, 2100),
  n: voiced(250, 1600, 2500),
  v: voiced(300, 1100, 2300),
  d: voiced(300, 1700, 2600, 40),
  b: voiced(300, 900, 2200, 40),
  g: voiced(300, 1600, 2100, 40),
  z: { hz: [300, 4500, 6000], ms: 90, voiced: 0.3, hiss: 0.25 },
  s: hissing(3800, 5500, 7500),
  S: hissing(2300, 3300, 5200),
  f: hissing(1200, 4000, 7800, 100),
  h: hissing(500, 1500, 2500, 60),
  T: hissing(1400, 5000, 7000, 80),
  t: stop(3000, 4500, 6500),
  k: stop(1500, 2200, 3400),
  p: stop(700, 1300, 2500),
  '-': closure,
};

/** Words in the sounds above; what is not listed is spelled from its letters. */
const words: Readonly<Record<string, string>> = {
  down: 'daUn',
  go: '-goU',
  left: 'lef-t',
  no: 'noU',
  off: 'of',
  on: 'on',
  right: 'raI-t',
  stop: 's-to-p',
  up: 'V-p',
  yes: 'jes',
  bed: 'bed',
  bird: 'bRd',
  cat: 'kA-t',
  dog: 'dog',
  eight: 'EI-t',
  five: 'faIv',
  four: 'for',
  house: 'haUs',
  nine: 'naIn',
  one: 'wVn',
  seven: 'sevn',
  six: 'sI-ks',
  three: 'Tri',
  tree: 'tri',
  two: 'tu',
  zero: 'ziroU',
  marvin: 'marvIn',
  sheila: 'SilV',
  wow: 'waU',
  happy: 'hA-pi',
};

function soundsOf(word: string): Sound[] {
  const spelled = words[word] ?? word.replace(/[cq]/g, 'k').replace(/x/g, 'ks').replace(/y/g, 'i');
  return [...spelled].map((c) => sounds[c] ?? sounds.V!);
}

/** Second-order resonance of unit gain at zero frequency (Klatt 1980, eq. 1 and 2). */
class Resonance {
  #y1 = 0;
  #y2 = 0;

  step(x: number, hz: number, bandwidthHz: number): number {
    const r = Math.exp((-Math.PI * bandwidthHz) / RATE_HZ);
    const c = -r * r;
    const b = 2 * r * Math.cos((2 * Math.PI * Math.min(hz, 0.48 * RATE_HZ)) / RATE_HZ);
    const y = (1 - b - c) * x + b * this.#y1 + c * this.#y2;
    this.#y2 = this.#y1;
    this.#y1 = y;
    return y;
  }
}

function hashOf(text: string): number {
  let h = 0x811c9dc5;
  for (const c of text) h = Math.imul(h ^ c.charCodeAt(0), 0x01000193);
  return h >>> 0;
}

function spoken({ word, voice, pitch, rate }: Utterance): Int16Array {
  const rng = new Rng(hashOf(`${word} ${voice} ${pitch} ${rate}`));
  const person = new Rng(hashOf(voice));
  const tract = 0.9 + 0.3 * person.float();
  const pitchHz = (70 + 1.6 * pitch) * (0.9 + 0.5 * person.float());
  const slow = 160 / rate;
  const parts = soundsOf(word).map((s) => ({ ...s, length: Math.round((s.ms * slow * RATE_HZ) / 1000) }));
  const out = new Float64Array(parts.reduce((n, p) => n + p.length, 0) + RATE_HZ / 20);
  const tracts = [new Resonance(), new Resonance(), new Resonance()];
  const now = { hz: [...parts[0]!.hz], voiced: 0, hiss: 0 };
  let phase = 0;
  let part = 0;
  let left = parts[0]!.length;
  for (let i = 0; i < out.length; i++) {
    while (left === 0 && part + 1 < parts.length) left = parts[++part]!.length;
    const aim = i < out.length - RATE_HZ / 20 ? parts[part]! : closure;
    left--;
    // a tongue moves within some 15 ms
    const pace = 1 / (0.015 * RATE_HZ);
    for (let k = 0; k < 3; k++) now.hz[k]! += pace * (aim.hz[k]! - now.hz[k]!);
    now.voiced += 2 * pace * (aim.voiced - now.voiced);
    now.hiss += 2 * pace * (aim.hiss - now.hiss);
    phase += (pitchHz * (1.1 - (0.25 * i) / out.length)) / RATE_HZ;
    const pulse = phase >= 1 ? 1 : 0;
    phase -= pulse;
    let x = now.voiced * 12 * (pulse - pitchHz / RATE_HZ) + now.hiss * rng.normal();
    for (let k = 0; k < 3; k++) x = tracts[k]!.step(x, now.hz[k]! * tract, 60 + 40 * k + 0.03 * now.hz[k]!);
    out[i] = x;
  }
  const peak = out.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-9);
  return toInt16(out.map((v) => (0.6 * v) / peak));
}

export const formantVoice: Synthesiser = {
  version: FORMANT_VOICE_VERSION,
  sampleRateHz: RATE_HZ,
  async say(utterance): Promise<Result<Int16Array>> {
    return ok(spoken(utterance));
  },
};
