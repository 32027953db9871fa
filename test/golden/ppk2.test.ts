import { describe, expect, it } from 'vitest';
import { decodeUa } from '../oracle/ppk2-decode.ts';
import { readVectors } from '../oracle/ppk2-vectors.ts';

describe('the PPK2 decoder against committed vectors of ppk2-api', () => {
  const vectors = readVectors();

  it('covers each range, every ordered pair of ranges and random walks', () => {
    expect(vectors.length).toBe(5 + 20 + 8);
    const ranges = new Set(vectors.flatMap((v) => [...v.words].map((w) => (w >>> 14) & 7)));
    expect([...ranges].sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it.each(vectors.map((v) => [v.name, v] as const))('%s: to the last bit', (_name, vector) => {
    expect(Buffer.from(decodeUa(vector).buffer).equals(Buffer.from(vector.valuesUa.buffer))).toBe(true);
  });
});
