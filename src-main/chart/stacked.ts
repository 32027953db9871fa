import { escapeXml, labelledTicks, palette, px, svg, text } from './svg.ts';

export interface StackedPart {
  readonly label: string;
  readonly value: number;
  readonly caption: string;
  /** Index into the palette; parts of one kind share a colour. */
  readonly kind: number;
  /** Where a click leads. */
  readonly href?: string;
}

export interface StackedChart {
  readonly title: string;
  readonly axis: string;
  readonly rows: readonly {
    readonly label: string;
    readonly parts: readonly StackedPart[];
    /** Printed at the row's end. */
    readonly caption: string;
  }[];
  /** Names of the kinds, for the legend below. */
  readonly kinds: readonly string[];
  readonly width?: number;
}

const ROW = 40;
const LABEL = 170;
const CAPTION = 130;
/** Narrower parts keep their colour and lose their outline: they would be nothing but outline. */
const OUTLINED = 3;
/** Narrower parts cannot be hit: they are reached from the table. */
const HIT = 24;
const LEGEND_ITEM = 190;

/** One bar a row, its parts one after the other on a common axis: what an inference consists of. */
export function stackedChart(chart: StackedChart): string {
  const width = chart.width ?? 760;
  const plot = width - LABEL - CAPTION;
  const totals = chart.rows.map((r) => r.parts.reduce((n, p) => n + p.value, 0));
  const high = Math.max(1e-12, ...totals);
  const top = 6;
  const foot = top + chart.rows.length * ROW;
  const parts: string[] = [];
  for (const { at, label } of labelledTicks(0, high, 5))
    parts.push(
      `<line x1="${px(LABEL + (at / high) * plot)}" x2="${px(LABEL + (at / high) * plot)}" y1="${top}" y2="${foot}" stroke="var(--grid, #ddd)"/>`,
      text(LABEL + (at / high) * plot, foot + 15, label, { anchor: 'middle', muted: true }),
    );
  chart.rows.forEach((row, r) => {
    const y = top + r * ROW;
    parts.push(text(LABEL - 8, y + 24, row.label, { anchor: 'end' }));
    let from = 0;
    for (const p of row.parts) {
      parts.push(partBox(p, LABEL + (from / high) * plot, y + 6, (p.value / high) * plot));
      from += p.value;
    }
    parts.push(text(LABEL + (from / high) * plot + 6, y + 24, row.caption, { muted: true }));
  });
  parts.push(text(LABEL + plot / 2, foot + 31, chart.axis, { anchor: 'middle', muted: true }));
  const legend = legendOf(chart.kinds, foot + 44, width);
  return svg(
    { width, height: foot + 44 + legend.height, title: chart.title, summary: summaryOf(chart, totals) },
    parts.join('') + legend.body,
  );
}

function partBox(p: StackedPart, x: number, y: number, width: number): string {
  const outline = width >= OUTLINED ? ' stroke="var(--paper, #fff)" stroke-width="1"' : '';
  const box = `<rect x="${px(x)}" y="${px(y)}" width="${px(Math.max(0, width))}" height="28" fill="${palette[p.kind % palette.length]}"${outline}><title>${escapeXml(`${p.label}: ${p.caption}`)}</title></rect>`;
  return p.href && width >= HIT
    ? `<a href="${escapeXml(p.href)}" aria-label="${escapeXml(`${p.label}: ${p.caption}`)}">${box}</a>`
    : box;
}

function legendOf(kinds: readonly string[], y: number, width: number): { body: string; height: number } {
  const columns = Math.max(1, Math.floor(width / LEGEND_ITEM));
  const body = kinds.map((name, i) => {
    const x = (i % columns) * LEGEND_ITEM;
    const at = y + Math.floor(i / columns) * 20;
    return `<rect x="${px(x)}" y="${px(at)}" width="12" height="12" rx="2" fill="${palette[i % palette.length]}"/>${text(x + 18, at + 10, name, { muted: true })}`;
  });
  return { body: body.join(''), height: Math.ceil(kinds.length / columns) * 20 };
}

function summaryOf(chart: StackedChart, totals: readonly number[]): string {
  const said = chart.rows.map((row, r) => {
    const largest = row.parts.reduce<StackedPart | null>((m, p) => (m && m.value >= p.value ? m : p), null);
    const share = largest && totals[r]! > 0 ? Math.round((100 * largest.value) / totals[r]!) : 0;
    return `${row.label} ${row.caption}${largest ? `, ${share} % of it ${largest.label}` : ''}`;
  });
  return `${said.join('; ')}.`;
}
