import { escapeXml, niceTicks, palette, px, svg, text, tickLabel } from './svg.ts';

export interface Scatter {
  readonly title: string;
  readonly xAxis: string;
  readonly yAxis: string;
  readonly points: readonly {
    readonly x: number;
    readonly y: number;
    readonly label: string;
    readonly kind?: number;
    /** Where a click leads; not in the order of the tab key, where a table has the same links. */
    readonly href?: string;
  }[];
  /** Half-width of the band about y = x, as a share: 0.1 draws ±10 %. */
  readonly band: number;
  readonly size?: number;
}

/** Predicted against measured on equal logarithmic axes with the line y = x and a band about it. */
export function agreementChart(s: Scatter): string {
  const size = s.size ?? 420;
  const left = 64;
  const foot = size - 48;
  const positive = s.points.flatMap((p) => [p.x, p.y]).filter((v) => v > 0);
  const values = positive.length > 0 ? positive : [1, 10];
  const low = Math.log10(Math.min(...values)) - 0.1;
  const high = Math.log10(Math.max(...values)) + 0.1;
  const span = Math.max(high - low, 1e-6);
  const x = (v: number) => left + ((Math.log10(v) - low) / span) * (size - left - 12);
  const y = (v: number) => foot - ((Math.log10(v) - low) / span) * (foot - 12);
  const a = 10 ** low;
  const b = 10 ** high;
  const clip = (v: number) => Math.min(Math.max(v, a), b);
  const line = (f: number, dash: string) =>
    `<line x1="${px(x(clip(a / f)))}" y1="${px(y(clip(a / f) * f))}" x2="${px(x(clip(b / f)))}" y2="${px(y(clip(b / f) * f))}" stroke="var(--muted, #666)"${dash}/>`;
  const parts = [
    line(1, ''),
    line(1 + s.band, ' stroke-dasharray="4 3"'),
    line(1 - s.band, ' stroke-dasharray="4 3"'),
  ];
  for (const t of niceTicks(Math.ceil(low), Math.floor(high), 6).filter(Number.isInteger)) {
    parts.push(
      text(x(10 ** t), foot + 16, tickLabel(10 ** t), { anchor: 'middle', muted: true }),
      text(left - 6, y(10 ** t) + 4, tickLabel(10 ** t), { anchor: 'end', muted: true }),
    );
  }
  for (const p of s.points)
    if (p.x > 0 && p.y > 0) {
      const dot = `<circle cx="${px(x(p.x))}" cy="${px(y(p.y))}" r="4.5" fill="${palette[(p.kind ?? 0) % palette.length]}" stroke="var(--paper, #fff)"><title>${escapeXml(p.label)}</title></circle>`;
      parts.push(
        p.href
          ? `<a href="${escapeXml(p.href)}" tabindex="-1" aria-label="${escapeXml(p.label)}">${dot}</a>`
          : dot,
      );
    }
  parts.push(
    text(left + (size - left) / 2, size - 8, s.xAxis, { anchor: 'middle', muted: true }),
    `<g transform="translate(14 ${px(foot / 2)}) rotate(-90)">${text(0, 0, s.yAxis, { anchor: 'middle', muted: true })}</g>`,
  );
  const inside = s.points.filter((p) => Math.abs(p.y / p.x - 1) <= s.band).length;
  return svg(
    {
      width: size,
      height: size,
      title: s.title,
      summary: `${inside} of ${s.points.length} points lie within ±${s.band * 100} % of equality.`,
    },
    parts.join(''),
  );
}
