import { escapeXml, labelledTicks, palette, px, svg, text, tickLabel } from './svg.ts';

export interface Strip {
  readonly title: string;
  readonly axis: string;
  readonly rows: readonly {
    readonly label: string;
    readonly points: readonly {
      readonly value: number;
      readonly caption: string;
      readonly excluded?: boolean;
    }[];
    /** Drawn as a line: the median. */
    readonly centre?: number;
    /** Drawn as a band: the interval. */
    readonly band?: readonly [number, number];
  }[];
  readonly width?: number;
}

const LABEL = 120;

/** One dot a window on a common axis, with median and interval; excluded windows are crosses. */
export function stripChart(strip: Strip): string {
  const width = strip.width ?? 760;
  const row = 40;
  const top = 6;
  const foot = top + strip.rows.length * row;
  const values = strip.rows
    .flatMap((r) => [...r.points.map((p) => p.value), ...(r.band ?? [])])
    .filter(Number.isFinite);
  const lowest = Math.min(...values);
  const highest = Math.max(...values);
  // identical repetitions would otherwise give an axis of no length
  const pad = highest > lowest ? (highest - lowest) * 0.1 : Math.max(Math.abs(highest) * 0.01, 1e-9);
  const low = lowest - pad;
  const high = highest + pad;
  const x = (v: number) => LABEL + ((v - low) / (high - low)) * (width - LABEL - 30);
  const parts: string[] = [];
  for (const { at, label } of labelledTicks(low, high, 5))
    parts.push(
      `<line x1="${px(x(at))}" x2="${px(x(at))}" y1="${top}" y2="${foot}" stroke="var(--grid, #ddd)"/>`,
      text(x(at), foot + 15, label, { anchor: 'middle', muted: true }),
    );
  strip.rows.forEach((r, i) => {
    const y = top + i * row + row / 2;
    parts.push(text(LABEL - 10, y + 4, r.label, { anchor: 'end' }));
    if (r.band)
      parts.push(
        `<rect x="${px(x(r.band[0]))}" y="${y - 10}" width="${px(Math.max(1, x(r.band[1]) - x(r.band[0])))}" height="20" fill="${palette[0]}" opacity="0.15"/>`,
      );
    if (r.centre !== undefined)
      parts.push(
        `<line x1="${px(x(r.centre))}" x2="${px(x(r.centre))}" y1="${y - 13}" y2="${y + 13}" stroke="${palette[0]}" stroke-width="2"/>`,
      );
    for (const p of r.points) {
      const tip = `<title>${escapeXml(p.caption)}</title>`;
      parts.push(
        p.excluded
          ? `<path d="M${px(x(p.value) - 4)} ${y - 4}l8 8m0 -8l-8 8" stroke="${palette[5]}" stroke-width="2">${tip}</path>`
          : `<circle cx="${px(x(p.value))}" cy="${y}" r="5" fill="${palette[0]}" stroke="var(--paper, #fff)">${tip}</circle>`,
      );
    }
  });
  parts.push(
    text(LABEL + (width - LABEL - 30) / 2, foot + 30, strip.axis, { anchor: 'middle', muted: true }),
  );
  const n = strip.rows.reduce((s, r) => s + r.points.length, 0);
  return svg(
    {
      width,
      height: foot + 36,
      title: strip.title,
      summary: `${n} windows between ${tickLabel(lowest)} and ${tickLabel(highest)}.`,
    },
    parts.join(''),
  );
}
