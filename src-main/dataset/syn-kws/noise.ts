import type { Rng } from '../../base/rng.ts';
import { mixInto, rms } from './signal.ts';

export const NOISE_KINDS = ['pink', 'babble', 'hum'] as const;
export type NoiseKind = (typeof NOISE_KINDS)[number];

const BABBLE_VOICES = 6;

/** One second or so of noise with RMS 1. `crowd`: utterances to babble with, at the same rate. */
export function noise(
  kind: NoiseKind,
  length: number,
  rateHz: number,
  rng: Rng,
  crowd: readonly Float64Array[],
): Float64Array {
  const x =
    kind === 'pink'
      ? pink(length, rng)
      : kind === 'hum'
        ? hum(length, rateHz, rng)
        : babble(length, rng, crowd);
  const level = rms(x);
  if (level > 0) for (let i = 0; i < length; i++) x[i]! /= level;
  return x;
}

/** About 1/f: white noise through first-order low-passes two octaves apart, each half as strong as the next lower. */
function pink(length: number, rng: Rng): Float64Array {
  const white = Float64Array.from({ length }, () => rng.normal());
  const x = new Float64Array(length);
  for (let corner = 0.25, gain = 1; corner > 2e-4; corner /= 4, gain *= 2) {
    const keep = Math.exp(-2 * Math.PI * corner);
    let state = gain * Math.sqrt((1 - keep) / (1 + keep)) * rng.normal();
    for (let i = 0; i < length; i++) {
      state = keep * state + gain * (1 - keep) * white[i]!;
      x[i]! += state;
    }
  }
  return x;
}

/** Mains hum: 50 or 60 Hz with harmonics of falling strength, over a little pink. */
function hum(length: number, rateHz: number, rng: Rng): Float64Array {
  const mainsHz = rng.pick([50, 60]);
  // a tenth of a second holds whole periods of both
  const table = new Float64Array(rateHz / 10);
  for (let h = 1; h <= 12; h++) {
    const amplitude = rng.float() / Math.sqrt(h);
    const phase = 2 * Math.PI * rng.float();
    for (let i = 0; i < table.length; i++)
      table[i]! += amplitude * Math.sin((2 * Math.PI * mainsHz * h * i) / rateHz + phase);
  }
  const x = pink(length, rng);
  const under = (0.15 * rms(table)) / (rms(x) || 1);
  for (let i = 0; i < length; i++) x[i] = under * x[i]! + table[i % table.length]!;
  return x;
}

/** Several voices at once, each saying words one after the other from a random moment on. */
function babble(length: number, rng: Rng, crowd: readonly Float64Array[]): Float64Array {
  const x = new Float64Array(length);
  for (let v = 0; v < BABBLE_VOICES; v++) {
    const gain = 0.5 + rng.float();
    let at = -rng.int(0, 12000);
    while (at < length) {
      const word = rng.pick(crowd);
      mixInto(x, word, gain / (rms(word) || 1), at);
      at += word.length + rng.int(0, 1600);
    }
  }
  return x;
}
