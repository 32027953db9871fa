import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src-main/base/rng.ts';
import { alignUp, lowerBound, planArena, type Arena } from '../../../src-main/compile/arena.ts';
import type { Piece } from '../../../src-main/compile/storage.ts';

function randomPieces(rng: Rng, count: number, longest: number, most: number): Piece[] {
  return Array.from({ length: count }, () => {
    const from = rng.int(-1, longest);
    return { bytes: rng.int(1, most), from, to: rng.int(from, longest) };
  });
}

function expectSound(pieces: readonly Piece[], plan: Arena): void {
  const overlapping: string[] = [];
  pieces.forEach((a, i) => {
    const [at, end] = [plan.offsets[i]!, plan.offsets[i]! + a.bytes];
    expect(at % 16).toBe(0);
    expect(end).toBeLessThanOrEqual(plan.arenaBytes);
    for (let j = 0; j < i; j++) {
      const b = pieces[j]!;
      const together = a.from <= b.to && b.from <= a.to;
      if (together && at < plan.offsets[j]! + b.bytes && plan.offsets[j]! < end)
        overlapping.push(`${i} and ${j}`);
    }
  });
  expect(overlapping).toEqual([]);
}

/** The least arena over all placements on the 16-byte grid, by trying every one. */
function leastByTrying(pieces: readonly Piece[], bound: number): number {
  const offsets: number[] = [];
  let least = bound;
  const go = (i: number, top: number): void => {
    if (top >= least) return;
    if (i === pieces.length) {
      least = top;
      return;
    }
    const p = pieces[i]!;
    for (let at = 0; at + p.bytes < least; at += 16) {
      const clash = offsets.some((o, j) => {
        const q = pieces[j]!;
        return p.from <= q.to && q.from <= p.to && at < o + alignUp(q.bytes) && o < at + alignUp(p.bytes);
      });
      if (clash) continue;
      offsets.push(at);
      go(i + 1, Math.max(top, at + alignUp(p.bytes)));
      offsets.pop();
    }
  };
  go(0, 0);
  return least;
}

describe('planArena', () => {
  it('never lets two pieces that live at the same time overlap, and stays at or above the lower bound', () => {
    const rng = new Rng(1);
    for (let k = 0; k < 60; k++) {
      const pieces = randomPieces(rng, rng.int(1, 30), 20, 5000);
      const plan = planArena(pieces);
      expectSound(pieces, plan);
      expect(plan.arenaBytes).toBeGreaterThanOrEqual(plan.lowerBoundBytes);
      expect(plan.lowerBoundBytes).toBe(lowerBound(pieces));
    }
  });

  it('finds the smallest arena there is for few pieces', () => {
    const rng = new Rng(2);
    for (let k = 0; k < 60; k++) {
      const pieces = randomPieces(rng, rng.int(2, 6), 5, 60);
      const plan = planArena(pieces);
      expect(plan.arenaBytes).toBe(leastByTrying(pieces, plan.arenaBytes + 1));
    }
  });

  it('beats first fit by size where that is wasteful', () => {
    // by size: 64 below, 48 on it, the other 48 below that, and then 32 finds only 16 bytes between the two 48s: 144
    const pieces: Piece[] = [
      { bytes: 48, from: 0, to: 2 },
      { bytes: 64, from: 1, to: 1 },
      { bytes: 32, from: 2, to: 2 },
      { bytes: 48, from: 2, to: 2 },
    ];
    expect(lowerBound(pieces)).toBe(128);
    expect(planArena(pieces).arenaBytes).toBe(128);
  });

  it('is a chain’s two largest neighbours, not its sum', () => {
    const chain = [100, 400, 300, 50].map((bytes, i) => ({ bytes, from: i - 1, to: i }));
    expect(planArena(chain).arenaBytes).toBe(alignUp(400) + alignUp(300));
  });

  it('plans a graph far too long to search, soundly', () => {
    const rng = new Rng(5);
    const chain = Array.from({ length: 2500 }, (_, i) => ({
      bytes: rng.int(1, 400),
      from: i,
      to: i + rng.int(0, 3),
    }));
    const plan = planArena(chain);
    expectSound(chain, plan);
    expect(plan.arenaBytes).toBeLessThan(2 * plan.lowerBoundBytes);
  });

  it('gives the same plan every time', () => {
    const pieces = randomPieces(new Rng(9), 25, 12, 3000);
    expect(planArena(pieces)).toEqual(planArena(pieces));
  });

  it('plans nothing in no bytes', () => {
    expect(planArena([])).toEqual({ offsets: [], arenaBytes: 0, lowerBoundBytes: 0 });
  });
});
