import { palette, px, svg } from './svg.ts';

export interface MiniStrip {
  readonly title: string;
  readonly summary: string;
  readonly points: readonly { readonly value: number; readonly excluded?: boolean }[];
  readonly centre?: number;
  readonly band?: readonly [number, number];
  /** The common axis of a column of strips. */
  readonly low: number;
  readonly high: number;
}

const WIDTH = 120;
const HEIGHT = 20;
const MARGIN = 5;

/** A strip for a table's cell: dots, interval and median on the column's axis, which the head of the column tells. */
export function miniStrip(strip: MiniStrip): string {
  const span = strip.high - strip.low;
  const x = (v: number) => (span > 0 ? MARGIN + ((v - strip.low) / span) * (WIDTH - 2 * MARGIN) : WIDTH / 2);
  const middle = HEIGHT / 2;
  const parts = [`<line x1="0" x2="${WIDTH}" y1="${middle}" y2="${middle}" stroke="var(--grid, #ddd)"/>`];
  if (strip.band)
    parts.push(
      `<rect x="${px(x(strip.band[0]))}" y="3" width="${px(Math.max(1, x(strip.band[1]) - x(strip.band[0])))}" height="14" fill="${palette[0]}" opacity="0.2"/>`,
    );
  if (strip.centre !== undefined)
    parts.push(
      `<line x1="${px(x(strip.centre))}" x2="${px(x(strip.centre))}" y1="1" y2="19" stroke="${palette[0]}" stroke-width="2"/>`,
    );
  for (const p of strip.points)
    parts.push(
      p.excluded
        ? `<path d="M${px(x(p.value) - 3)} ${middle - 3}l6 6m0 -6l-6 6" stroke="${palette[5]}" stroke-width="1.5"/>`
        : `<circle cx="${px(x(p.value))}" cy="${middle}" r="2.5" fill="${palette[0]}" fill-opacity="0.75"/>`,
    );
  return svg({ width: WIDTH, height: HEIGHT, title: strip.title, summary: strip.summary }, parts.join(''));
}
