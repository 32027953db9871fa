import { escapeXml, palette, px, svg } from './svg.ts';

/** A frame of a flame graph; its width is its value, its children lie below it in the order given. */
export interface FlameNode {
  readonly name: string;
  readonly value: number;
  /** What the tooltip says besides name and value. */
  readonly detail?: string;
  /** Index into the palette; frames of one kind share a colour. Default: the parent's. */
  readonly kind?: number;
  readonly children?: readonly FlameNode[];
}

export interface FlameChart {
  readonly title: string;
  readonly unit: string;
  readonly root: FlameNode;
  readonly width?: number;
}

const ROW = 20;
/** Narrower frames cannot be seen or hit: they are left out, their parent keeps its width. */
const NARROWEST = 0.5;
const CHARACTER = 6.6;

/** Icicle graph: the root on top, callees or parts below, width proportional to the value. Every frame has a tooltip. */
export function flameChart(chart: FlameChart): string {
  const width = chart.width ?? 960;
  const scale = chart.root.value > 0 ? width / chart.root.value : 0;
  const frames: string[] = [];
  let deepest = 0;
  const draw = (node: FlameNode, x: number, depth: number, kind: number): void => {
    const w = node.value * scale;
    if (w < NARROWEST) return;
    deepest = Math.max(deepest, depth);
    frames.push(frame(node, chart, x, depth, w, kind));
    let at = x;
    for (const child of node.children ?? []) {
      draw(child, at, depth + 1, child.kind ?? kind);
      at += child.value * scale;
    }
  };
  draw(chart.root, 0, 0, chart.root.kind ?? 7);
  const largest = [...(chart.root.children ?? [])].sort((a, b) => b.value - a.value)[0];
  const summary = largest
    ? `The largest part is ${largest.name} with ${share(largest.value, chart.root.value)} of ${chart.root.name}.`
    : `${chart.root.name} has no parts.`;
  return svg({ width, height: (deepest + 1) * ROW, title: chart.title, summary }, frames.join(''));
}

function share(value: number, whole: number): string {
  return `${((100 * value) / whole).toFixed(1)} %`;
}

function frame(
  node: FlameNode,
  chart: FlameChart,
  x: number,
  depth: number,
  w: number,
  kind: number,
): string {
  const y = depth * ROW;
  const said = [
    node.name,
    `${Math.round(node.value).toLocaleString('en')} ${chart.unit}, ${share(node.value, chart.root.value)}`,
    ...(node.detail ? [node.detail] : []),
  ].join('\n');
  const room = Math.floor((w - 6) / CHARACTER);
  const label = room < 3 ? '' : node.name.length <= room ? node.name : `${node.name.slice(0, room - 1)}…`;
  const fill = palette[kind % palette.length]!;
  // a light wash of the colour, so that dark text is readable on each of them in both themes
  return (
    `<g><title>${escapeXml(said)}</title>` +
    `<rect x="${px(x)}" y="${y}" width="${px(w)}" height="${ROW - 1}" fill="#fff"/>` +
    `<rect x="${px(x)}" y="${y}" width="${px(w)}" height="${ROW - 1}" fill="${fill}" fill-opacity="${depth % 2 ? 0.35 : 0.5}" stroke="#fff" stroke-width="0.5"/>` +
    (label
      ? `<text x="${px(x + 3)}" y="${y + 14}" fill="#111" font-family="ui-monospace, monospace" font-size="11">${escapeXml(label)}</text>`
      : '') +
    `</g>`
  );
}
