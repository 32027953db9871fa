import { describe, expect, it } from 'vitest';
import { crossings, layersOf, orderLayers } from '../../../src-main/chart/graph-layers.ts';
import { layoutGraph, spaced, type GraphLayout } from '../../../src-main/chart/graph-layout.ts';
import { Rng } from '../../../src-main/base/rng.ts';

const box = (id: number) => ({ id, width: 100, height: 40 });
const boxes = (n: number) => Array.from({ length: n }, (_, id) => box(id));

function overlaps({ nodes }: GraphLayout): number {
  let count = 0;
  nodes.forEach((a, i) =>
    nodes.slice(0, i).forEach((b) => {
      const apart =
        Math.abs(a.x - b.x) >= (a.width + b.width) / 2 - 1e-6 ||
        a.y + a.height <= b.y + 1e-6 ||
        b.y + b.height <= a.y + 1e-6;
      if (!apart) count++;
    }),
  );
  return count;
}

describe('a layered drawing', () => {
  it('a chain hangs straight down', () => {
    const layout = layoutGraph(
      boxes(5),
      [0, 1, 2, 3].map((i) => ({ from: i, to: i + 1 })),
    );
    expect(new Set(layout.nodes.map((n) => n.x)).size).toBe(1);
    expect(layout.nodes.map((n) => n.layer)).toEqual([0, 1, 2, 3, 4]);
    expect(layout.width).toBe(100);
  });

  it('a residual connection passes beside the chain and does not bend it', () => {
    const edges = [
      { from: 0, to: 1 },
      { from: 1, to: 2 },
      { from: 2, to: 3 },
      { from: 0, to: 3 },
    ];
    const layout = layoutGraph(boxes(4), edges);
    const chain = layout.nodes.map((n) => n.x);
    for (const x of chain) expect(Math.abs(x - chain[0]!)).toBeLessThan(1);
    const skip = layout.edges.find((e) => e.from === 0 && e.to === 3)!;
    const passing = skip.points.slice(1, -1);
    expect(passing.length).toBeGreaterThan(0);
    // beside the boxes of the layers it passes
    for (const [x] of passing) expect(Math.abs(x - chain[0]!)).toBeGreaterThan(50);
  });

  it('every edge points down, nothing overlaps, all lies inside, on 60 random graphs', () => {
    const rng = new Rng(7);
    for (let g = 0; g < 60; g++) {
      const n = rng.int(1, 30);
      const edges = Array.from({ length: rng.int(0, 2 * n) }, () => {
        const to = rng.int(0, n - 1);
        return { from: rng.int(0, Math.max(0, to - 1)), to };
      }).filter((e) => e.from < e.to);
      const layout = layoutGraph(boxes(n), edges);
      const at = new Map(layout.nodes.map((p) => [p.id, p]));
      expect(layout.edges).toHaveLength(edges.length);
      for (const e of edges) expect(at.get(e.from)!.y).toBeLessThan(at.get(e.to)!.y);
      expect(overlaps(layout)).toBe(0);
      for (const p of layout.nodes) {
        expect(p.x - p.width / 2).toBeGreaterThanOrEqual(-1e-6);
        expect(p.x + p.width / 2).toBeLessThanOrEqual(layout.width + 1e-6);
        expect(p.y + p.height).toBeLessThanOrEqual(layout.height + 1e-6);
      }
    }
  });

  it('a circle, a loop and an edge to nowhere do not end the drawing', () => {
    const layout = layoutGraph(boxes(3), [
      { from: 0, to: 1 },
      { from: 1, to: 0 },
      { from: 2, to: 2 },
      { from: 1, to: 99 },
    ]);
    expect(layout.nodes).toHaveLength(3);
    expect(layoutGraph([], []).nodes).toEqual([]);
  });

  it('the sweeps untangle what can be untangled', () => {
    // two layers whose given order crosses in every pair
    const nodes = boxes(8);
    const edges = [0, 1, 2, 3].map((i) => ({ from: i, to: 7 - i }));
    const position = (layers: readonly (readonly number[])[]) => {
      const p: number[] = [];
      for (const l of layers) l.forEach((v, i) => (p[v] = i));
      return p;
    };
    const given = layersOf(nodes, edges);
    const ordered = orderLayers(given);
    expect(crossings(given.layers, given.below, position(given.layers))).toBe(6);
    expect(crossings(ordered.layers, ordered.below, position(ordered.layers))).toBe(0);
  });

  it('a thousand operators keep a narrow drawing', () => {
    const n = 1000;
    const edges = Array.from({ length: n - 1 }, (_, i) => ({ from: i, to: i + 1 }));
    for (let i = 9; i < n; i += 3) edges.push({ from: i - 6, to: i });
    const layout = layoutGraph(boxes(n), edges);
    expect(layout.width).toBeLessThan(400);
    expect(layout.nodes).toHaveLength(n);
  });
});

describe('positions that keep their distance', () => {
  it('are the wanted ones where these are far enough apart', () => {
    expect(spaced([0, 50, 200], [0, 40, 40])).toEqual([0, 50, 200]);
  });

  it('share what is missing evenly, and by weight', () => {
    expect(spaced([10, 10], [0, 40])).toEqual([-10, 30]);
    expect(spaced([10, 10], [0, 40], [1000, 1])[0]).toBeCloseTo(10, 1);
  });

  it('are nearest in the sense of least squares', () => {
    const wanted = [5, 3, 9, 8, 30];
    const apart = [0, 4, 4, 4, 4];
    const best = spaced(wanted, apart);
    const loss = (x: readonly number[]) => x.reduce((n, v, i) => n + (v - wanted[i]!) ** 2, 0);
    const rng = new Rng(3);
    for (let t = 0; t < 300; t++) {
      const other = best.map((v) => v + rng.float() - 0.5);
      const legal = other.every((v, i) => i === 0 || v - other[i - 1]! >= apart[i]! - 1e-12);
      if (legal) expect(loss(other)).toBeGreaterThanOrEqual(loss(best) - 1e-9);
    }
  });
});
