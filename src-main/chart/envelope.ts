import { niceTicks, palette, px, svg, text, tickLabel } from './svg.ts';

export interface Envelope {
  readonly title: string;
  readonly xAxis: string;
  readonly yAxis: string;
  readonly fromX: number;
  readonly toX: number;
  /** One pair a column; NaN = no sample there (a gap stays a gap). */
  readonly min: ArrayLike<number>;
  readonly max: ArrayLike<number>;
  readonly regions?: readonly { readonly from: number; readonly to: number; readonly label: string }[];
  readonly width?: number;
  readonly height?: number;
}

const LEFT = 56;

/** A min/max band over time, as an oscilloscope draws more samples than it has pixels. */
export function envelopeChart(e: Envelope): string {
  const width = e.width ?? 760;
  const height = e.height ?? 200;
  const foot = height - 36;
  const top = 18;
  let high = 0;
  let low = 0;
  for (let i = 0; i < e.max.length; i++) {
    if (e.max[i]! > high) high = e.max[i]!;
    if (e.min[i]! < low) low = e.min[i]!;
  }
  if (high === low) high = low + 1;
  const x = (v: number) => LEFT + ((v - e.fromX) / (e.toX - e.fromX)) * (width - LEFT - 12);
  const y = (v: number) => foot - ((v - low) / (high - low)) * (foot - top);
  const parts: string[] = [];
  for (const r of e.regions ?? [])
    parts.push(
      `<rect x="${px(x(r.from))}" y="${top}" width="${px(Math.max(0.5, x(r.to) - x(r.from)))}" height="${foot - top}" fill="${palette[1]}" opacity="0.15"/>`,
      text((x(r.from) + x(r.to)) / 2, top - 5, r.label, { anchor: 'middle', muted: true }),
    );
  for (const t of niceTicks(low, high, 4))
    parts.push(
      `<line x1="${LEFT}" x2="${width - 12}" y1="${px(y(t))}" y2="${px(y(t))}" stroke="var(--grid, #ddd)"/>`,
      text(LEFT - 6, y(t) + 4, tickLabel(t), { anchor: 'end', muted: true }),
    );
  for (const t of niceTicks(e.fromX, e.toX, 8))
    parts.push(text(x(t), foot + 15, tickLabel(t), { anchor: 'middle', muted: true }));
  parts.push(
    `<path d="${bandPath(e, x, y)}" fill="${palette[0]}" stroke="${palette[0]}" stroke-width="0.7"/>`,
  );
  parts.push(
    text(LEFT + (width - LEFT) / 2, height - 4, e.xAxis, { anchor: 'middle', muted: true }),
    text(4, top - 5, e.yAxis, { muted: true }),
  );
  return svg(
    {
      width,
      height,
      title: e.title,
      summary: `Between ${tickLabel(low)} and ${tickLabel(high)} ${e.yAxis}.`,
    },
    parts.join(''),
  );
}

function bandPath(e: Envelope, x: (v: number) => number, y: (v: number) => number): string {
  const n = e.min.length;
  const at = (i: number) => x(e.fromX + ((i + 0.5) / n) * (e.toX - e.fromX));
  const runs: string[] = [];
  for (let i = 0; i < n;) {
    if (Number.isNaN(e.min[i]!)) {
      i++;
      continue;
    }
    let j = i;
    while (j < n && !Number.isNaN(e.min[j]!)) j++;
    const up: string[] = [];
    const back: string[] = [];
    for (let k = i; k < j; k++) {
      up.push(`${px(at(k))} ${px(y(e.max[k]!))}`);
      back.unshift(`${px(at(k))} ${px(y(e.min[k]!))}`);
    }
    runs.push(`M${up.join('L')}L${back.join('L')}Z`);
    i = j;
  }
  return runs.join('');
}
