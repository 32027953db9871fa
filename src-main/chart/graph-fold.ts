import type { GraphLayout, PlacedEdge, PlacedNode } from './graph-layout.ts';

/** Between two columns: room for the lines that go up again. */
const GUTTER = 64;
/** Above and below the columns: room for the lines that change the column. */
const MARGIN = 20;
/** Lines beside each other in a gutter. */
const LANES = 7;

/** Into how many columns a tall drawing is folded so that it fills a frame of this shape best. */
export function columnsFor({ width, height }: GraphLayout, frameWidth: number, frameHeight: number): number {
  if (width === 0 || height === 0 || frameWidth <= 0 || frameHeight <= 0) return 1;
  let best = 1;
  let largest = 0;
  for (let columns = 1; columns <= 64; columns++) {
    const scale = Math.min(
      1,
      frameWidth / (columns * width + (columns - 1) * GUTTER),
      frameHeight / (height / columns + 2 * MARGIN),
    );
    // more columns must pay: a line that changes the column is harder to follow
    if (scale > largest * 1.05) [largest, best] = [scale, columns];
  }
  return best;
}

/**
 * A tall layered drawing cut between layers and laid out in columns, left to right, as a newspaper does. Lines to another
 * column go below it, up the gutter and in from above.
 */
export function foldLayout(layout: GraphLayout, columns: number): GraphLayout {
  const starts = columnStarts(layout, columns);
  if (starts.length <= 1) return layout;
  const step = layout.width + GUTTER;
  const columnOf = (y: number): number => {
    let column = 0;
    while (column + 1 < starts.length && y >= starts[column + 1]! - 1e-6) column++;
    return column;
  };
  const shifted = (x: number, y: number, column: number): [number, number] => [
    x + column * step,
    y - starts[column]! + MARGIN,
  ];
  const nodes = layout.nodes.map((n): PlacedNode => {
    const [x, y] = shifted(n.x, n.y, columnOf(n.y + n.height / 2));
    return { ...n, x, y };
  });
  const foot = Math.max(...nodes.map((n) => n.y + n.height)) + MARGIN;
  const edges = layout.edges.map((e, i) => foldEdge(e, i));
  return { nodes, edges, width: starts.length * step - GUTTER, height: foot };

  function foldEdge(edge: PlacedEdge, i: number): PlacedEdge {
    const lane = 6 + (i % LANES) * 7;
    const points: [number, number][] = [];
    let before = -1;
    edge.points.forEach(([x, y], p) => {
      // the head of a layer belongs to it, the foot of one to the layer it leaves
      const column = p === 0 ? columnOf(y - 1) : columnOf(y);
      const at = shifted(x, y, column);
      for (let c = before; before >= 0 && c < column; c++)
        points.push(...turn(points.at(-1)!, c, lane, at[0]));
      points.push(at);
      before = column;
    });
    return { ...edge, points };
  }

  /** From where a line is in a column to above the next one. */
  function turn(
    [x]: readonly [number, number],
    column: number,
    lane: number,
    to: number,
  ): [number, number][] {
    const gutter = (column + 1) * step - GUTTER + lane;
    const apart = 6 + (lane % (MARGIN - 6));
    const low = foot - MARGIN + apart;
    const high = MARGIN - apart;
    return [
      [x, low],
      [gutter, low],
      [gutter, high],
      [to, high],
    ];
  }
}

/** Heads of the layers that begin a column: about equally high ones, never through a layer. */
function columnStarts({ nodes, height }: GraphLayout, columns: number): number[] {
  const heads = new Map<number, number>();
  for (const n of nodes) heads.set(n.layer, Math.min(heads.get(n.layer) ?? Infinity, n.y));
  const tops = [...heads.values()].sort((a, b) => a - b);
  const starts = [tops[0] ?? 0];
  for (const top of tops) {
    if (starts.length >= columns) break;
    if (top - starts[0]! >= (starts.length * height) / columns - 1e-6 && top > starts.at(-1)!)
      starts.push(top);
  }
  return starts;
}
