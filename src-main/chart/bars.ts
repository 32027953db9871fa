import { escapeXml, niceTicks, palette, px, svg, text, tickLabel } from './svg.ts';

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Printed at the bar's end: the value as the table gives it. */
  readonly caption: string;
  /** A second value beside the first, drawn hollow: a prediction. */
  readonly hollow?: number;
  /** Index into the palette; bars of one kind share a colour. */
  readonly kind?: number;
  /** Where a click leads. */
  readonly href?: string;
}

export interface BarChart {
  readonly title: string;
  readonly axis: string;
  readonly bars: readonly Bar[];
  readonly width?: number;
}

const ROW = 24;
const LABEL = 190;
const CAPTION = 165;

/** Horizontal bars, one a row, in the order given; solid = measured, hollow outline = predicted. */
export function barChart(chart: BarChart): string {
  const width = chart.width ?? 760;
  const plot = width - LABEL - CAPTION;
  const top = 8;
  const height = top + chart.bars.length * ROW + 34;
  const high = Math.max(1e-12, ...chart.bars.map((b) => Math.max(b.value, b.hollow ?? 0)));
  const x = (v: number) => LABEL + (v / high) * plot;
  const foot = top + chart.bars.length * ROW;
  const parts: string[] = [];
  for (const t of niceTicks(0, high, 5)) {
    parts.push(
      `<line x1="${px(x(t))}" x2="${px(x(t))}" y1="${top}" y2="${px(foot)}" stroke="var(--grid, #ddd)"/>`,
      text(x(t), foot + 15, tickLabel(t), { anchor: 'middle', muted: true }),
    );
  }
  chart.bars.forEach((bar, i) => {
    const y = top + i * ROW;
    const colour = palette[(bar.kind ?? 0) % palette.length]!;
    const drawn =
      (bar.href ? `<rect x="0" y="${y}" width="${width}" height="${ROW}" fill="transparent"/>` : '') +
      text(LABEL - 8, y + 16, bar.label, { anchor: 'end' }) +
      `<rect x="${LABEL}" y="${y + 5}" width="${px(Math.max(0, x(bar.value) - LABEL))}" height="14" rx="2" fill="${colour}"><title>${escapeXml(`${bar.label}: ${bar.caption}`)}</title></rect>`;
    parts.push(bar.href ? `<a href="${escapeXml(bar.href)}">${drawn}</a>` : drawn);
    if (bar.hollow !== undefined)
      parts.push(
        `<rect x="${LABEL}" y="${y + 3}" width="${px(Math.max(0, x(bar.hollow) - LABEL))}" height="18" rx="2" fill="none" stroke="var(--ink, #1a1a1a)" stroke-dasharray="3 2"/>`,
      );
    parts.push(text(Math.max(x(bar.value), x(bar.hollow ?? 0)) + 6, y + 16, bar.caption, { muted: true }));
  });
  parts.push(text(LABEL + plot / 2, foot + 30, chart.axis, { anchor: 'middle', muted: true }));
  const largest = chart.bars.reduce<Bar | undefined>((m, b) => (m && m.value >= b.value ? m : b), undefined);
  const summary = largest
    ? `${chart.bars.length} bars; the largest is ${largest.label} with ${largest.caption}.`
    : 'No bars.';
  return svg({ width, height, title: chart.title, summary }, parts.join(''));
}
