/** A node of the drawing, or a place where an edge passes a layer. */
export interface Vertex {
  /** Index into the nodes; null where an edge only passes. */
  readonly node: number | null;
  readonly layer: number;
}

export interface LayeredGraph {
  /** The nodes first, in their order, then what passes. */
  readonly vertices: readonly Vertex[];
  /** Vertices of each layer, from left to right. */
  readonly layers: readonly (readonly number[])[];
  /** Neighbours one layer above and below, by vertex. */
  readonly above: readonly (readonly number[])[];
  readonly below: readonly (readonly number[])[];
  /** The vertices each edge goes through, its ends included. */
  readonly paths: readonly { readonly edge: number; readonly through: readonly number[] }[];
}

interface Identified {
  readonly id: number;
}
interface Edge {
  readonly from: number;
  readonly to: number;
}

/** Layers by the longest way from a source; a source stands right above what first uses it. */
export function layersOf(nodes: readonly Identified[], edges: readonly Edge[]): LayeredGraph {
  const place = new Map(nodes.map((n, i) => [n.id, i]));
  const known = edges.flatMap((e, edge) => {
    const from = place.get(e.from);
    const to = place.get(e.to);
    return from === undefined || to === undefined || from === to ? [] : [{ edge, from, to }];
  });
  const layer = longestPaths(nodes.length, known);
  const vertices: Vertex[] = nodes.map((_, i) => ({ node: i, layer: layer[i]! }));
  const paths = known
    // an edge of a circle points upwards or to its own layer: it has no way down
    .filter((e) => layer[e.to]! > layer[e.from]!)
    .map(({ edge, from, to }) => {
      const through = [from];
      for (let l = layer[from]! + 1; l < layer[to]!; l++)
        through.push(vertices.push({ node: null, layer: l }) - 1);
      through.push(to);
      return { edge, through };
    });
  const above: number[][] = vertices.map(() => []);
  const below: number[][] = vertices.map(() => []);
  for (const { through } of paths)
    for (let i = 1; i < through.length; i++) {
      above[through[i]!]!.push(through[i - 1]!);
      below[through[i - 1]!]!.push(through[i]!);
    }
  const layers: number[][] = Array.from({ length: Math.max(...layer) + 1 }, () => []);
  vertices.forEach((v, i) => layers[v.layer]!.push(i));
  return { vertices, layers, above, below, paths };
}

function longestPaths(count: number, edges: readonly Edge[]): number[] {
  const layer = new Array<number>(count).fill(0);
  const out: number[][] = Array.from({ length: count }, () => []);
  const waiting = new Array<number>(count).fill(0);
  for (const { from, to } of edges) {
    out[from]!.push(to);
    waiting[to]!++;
  }
  const isSource = waiting.map((w) => w === 0);
  const ready = waiting.flatMap((w, i) => (w === 0 ? [i] : []));
  // whatever waits for itself never becomes ready and stays where it is: a circle does not end the drawing
  for (let at = 0; at < ready.length; at++)
    for (const to of out[ready[at]!]!) {
      layer[to] = Math.max(layer[to]!, layer[ready[at]!]! + 1);
      if (--waiting[to]! === 0) ready.push(to);
    }
  for (let i = 0; i < count; i++)
    if (isSource[i] && out[i]!.length > 0)
      layer[i] = Math.max(0, Math.min(...out[i]!.map((to) => layer[to]!)) - 1);
  return layer;
}

const ORDER_SWEEPS = 8;

/** The order with the fewest crossings that barycentre sweeps find; the given one where they find no better. */
export function orderLayers(graph: LayeredGraph): LayeredGraph {
  const position = new Array<number>(graph.vertices.length).fill(0);
  const number = (layers: readonly (readonly number[])[]) => {
    for (const layer of layers) layer.forEach((v, i) => (position[v] = i));
  };
  let layers = graph.layers.map((l) => [...l]);
  let best = layers;
  number(layers);
  let fewest = crossings(layers, graph.below, position);
  for (let sweep = 0; sweep < ORDER_SWEEPS && fewest > 0; sweep++) {
    const neighbours = sweep % 2 === 0 ? graph.above : graph.below;
    layers = layers.map((l) => [...l]);
    for (const layer of sweep % 2 === 0 ? layers : [...layers].reverse()) {
      const weight = new Map(layer.map((v) => [v, barycentre(neighbours[v]!, position) ?? position[v]!]));
      layer.sort((a, b) => weight.get(a)! - weight.get(b)!);
      layer.forEach((v, i) => (position[v] = i));
    }
    const count = crossings(layers, graph.below, position);
    if (count < fewest) [fewest, best] = [count, layers];
  }
  return { ...graph, layers: best };
}

function barycentre(neighbours: readonly number[], position: readonly number[]): number | null {
  if (neighbours.length === 0) return null;
  return neighbours.reduce((n, v) => n + position[v]!, 0) / neighbours.length;
}

/** Pairs of edges between neighbouring layers that cross, counted as inversions. */
export function crossings(
  layers: readonly (readonly number[])[],
  below: readonly (readonly number[])[],
  position: readonly number[],
): number {
  let count = 0;
  for (const layer of layers) {
    const ends = layer.flatMap((v) => below[v]!.map((to) => position[to]!).sort((a, b) => a - b));
    for (let i = 1; i < ends.length; i++) for (let j = 0; j < i; j++) if (ends[j]! > ends[i]!) count++;
  }
  return count;
}
