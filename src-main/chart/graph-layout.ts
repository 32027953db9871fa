import { layersOf, orderLayers, type LayeredGraph } from './graph-layers.ts';

export interface LayoutNode {
  readonly id: number;
  readonly width: number;
  readonly height: number;
}

/** `id`s of its ends; edges between the same two nodes may occur more than once. */
export interface LayoutEdge {
  readonly from: number;
  readonly to: number;
}

export interface PlacedNode extends LayoutNode {
  /** Centre. */
  readonly x: number;
  /** Top. */
  readonly y: number;
  readonly layer: number;
}

export interface PlacedEdge extends LayoutEdge {
  /** From the foot of one node to the head of the other, through the gaps of the layers between them. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface GraphLayout {
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
  readonly width: number;
  readonly height: number;
}

const GAP_X = 28;
const GAP_Y = 36;
/** Room for a line that passes a layer. */
const LANE = 14;
const SWEEPS = 8;
/** A node that a passing edge pushed aside would push the whole chain below it. */
const NODE_WEIGHT = 1000;

/**
 * A layered drawing, top to bottom (Sugiyama): layers by longest path, order within a layer by barycentres, positions
 * by least squares with the order kept. Deterministic; edges that would close a circle are drawn, but do not count.
 */
export function layoutGraph(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): GraphLayout {
  if (nodes.length === 0) return { nodes: [], edges: [], width: 0, height: 0 };
  const graph = orderLayers(layersOf(nodes, edges));
  const widths = graph.vertices.map((v) => (v.node === null ? LANE : nodes[v.node]!.width));
  const x = placeAcross(graph, widths);
  const { tops, heights } = placeDown(graph, nodes);
  const left = Math.min(...x.map((v, i) => v - widths[i]! / 2));
  const right = Math.max(...x.map((v, i) => v + widths[i]! / 2));
  const placed = nodes.map((node, i) => {
    const { layer } = graph.vertices[i]!;
    return { ...node, x: x[i]! - left, y: tops[layer]! + (heights[layer]! - node.height) / 2, layer };
  });
  return {
    nodes: placed,
    edges: graph.paths.map(({ edge, through }) => ({
      ...edges[edge]!,
      points: pathOf(through, placed, x, left, tops, heights, graph),
    })),
    width: right - left,
    height: tops.at(-1)! + heights.at(-1)!,
  };
}

function pathOf(
  through: readonly number[],
  placed: readonly PlacedNode[],
  x: readonly number[],
  left: number,
  tops: readonly number[],
  heights: readonly number[],
  graph: LayeredGraph,
): [number, number][] {
  const first = placed[through[0]!]!;
  const last = placed[through.at(-1)!]!;
  const lanes = through.slice(1, -1).flatMap((v): [number, number][] => {
    const { layer } = graph.vertices[v]!;
    return [
      [x[v]! - left, tops[layer]!],
      [x[v]! - left, tops[layer]! + heights[layer]!],
    ];
  });
  return [[first.x, first.y + first.height], ...lanes, [last.x, last.y]];
}

function placeDown(graph: LayeredGraph, nodes: readonly LayoutNode[]): { tops: number[]; heights: number[] } {
  const heights = graph.layers.map((layer) =>
    layer.reduce((h, v) => {
      const { node } = graph.vertices[v]!;
      return node === null ? h : Math.max(h, nodes[node]!.height);
    }, 0),
  );
  const tops: number[] = [];
  let y = 0;
  for (const h of heights) {
    tops.push(y);
    y += h + GAP_Y;
  }
  return { tops, heights };
}

/** Centres of all vertices: each is drawn to its neighbours in turn, downwards and upwards. */
function placeAcross(graph: LayeredGraph, widths: readonly number[]): number[] {
  const x = new Array<number>(graph.vertices.length).fill(0);
  const isNode = (v: number) => graph.vertices[v]!.node !== null;
  const place = (layer: readonly number[], wanted: (v: number) => number | null) => {
    const apart = layer.map((v, i) => (i === 0 ? 0 : (widths[layer[i - 1]!]! + widths[v]!) / 2 + GAP_X));
    const at = spaced(
      layer.map((v) => wanted(v) ?? x[v]!),
      apart,
      layer.map((v) => (isNode(v) ? NODE_WEIGHT : 1)),
    );
    layer.forEach((v, i) => (x[v] = at[i]!));
  };
  for (const layer of graph.layers) place(layer, () => 0);
  // a chain of nodes hangs straight, and so does a passing edge: what passes a node does not pull it aside
  const mean = (v: number, ends: readonly number[]) => {
    const alike = ends.filter((e) => isNode(e) === isNode(v));
    const pulling = alike.length > 0 ? alike : ends;
    return pulling.length === 0 ? null : pulling.reduce((n, e) => n + x[e]!, 0) / pulling.length;
  };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    const layers = down ? graph.layers : [...graph.layers].reverse();
    for (const layer of layers) place(layer, (v) => mean(v, down ? graph.above[v]! : graph.below[v]!));
  }
  return x;
}

/**
 * The positions nearest to the wanted ones, in the sense of weighted least squares, that keep their order and their
 * distances: isotonic regression by pooling neighbours that would overlap (Barlow 1972).
 */
export function spaced(
  wanted: readonly number[],
  apart: readonly number[],
  weights: readonly number[] = wanted.map(() => 1),
): number[] {
  const offsets: number[] = [];
  let offset = 0;
  for (const d of apart) offsets.push((offset += d));
  const pools: { sum: number; weight: number; count: number }[] = [];
  wanted.forEach((w, i) => {
    let pool = { sum: (w - offsets[i]!) * weights[i]!, weight: weights[i]!, count: 1 };
    while (pools.length > 0 && pools.at(-1)!.sum / pools.at(-1)!.weight >= pool.sum / pool.weight) {
      const last = pools.pop()!;
      pool = {
        sum: last.sum + pool.sum,
        weight: last.weight + pool.weight,
        count: last.count + pool.count,
      };
    }
    pools.push(pool);
  });
  const levels = pools.flatMap((p) => new Array<number>(p.count).fill(p.sum / p.weight));
  return levels.map((level, i) => level + offsets[i]!);
}
