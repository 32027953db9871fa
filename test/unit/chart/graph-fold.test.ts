import { describe, expect, it } from 'vitest';
import { columnsFor, foldLayout } from '../../../src-main/chart/graph-fold.ts';
import { layoutGraph } from '../../../src-main/chart/graph-layout.ts';

const chain = (n: number, skip = 0) => {
  const nodes = Array.from({ length: n }, (_, id) => ({ id, width: 100, height: 40 }));
  const edges = nodes.slice(1).map(({ id }) => ({ from: id - 1, to: id }));
  for (let i = skip; skip > 1 && i < n; i += skip) edges.push({ from: i - skip, to: i });
  return layoutGraph(nodes, edges);
};

describe('a tall drawing in columns', () => {
  it('fills the frame: a chain of 30 is read without scrolling', () => {
    const layout = chain(30);
    const columns = columnsFor(layout, 1200, 600);
    expect(columns).toBeGreaterThanOrEqual(3);
    const folded = foldLayout(layout, columns);
    expect(Math.min(1200 / folded.width, 600 / folded.height)).toBeGreaterThan(0.8);
    expect(columnsFor(chain(4), 1200, 600)).toBe(1);
    expect(columnsFor(layoutGraph([], []), 1200, 600)).toBe(1);
  });

  it('keeps every box and the order, and lays none on another', () => {
    const layout = chain(40, 3);
    const { nodes, width, height } = foldLayout(layout, 5);
    expect(nodes.map((n) => n.id)).toEqual(layout.nodes.map((n) => n.id));
    nodes.forEach((a, i) => {
      expect(a.x - a.width / 2).toBeGreaterThanOrEqual(-1e-6);
      expect(a.x + a.width / 2).toBeLessThanOrEqual(width + 1e-6);
      expect(a.y + a.height).toBeLessThanOrEqual(height + 1e-6);
      for (const b of nodes.slice(0, i))
        expect(
          Math.abs(a.x - b.x) >= 100 - 1e-6 || Math.abs(a.y - b.y) >= 40 - 1e-6,
          `${a.id} on ${b.id}`,
        ).toBe(true);
    });
    // down the column, then on to the right
    for (let i = 1; i < nodes.length; i++)
      expect(nodes[i]!.x > nodes[i - 1]!.x + 50 || nodes[i]!.y > nodes[i - 1]!.y).toBe(true);
  });

  it('lines begin and end at their boxes, whatever columns lie between', () => {
    const { nodes, edges } = foldLayout(chain(24, 7), 6);
    const at = new Map(nodes.map((n) => [n.id, n]));
    for (const { from, to, points } of edges) {
      const a = at.get(from)!;
      const b = at.get(to)!;
      expect(points[0]![0]).toBeCloseTo(a.x, 6);
      expect(points[0]![1]).toBeCloseTo(a.y + a.height, 6);
      expect(points.at(-1)![0]).toBeCloseTo(b.x, 6);
      expect(points.at(-1)![1]).toBeCloseTo(b.y, 6);
    }
  });

  it('one column is the drawing as it was', () => {
    const layout = chain(5);
    expect(foldLayout(layout, 1)).toBe(layout);
  });
});
