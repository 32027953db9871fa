import { palette, px, svg, text } from './svg.ts';

/** One wire between board and monitor, by the names printed on them. */
export interface Wire {
  readonly kind: 'supply' | 'ground' | 'logic' | 'event';
  /** `GPIO 2`, `3V3 (pin 36)`. */
  readonly board: string;
  /** `D0`, `VOUT`. */
  readonly monitor: string;
  /** What it is for: `window`. */
  readonly purpose: string;
}

export interface WiringDiagram {
  readonly board: { readonly name: string; readonly detail: string };
  /** null: nothing measures the supply. */
  readonly monitor: { readonly name: string; readonly detail: string } | null;
  readonly wires: readonly Wire[];
  /** How each talks to the computer: `/dev/ttyACM0`, or that it is emulated. */
  readonly boardLink: string;
  readonly monitorLink: string;
}

const WIDTH = 620;
const BOX = 178;
const HEAD = 52;
const ROW = 26;
const FOOT = 44;

/** Colour and dash tell kinds apart, each without the other. */
const strokes: Record<Wire['kind'], string> = {
  supply: `stroke="var(--data-6, ${palette[5]})" stroke-width="3"`,
  ground: `stroke="var(--ink, #1a1a1a)" stroke-width="3"`,
  logic: `stroke="var(--data-1, ${palette[0]})" stroke-width="1.75"`,
  event: `stroke="var(--data-1, ${palette[0]})" stroke-width="1.75" stroke-dasharray="5 3"`,
};

/** Board and monitor with a line a wire, pins named at both ends. */
export function wiringDiagram(d: WiringDiagram): string {
  const rows = Math.max(1, d.wires.length);
  const bottom = HEAD + rows * ROW + 10;
  const right = WIDTH - BOX;
  const parts = [box(0, bottom, d.board.name, d.board.detail)];
  if (d.monitor) parts.push(box(right, bottom, d.monitor.name, d.monitor.detail));
  else
    parts.push(
      `<rect x="${right + 1}" y="1" width="${BOX - 2}" height="${bottom - 2}" rx="8" fill="none" stroke="var(--line-strong, #888)" stroke-dasharray="5 4"/>`,
      text(right + BOX / 2, bottom / 2, 'no monitor', { anchor: 'middle', muted: true }),
    );
  if (d.monitor) d.wires.forEach((wire, i) => parts.push(wireLine(wire, HEAD + i * ROW + ROW / 2, right)));
  parts.push(toComputer(BOX / 2, bottom, d.boardLink));
  if (d.monitor) parts.push(toComputer(right + BOX / 2, bottom, d.monitorLink));
  return svg(
    { width: WIDTH, height: bottom + FOOT, title: 'Wiring', summary: wiringText(d) },
    parts.join(''),
  );
}

/** The same in words: one sentence a wire. */
export function wiringText(d: WiringDiagram): string {
  if (!d.monitor) return `${d.board.name} alone, over ${d.boardLink}.`;
  const wires = d.wires.map((w) => `${w.board} to ${w.monitor} (${w.purpose})`);
  return `${d.board.name} and ${d.monitor.name}: ${wires.join(', ')}.`;
}

function box(x: number, height: number, name: string, detail: string): string {
  return (
    `<rect x="${px(x + 1)}" y="1" width="${BOX - 2}" height="${px(height - 2)}" rx="8" fill="var(--panel, #f4f6f8)" stroke="var(--line-strong, #888)"/>` +
    text(x + BOX / 2, 22, name, { anchor: 'middle', bold: true }) +
    text(x + BOX / 2, 39, detail, { anchor: 'middle', muted: true })
  );
}

function wireLine({ kind, board, monitor, purpose }: Wire, y: number, right: number): string {
  const middle = (BOX + right) / 2;
  // the purpose stands on the wire: the paper behind it keeps both readable
  const half = purpose.length * 3.4 + 8;
  return (
    `<line x1="${BOX}" x2="${px(right)}" y1="${px(y)}" y2="${px(y)}" ${strokes[kind]}/>` +
    pin(BOX, y) +
    pin(right, y) +
    `<rect x="${px(middle - half)}" y="${px(y - 9)}" width="${px(2 * half)}" height="18" rx="4" fill="var(--paper, #fff)"/>` +
    text(middle, y + 4, purpose, { anchor: 'middle', muted: true }) +
    text(BOX - 12, y + 4, board, { anchor: 'end' }) +
    text(right + 12, y + 4, monitor)
  );
}

function pin(x: number, y: number): string {
  return `<circle cx="${px(x)}" cy="${px(y)}" r="4" fill="var(--paper, #fff)" stroke="var(--line-strong, #888)" stroke-width="1.5"/>`;
}

function toComputer(x: number, bottom: number, link: string): string {
  return (
    `<line x1="${px(x)}" x2="${px(x)}" y1="${px(bottom)}" y2="${px(bottom + 18)}" stroke="var(--line-strong, #888)" stroke-width="1.75" stroke-dasharray="2 3"/>` +
    text(x, bottom + 34, link, { anchor: 'middle', muted: true })
  );
}
