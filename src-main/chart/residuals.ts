import { escapeXml, labelledTicks, palette, px, svg, text } from './svg.ts';

export interface ResidualChart {
  readonly title: string;
  /** One row a kind of operator. `residual`: (predicted − measured)/measured. */
  readonly rows: readonly {
    readonly label: string;
    readonly kind: number;
    readonly points: readonly { readonly residual: number; readonly label: string; readonly href?: string }[];
  }[];
  /** Half-width of the shaded band, as a share. */
  readonly band: number;
  /** Farther errors stand at the edge as an arrow; default: the axis holds all. */
  readonly limit?: number;
  readonly width?: number;
}

const ROW = 34;
const LABEL = 170;
const CAPTION = 90;

/** One dot an operator, one row a kind: where a predictor is wrong, by how much and to which side. */
export function residualChart(chart: ResidualChart): string {
  const width = chart.width ?? 620;
  const plot = width - LABEL - CAPTION;
  const all = chart.rows.flatMap((r) => r.points.map((p) => p.residual)).filter(Number.isFinite);
  const limit = chart.limit ?? Infinity;
  const low = Math.max(-limit, Math.min(-chart.band, ...all)) - 0.02;
  const high = Math.min(limit, Math.max(chart.band, ...all)) + 0.02;
  const x = (v: number) => LABEL + ((v - low) / (high - low)) * plot;
  const top = 6;
  const foot = top + chart.rows.length * ROW;
  const parts = [
    `<rect x="${px(x(-chart.band))}" y="${top}" width="${px(x(chart.band) - x(-chart.band))}" height="${foot - top}" fill="var(--grid, #ddd)" opacity="0.6"/>`,
  ];
  for (const { at, label } of labelledTicks(low * 100, high * 100, 6))
    parts.push(
      `<line x1="${px(x(at / 100))}" x2="${px(x(at / 100))}" y1="${top}" y2="${foot}" stroke="${at === 0 ? 'var(--muted, #666)' : 'var(--grid, #ddd)'}"/>`,
      text(x(at / 100), foot + 15, label, { anchor: 'middle', muted: true }),
    );
  chart.rows.forEach((row, i) => {
    const y = top + i * ROW + ROW / 2;
    parts.push(text(LABEL - 10, y + 4, row.label, { anchor: 'end' }));
    for (const p of row.points) {
      if (!Number.isFinite(p.residual)) continue;
      const at = x(Math.min(high, Math.max(low, p.residual)));
      const beyond = p.residual > high ? 1 : p.residual < low ? -1 : 0;
      const mark = pointMark(p.label, at, y, beyond, palette[row.kind % palette.length]!);
      parts.push(
        p.href
          ? `<a href="${escapeXml(p.href)}" tabindex="-1" aria-label="${escapeXml(p.label)}">${mark}</a>`
          : mark,
      );
      if (beyond !== 0) {
        const said = `${beyond > 0 ? '+' : '−'}${Math.round(Math.abs(p.residual) * 100)} %`;
        parts.push(
          text(at - 12 * beyond, y + 4, said, { anchor: beyond > 0 ? 'end' : 'start', muted: true }),
        );
      }
    }
    const known = row.points.map((p) => Math.abs(p.residual)).filter(Number.isFinite);
    const mape = known.reduce((n, r) => n + r, 0) / known.length;
    const said = known.length > 0 ? `${(mape * 100).toFixed(1)} %` : '—';
    parts.push(text(width - CAPTION + 12, y + 4, said, { muted: true }));
  });
  parts.push(
    text(LABEL + plot / 2, foot + 31, 'predicted against measured, %', { anchor: 'middle', muted: true }),
    text(width - CAPTION + 12, foot + 15, 'mean |error|', { muted: true }),
  );
  const inside = all.filter((r) => Math.abs(r) <= chart.band).length;
  const summary = `${inside} of ${all.length} operators are predicted within ±${chart.band * 100} %.`;
  return svg({ width, height: foot + 38, title: chart.title, summary }, parts.join(''));
}

/** A dot; an arrow where the error is beyond the axis. */
function pointMark(label: string, x: number, y: number, beyond: number, colour: string): string {
  const title = `<title>${escapeXml(label)}</title>`;
  const paint = `fill="${colour}" fill-opacity="0.85" stroke="var(--paper, #fff)"`;
  return beyond === 0
    ? `<circle cx="${px(x)}" cy="${px(y)}" r="4.5" ${paint}>${title}</circle>`
    : `<path d="M${px(x)} ${px(y)}l${-8 * beyond} -5v10z" ${paint}>${title}</path>`;
}
