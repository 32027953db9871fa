import { escapeXml, labelledTicks, palette, px, svg, text } from './svg.ts';

export interface DifferenceChart {
  readonly title: string;
  readonly axis: string;
  readonly rows: readonly {
    readonly label: string;
    /** Signed; below 0 is less than the baseline. */
    readonly change: number;
    /** Half-width about the change within which it may be nothing; 0 where it is exact. */
    readonly uncertain?: number;
    readonly caption: string;
    readonly href?: string;
  }[];
  readonly width?: number;
}

const ROW = 24;
const LABEL = 190;
const CAPTION = 150;

/** Bars to both sides of zero: left is less, right is more; hatched where the change may be nothing. */
export function differenceChart(chart: DifferenceChart): string {
  const width = chart.width ?? 760;
  const plot = width - LABEL - CAPTION;
  // without any change there is no scale: one unit stands for it
  const reach = Math.max(0, ...chart.rows.map((r) => Math.abs(r.change) + (r.uncertain ?? 0))) || 1;
  const low = Math.min(0, ...chart.rows.map((r) => r.change - (r.uncertain ?? 0)));
  const high = Math.max(0, ...chart.rows.map((r) => r.change + (r.uncertain ?? 0)));
  // one side may have no bar at all: it keeps a tenth, so that zero is seen as zero
  const from = Math.min(low, -reach * 0.1);
  const to = Math.max(high, reach * 0.1);
  const x = (v: number) => LABEL + ((v - from) / (to - from)) * plot;
  const top = 6;
  const foot = top + chart.rows.length * ROW;
  const parts: string[] = [];
  for (const { at, label } of labelledTicks(from, to, 5))
    parts.push(
      `<line x1="${px(x(at))}" x2="${px(x(at))}" y1="${top}" y2="${foot}" stroke="${at === 0 ? 'var(--muted, #666)' : 'var(--grid, #ddd)'}"/>`,
      text(x(at), foot + 15, label, { anchor: 'middle', muted: true }),
    );
  chart.rows.forEach((row, i) => {
    const y = top + i * ROW;
    const [a, b] = row.change < 0 ? [row.change, 0] : [0, row.change];
    const sure = Math.abs(row.change) > (row.uncertain ?? 0);
    const colour = row.change < 0 ? palette[0] : palette[5];
    const title = `<title>${escapeXml(`${row.label}: ${row.caption}`)}</title>`;
    const bar =
      (row.href ? `<rect x="0" y="${y}" width="${width}" height="${ROW}" fill="transparent"/>` : '') +
      `<rect x="${px(x(a))}" y="${y + 5}" width="${px(Math.max(sure ? 1 : 0, x(b) - x(a)))}" height="14" fill="${sure ? colour : 'none'}" stroke="${colour}"${sure ? '' : ' stroke-dasharray="3 2"'}>${title}</rect>` +
      (row.uncertain ? whisker(x(row.change - row.uncertain), x(row.change + row.uncertain), y + 12) : '') +
      text(LABEL - 8, y + 16, row.label, { anchor: 'end' }) +
      text(LABEL + plot + 10, y + 16, row.caption, { muted: true });
    parts.push(
      row.href
        ? `<a href="${escapeXml(row.href)}" aria-label="${escapeXml(`${row.label}: ${row.caption}`)}">${bar}</a>`
        : bar,
    );
  });
  parts.push(text(LABEL + plot / 2, foot + 31, chart.axis, { anchor: 'middle', muted: true }));
  const less = chart.rows.filter((r) => r.change < -(r.uncertain ?? 0)).length;
  const more = chart.rows.filter((r) => r.change > (r.uncertain ?? 0)).length;
  const summary = `${less} less, ${more} more, ${chart.rows.length - less - more} the same or not to be told.`;
  return svg({ width, height: foot + 38, title: chart.title, summary }, parts.join(''));
}

function whisker(from: number, to: number, y: number): string {
  return `<path d="M${px(from)} ${px(y)}H${px(to)}M${px(from)} ${px(y - 3)}v6M${px(to)} ${px(y - 3)}v6" stroke="var(--ink, #1a1a1a)" fill="none"/>`;
}
