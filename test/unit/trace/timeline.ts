/** A random recording of the plain codec with gaps: its words, and what every sample period holds. */
import { Rng } from '../../../src-main/base/rng.ts';
import { plainWord } from './plain-codec.ts';
import type { Gap } from './written-trace.ts';

export interface Timeline {
  readonly words: Uint32Array;
  readonly gaps: readonly Gap[];
  /** A; NaN where missing. */
  readonly amperes: Float64Array;
  readonly logic: Uint8Array;
}

export function randomTimeline(seed: number, samples: number, gapCount: number): Timeline {
  const rng = new Rng(seed);
  const words = new Uint32Array(samples);
  let logic = 0;
  for (let i = 0; i < samples; i++) {
    const level = Math.floor(i / 5000) % 3 === 0 ? 3_000_000 : 700;
    if (rng.float() < 0.0005) logic ^= 1 << rng.int(0, 2);
    words[i] = plainWord(level + rng.int(0, 400), Math.floor(i / 777) % 4, logic);
  }
  const gaps: Gap[] = [];
  let at = 500;
  const step = Math.floor(samples / (gapCount + 1));
  for (let g = 0; g < gapCount; g++) {
    const missing = g === gapCount >> 1 ? 140_000 : rng.int(1, 200);
    gaps.push({ at: (at += rng.int(63, step)), missing });
    at += missing;
  }
  const missing = gaps.reduce((sum, g) => sum + g.missing, 0);
  const amperes = new Float64Array(samples + missing);
  const bits = new Uint8Array(amperes.length);
  let word = 0;
  let next = 0;
  for (let i = 0; i < amperes.length;) {
    const gap = gaps[next];
    if (gap?.at === i) {
      amperes.fill(NaN, i, i + gap.missing);
      i += gap.missing;
      next++;
      continue;
    }
    amperes[i] = ((words[word]! & 0xffffff) >>> 2) * 1e-9;
    bits[i] = words[word]! >>> 24;
    word++;
    i++;
  }
  return { words, gaps, amperes, logic: bits };
}

export function close(a: number, b: number, relative = 1e-9): boolean {
  return Math.abs(a - b) <= relative * Math.max(Math.abs(a), Math.abs(b));
}

/** Straight over all samples of [from, to), two passes, missing ones left out. */
export function scan({ amperes, logic }: Timeline, from: number, to: number) {
  let sum = 0;
  let valid = 0;
  let min = Infinity;
  let max = -Infinity;
  let or = 0;
  let and = 255;
  for (let i = from; i < to; i++) {
    const a = amperes[i]!;
    if (Number.isNaN(a)) continue;
    valid++;
    sum += a;
    min = Math.min(min, a);
    max = Math.max(max, a);
    or |= logic[i]!;
    and &= logic[i]!;
  }
  let m2 = 0;
  for (let i = from; i < to; i++) if (!Number.isNaN(amperes[i]!)) m2 += (amperes[i]! - sum / valid) ** 2;
  return { sum, valid, min, max, m2, or, and, mean: sum / valid };
}
