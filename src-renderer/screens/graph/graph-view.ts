import { formatCount } from '../../../src-main/base/units.ts';
import { pairOperators, type OperatorPair } from '../../../src-main/chart/pair-operators.ts';
import { layoutGraph, type GraphLayout } from '../../../src-main/chart/graph-layout.ts';
import type { GraphNode, GraphTensor, ModelGraph } from '../../../src-main/contract/bench/graphs.ts';

/** A box of the drawing: an operator, or a tensor that comes from outside or goes there. */
export interface Box {
  /** Operators: their place in the file; inputs and outputs: below 0. */
  readonly id: number;
  readonly kind: 'operator' | 'input' | 'output';
  readonly node: GraphNode | null;
  readonly tensor: GraphTensor | null;
}

export interface GraphPicture {
  readonly boxes: readonly Box[];
  readonly layout: GraphLayout;
}

const OPERATOR = { width: 196, height: 66 };
const END = { width: 150, height: 30 };

/** Operators as boxes, tensors between them as lines; constants are in the boxes that read them. */
export function pictureOf(graph: ModelGraph): GraphPicture {
  const ends = [
    ...graph.inputs.map((tensor) => ({ kind: 'input' as const, tensor })),
    ...graph.outputs.map((tensor) => ({ kind: 'output' as const, tensor })),
  ];
  const boxes: Box[] = [
    ...graph.nodes.map((node): Box => ({ id: node.index, kind: 'operator', node, tensor: null })),
    ...ends.map(({ kind, tensor }, i): Box => ({
      id: -1 - i,
      kind,
      node: null,
      tensor: graph.tensors[tensor] ?? null,
    })),
  ];
  const producer = new Map<number, number>();
  for (const box of boxes) {
    if (box.kind === 'input' && box.tensor) producer.set(box.tensor.index, box.id);
    for (const tensor of box.node?.outputs ?? []) producer.set(tensor, box.id);
  }
  const readBy = (box: Box): readonly number[] =>
    box.kind === 'output' && box.tensor ? [box.tensor.index] : (box.node?.inputs ?? []);
  const edges = boxes.flatMap((box) =>
    [...new Set(readBy(box))].flatMap((tensor) => {
      const from = producer.get(tensor);
      return from === undefined ? [] : [{ from, to: box.id }];
    }),
  );
  const sized = boxes.map((box) => ({ id: box.id, ...(box.kind === 'operator' ? OPERATOR : END) }));
  return { boxes, layout: layoutGraph(sized, edges) };
}

/** `1×25×5×64`. */
export function shapeText(tensor: GraphTensor | null | undefined): string {
  if (!tensor) return '';
  return tensor.shape.length === 0 ? 'scalar' : tensor.shape.join('×');
}

/** `CONV_2D` → `Conv 2D`. */
export function operatorName(name: string): string {
  return name
    .split('_')
    .map((w) => (/\d/.test(w) ? w.toUpperCase() : w.charAt(0) + w.slice(1).toLowerCase()))
    .join(' ');
}

export const heats = ['measured', 'predicted', 'energy', 'residual', 'macs'] as const;
export type Heat = (typeof heats)[number];

export const heatTexts: Readonly<Record<Heat, string>> = {
  measured: 'Cycles, measured',
  predicted: 'Cycles, predicted',
  energy: 'Energy',
  residual: 'Error of the prediction',
  macs: 'MACs',
};

/** What a node's heat stands for; null where it has none. */
export function heatValue(node: GraphNode, heat: Heat): number | null {
  switch (heat) {
    case 'measured':
      return node.measuredCycles;
    case 'predicted':
      return node.predictedCycles;
    case 'energy':
      return (node.measuredEnergy ?? node.predictedEnergy)?.energyUj ?? null;
    case 'residual':
      return residualOf(node);
    case 'macs':
      return node.operator === null ? null : node.macs;
  }
}

/** (predicted − measured)/measured. */
export function residualOf({ predictedCycles: p, measuredCycles: m }: GraphNode): number | null {
  return p === null || m === null || m === 0 ? null : p / m - 1;
}

/** Heats that any node has a value for, in the order they are offered. */
export function availableHeats(graphs: readonly ModelGraph[]): Heat[] {
  return heats.filter((heat) => graphs.some((g) => g.nodes.some((n) => heatValue(n, heat) !== null)));
}

/** The hottest |value| of all graphs that are looked at together: one colour means one thing in both. */
export function hottest(graphs: readonly ModelGraph[], heat: Heat): number {
  let most = 0;
  for (const g of graphs) for (const n of g.nodes) most = Math.max(most, Math.abs(heatValue(n, heat) ?? 0));
  return most;
}

export function heatText(node: GraphNode, heat: Heat): string {
  const value = heatValue(node, heat);
  if (value === null) return node.operator === null ? 'renames bytes' : 'not known';
  switch (heat) {
    case 'measured':
    case 'predicted':
      return `${formatCount(value)} cycles`;
    case 'energy':
      return `${node.measuredEnergy ? '' : '≈ '}${value.toPrecision(3)} µJ`;
    case 'residual':
      return `${value >= 0 ? '+' : '−'}${Math.abs(value * 100).toFixed(1)} %`;
    case 'macs':
      return value === 0 ? 'no MACs' : `${formatCount(value)} MACs`;
  }
}

/** Operators that two graphs have in common, by kind and shape of what they make. */
export function matchNodes(a: ModelGraph, b: ModelGraph): OperatorPair<GraphNode>[] {
  const key = (g: ModelGraph) => (n: GraphNode) => n.name + shapeText(g.tensors[n.outputs[0] ?? -1]);
  const keys = new Map<GraphNode, string>();
  for (const g of [a, b]) for (const n of g.nodes) keys.set(n, key(g)(n));
  return pairOperators(a.nodes, b.nodes, (n) => keys.get(n)!);
}

export interface NodeDifference {
  readonly a: GraphNode | null;
  readonly b: GraphNode | null;
  readonly valueA: number | null;
  readonly valueB: number | null;
  /** b − a; null where either has no value. */
  readonly change: number | null;
}

export function differences(pairs: readonly OperatorPair<GraphNode>[], heat: Heat): NodeDifference[] {
  return pairs.map(({ a, b }) => {
    const valueA = a && heatValue(a, heat);
    const valueB = b && heatValue(b, heat);
    return { a, b, valueA, valueB, change: valueA !== null && valueB !== null ? valueB - valueA : null };
  });
}

/** Where a key leads from a box: along the lines up and down, within its layer to the sides. */
export function neighbour(
  { layout }: GraphPicture,
  from: number,
  key: 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight' | 'Home' | 'End',
): number | null {
  const byPlace = [...layout.nodes].sort((p, q) => p.layer - q.layer || p.x - q.x);
  if (key === 'Home') return byPlace[0]?.id ?? null;
  if (key === 'End') return byPlace.at(-1)?.id ?? null;
  const here = layout.nodes.find((n) => n.id === from);
  if (!here) return byPlace[0]?.id ?? null;
  if (key === 'ArrowLeft' || key === 'ArrowRight') {
    const row = byPlace.filter((n) => n.layer === here.layer);
    return row[row.indexOf(here) + (key === 'ArrowRight' ? 1 : -1)]?.id ?? null;
  }
  const ends = layout.edges.flatMap((e) =>
    key === 'ArrowDown' ? (e.from === from ? [e.to] : []) : e.to === from ? [e.from] : [],
  );
  const near = byPlace.filter((n) => ends.includes(n.id));
  return near.sort((p, q) => Math.abs(p.x - here.x) - Math.abs(q.x - here.x))[0]?.id ?? null;
}

export interface View {
  /** World coordinates of the left upper corner. */
  readonly x: number;
  readonly y: number;
  /** Screen pixels a unit of the world. */
  readonly scale: number;
}

const LARGEST = 2;
/** Text of a box can be read from here on. */
export const READABLE = 0.45;
/** A thousand operators in a column fit a window at this. */
const SMALLEST = 0.004;

/** All of the drawing, or at least its head where all would be too small to read. */
export function fitView(layout: GraphLayout, width: number, height: number, readable = false): View {
  const margin = 24;
  const whole = Math.min(
    (width - 2 * margin) / Math.max(1, layout.width),
    (height - 2 * margin) / Math.max(1, layout.height),
  );
  const scale = Math.min(1, Math.max(SMALLEST, readable && whole < READABLE ? 0.8 : whole));
  const fitsDown = layout.height * scale <= height;
  return {
    scale,
    x: layout.width / 2 - width / 2 / scale,
    y: fitsDown ? layout.height / 2 - height / 2 / scale : -margin / scale,
  };
}

/** Zooms about a point of the screen, which stays where it is. */
export function zoomed(view: View, factor: number, atX: number, atY: number): View {
  const scale = Math.min(LARGEST, Math.max(SMALLEST, view.scale * factor));
  return {
    scale,
    x: view.x + atX / view.scale - atX / scale,
    y: view.y + atY / view.scale - atY / scale,
  };
}

/** Moves the view as little as it takes to see the box with some room about it. */
export function revealed(
  view: View,
  box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
  width: number,
  height: number,
): View {
  const room = 40 / view.scale;
  const left = box.x - box.width / 2 - room;
  const right = box.x + box.width / 2 + room;
  const top = box.y - room;
  const foot = box.y + box.height + room;
  const spanX = width / view.scale;
  const spanY = height / view.scale;
  const x = right - left > spanX ? box.x - spanX / 2 : Math.min(left, Math.max(view.x, right - spanX));
  const y = foot - top > spanY ? top : Math.min(top, Math.max(view.y, foot - spanY));
  return { ...view, x, y };
}

/** A line through the points, bent where it changes its column. */
export function edgePath(points: readonly (readonly [number, number])[]): string {
  const [first, ...rest] = points;
  if (!first) return '';
  let path = `M${round(first[0])} ${round(first[1])}`;
  let [x, y] = first;
  for (const [nextX, nextY] of rest) {
    const middle = (y + nextY) / 2;
    path +=
      nextX === x
        ? `V${round(nextY)}`
        : `C${round(x)} ${round(middle)} ${round(nextX)} ${round(middle)} ${round(nextX)} ${round(nextY)}`;
    [x, y] = [nextX, nextY];
  }
  return path;
}

const round = (x: number): number => Math.round(x * 10) / 10;
