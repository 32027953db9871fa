import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src-main/base/rng.ts';
import { Ppk2WordStream } from '../../../src-main/monitor/ppk2/word-stream.ts';
import type { GapCause } from '../../../src-main/trace/format.ts';

/** What came out: word values in order, gaps as { gap }. */
class Collected {
  readonly items: (number | { gap: number; cause: GapCause })[] = [];
  readonly marks: string[] = [];
  words(words: Uint32Array, from: number, to: number): void {
    for (let i = from; i < to; i++) this.items.push(words[i]!);
  }
  gap(missing: number, cause: GapCause): void {
    this.items.push({ gap: missing, cause });
  }
  mark(kind: string): void {
    this.marks.push(kind);
  }
  get samples(): number[] {
    return this.items.filter((i): i is number => typeof i === 'number');
  }
  get missing(): number {
    return this.items.reduce<number>((sum, i) => sum + (typeof i === 'number' ? 0 : i.gap), 0);
  }
}

function streamWords(n: number, seed = 5): number[] {
  const rng = new Rng(seed);
  // a steady load with a little noise and logic that seldom changes: the least helpful for finding the alignment
  return Array.from({ length: n }, (_, i) => {
    const adc = 520 + rng.int(0, 3);
    return (adc | (3 << 14) | ((i & 63) << 18) | ((i % 1000 < 500 ? 0x81 : 0x80) << 24)) >>> 0;
  });
}

function bytesOf(words: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(words).buffer);
}

function feed(bytes: Uint8Array, pieces: readonly number[] = [bytes.length]): Collected {
  const out = new Collected();
  const stream = new Ppk2WordStream(out);
  let at = 0;
  for (let p = 0; at < bytes.length; p++) {
    const n = pieces[p % pieces.length]!;
    stream.push(bytes.subarray(at, at + n), at * 2.5);
    at += n;
  }
  stream.end();
  return out;
}

describe('framing of the PPK2 stream', () => {
  const words = streamWords(700);

  it.each([[1], [2], [3], [4], [5], [7, 1], [1, 2, 3], [64], [999]])(
    'loses no sample when the stream is cut every %s bytes',
    (...pieces) => {
      const out = feed(bytesOf(words), pieces);
      expect(out.samples).toEqual(words);
      expect(out.missing).toBe(0);
      expect(out.marks).toEqual([]);
    },
  );

  it.each([1, 2, 17, 62, 63])('counts %s lost samples exactly, where they were lost', (lost) => {
    const out = feed(bytesOf([...words.slice(0, 300), ...words.slice(300 + lost)]), [13]);
    expect(out.items[300]).toEqual({ gap: lost, cause: 'lost' });
    expect(out.samples.length + out.missing).toBe(700);
  });

  it('a loss of 65 samples counts as 1, one of 64 not at all: the counter has six bits', () => {
    expect(feed(bytesOf([...words.slice(0, 300), ...words.slice(364)])).missing).toBe(0);
    expect(feed(bytesOf([...words.slice(0, 300), ...words.slice(365)])).missing).toBe(1);
  });

  it('counts scattered losses exactly, up to three in a hundred', () => {
    const rng = new Rng(9);
    for (const share of [0.003, 0.01, 0.03]) {
      const long = streamWords(200_000);
      const kept = long.filter((_, i) => i < 10 || i > long.length - 40 || rng.float() >= share);
      const out = feed(bytesOf(kept), [4096]);
      expect(out.samples).toEqual(kept);
      expect(out.missing).toBe(long.length - kept.length);
      expect(out.marks).toEqual([]);
    }
  });

  it.each([1, 2, 3])(
    'takes the stream up again within 1 ms after %s lost bytes, with a mark, and invents no value',
    (lost) => {
      for (let within = 0; within < 4; within++) {
        const bytes = bytesOf(words);
        const at = 4 * 300 + within;
        const cut = new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(at + lost)]);
        const out = feed(cut, [51]);
        expect(out.marks).toEqual(['ppk2.misaligned']);
        expect(out.samples.every((w) => words.includes(w))).toBe(true);
        expect(out.samples.length).toBeGreaterThanOrEqual(700 - 100);
        expect(out.samples.length + out.missing).toBe(700);
      }
    },
  );

  it('finds the first sample behind bytes of an older stream', () => {
    for (let left = 1; left < 40; left++) {
      const out = feed(new Uint8Array([...new Rng(left).bytes(left), ...bytesOf(words)]), [29]);
      expect(out.samples.slice(-690)).toEqual(words.slice(-690));
    }
  });

  it('gives up on bytes that are no stream without inventing samples', () => {
    const out = feed(new Rng(1).bytes(4000), [100]);
    expect(out.samples.length).toBeLessThan(20);
  });
});
