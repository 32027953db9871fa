import { escapeXml, labelledTicks, palette, px, svg, text } from './svg.ts';

export interface HistogramChart {
  readonly title: string;
  readonly axis: string;
  readonly from: number;
  readonly binWidth: number;
  readonly bins: readonly number[];
  readonly width?: number;
  readonly height?: number;
}

/** Counts a bin, from `from` on. */
export function histogramChart(h: HistogramChart): string {
  const width = h.width ?? 420;
  const height = h.height ?? 140;
  const foot = height - 34;
  const top = 4;
  const to = h.from + h.bins.length * h.binWidth;
  const most = Math.max(1, ...h.bins);
  const margin = 8;
  const x = (v: number) => margin + ((v - h.from) / (to - h.from)) * (width - 2 * margin);
  const parts = h.bins.map((count, i) => {
    const from = x(h.from + i * h.binWidth);
    const wide = Math.max(0.5, x(h.from + (i + 1) * h.binWidth) - from - 0.5);
    const tall = (count / most) * (foot - top);
    return count === 0
      ? ''
      : `<rect x="${px(from)}" y="${px(foot - tall)}" width="${px(wide)}" height="${px(Math.max(1, tall))}" fill="${palette[0]}"><title>${escapeXml(`${Number((h.from + i * h.binWidth).toPrecision(4))}: ${count}`)}</title></rect>`;
  });
  parts.push(
    `<line x1="${margin}" x2="${width - margin}" y1="${foot}" y2="${foot}" stroke="var(--muted, #666)"/>`,
    ...labelledTicks(h.from, to, 4).map(({ at, label }) =>
      text(x(at), foot + 14, label, { anchor: 'middle', muted: true }),
    ),
    text(width / 2, foot + 29, h.axis, { anchor: 'middle', muted: true }),
  );
  const total = h.bins.reduce((n, c) => n + c, 0);
  const summary = `${total} values from ${Number(h.from.toPrecision(4))} to ${Number(to.toPrecision(4))}.`;
  return svg({ width, height, title: h.title, summary }, parts.join(''));
}
