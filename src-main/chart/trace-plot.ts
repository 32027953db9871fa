import { labelledTicks, palette, px, svg, text } from './svg.ts';

/** Columns of a trace: column k covers [borders[k], borders[k + 1]) sample periods; NaN where no sample is there. */
export interface TracePlotColumns {
  readonly borders: ArrayLike<number>;
  readonly min: ArrayLike<number>;
  readonly max: ArrayLike<number>;
  readonly mean: ArrayLike<number>;
  /** Logic bits that were high at least once, and all the time. */
  readonly or: ArrayLike<number>;
  readonly and: ArrayLike<number>;
}

export interface TracePlot {
  readonly title: string;
  /** `emulated PPK2, 100 ksps`: below the picture. */
  readonly caption: string;
  /** Measured and emulated are drawn in different colours everywhere. */
  readonly source: 'measured' | 'emulated';
  readonly sampleRateHz: number;
  readonly fromSample: number;
  readonly toSample: number;
  readonly columns: TracePlotColumns;
  /** Multiplies the columns: 1 for A, the supply in V for W. */
  readonly factor: number;
  readonly unit: 'A' | 'W';
  readonly scale: { readonly kind: 'linear' | 'log'; readonly low: number; readonly high: number };
  readonly windows: readonly { readonly from: number; readonly to: number; readonly label: string }[];
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
  readonly marks: readonly { readonly sample: number; readonly label: string }[];
  readonly operators: readonly {
    readonly from: number;
    readonly to: number;
    readonly label: string;
    readonly colour: number;
  }[];
  readonly channels: readonly { readonly bit: number; readonly label: string }[];
  readonly markers: readonly { readonly sample: number; readonly label: string }[];
  readonly width?: number;
  readonly height?: number;
}

const LEFT = 88;
const RIGHT = 14;
const TOP = 46;
const LANE = 18;
const OPERATORS = 30;
const FOOT = 46;
const PREFIXES = [
  [1, ''],
  [1e-3, 'm'],
  [1e-6, 'µ'],
  [1e-9, 'n'],
] as const;

interface Frame {
  readonly x: (sample: number) => number;
  readonly y: (value: number) => number;
  readonly right: number;
  readonly top: number;
  readonly foot: number;
}

/** A part of a trace as one SVG: the same picture as on the screen, for reports and papers. Gaps stay gaps. */
export function tracePlot(plot: TracePlot): string {
  const width = plot.width ?? 960;
  const operators = plot.operators.length > 0 ? OPERATORS : 0;
  const height = plot.height ?? 300 + operators + plot.channels.length * LANE;
  const foot = height - FOOT - operators - plot.channels.length * LANE;
  const right = width - RIGHT;
  const x = (sample: number) =>
    LEFT + ((sample - plot.fromSample) / (plot.toSample - plot.fromSample)) * (right - LEFT);
  const frame: Frame = { x, y: heightOf(plot, foot), right, top: TOP, foot };
  const parts = [
    text(LEFT, 16, plot.title, { bold: true }),
    `<clipPath id="mj-trace-field"><rect x="${LEFT}" y="${TOP}" width="${px(right - LEFT)}" height="${px(foot - TOP)}"/></clipPath>`,
    valueGrid(plot, frame),
    timeGrid(plot, frame, height - FOOT),
    `<g clip-path="url(#mj-trace-field)">`,
    ...plot.windows.map((w) => windowPart(w, frame)),
    signal(plot, frame),
    ...plot.gaps.map((g) => gapPart(g, frame)),
    ...plot.marks.map((m) => markPart(m, frame)),
    `</g>`,
    ...plot.operators.map((o) => operatorPart(o, frame, foot + 6)),
    ...plot.channels.map((c, i) => lane(plot, c, frame, foot + 6 + operators + i * LANE)),
    ...plot.markers.map((m) => markerPart(m, frame, height - FOOT)),
    text(LEFT, height - 4, plot.caption, { muted: true }),
  ];
  return svg({ width, height, title: plot.title, summary: summaryOf(plot) }, parts.join(''));
}

function heightOf({ scale, factor }: TracePlot, foot: number): (value: number) => number {
  if (scale.kind === 'linear')
    return (value) => foot - ((value * factor - scale.low) / (scale.high - scale.low)) * (foot - TOP);
  const low = Math.log10(scale.low);
  const span = Math.log10(scale.high) - low;
  return (value) => foot - ((Math.log10(Math.max(value * factor, scale.low)) - low) / span) * (foot - TOP);
}

function prefixOf(value: number): readonly [number, string] {
  return PREFIXES.find(([size]) => Math.abs(value) >= size * 0.999999) ?? PREFIXES[3];
}

function valueGrid({ scale, unit, factor }: TracePlot, { y, right, foot }: Frame): string {
  const ticks: { at: number; label: string }[] = [];
  if (scale.kind === 'log')
    for (let p = Math.round(Math.log10(scale.low)); 10 ** p <= scale.high * 1.0001; p++) {
      const [size, prefix] = prefixOf(10 ** p);
      ticks.push({ at: 10 ** p, label: `${Math.round(10 ** p / size)} ${prefix}${unit}` });
    }
  else {
    const [size, prefix] = prefixOf(Math.max(Math.abs(scale.low), Math.abs(scale.high)));
    for (const t of labelledTicks(scale.low / size, scale.high / size, 5))
      ticks.push({ at: t.at * size, label: `${t.label} ${prefix}${unit}` });
  }
  return (
    ticks
      .map(
        ({ at, label }) =>
          `<line x1="${LEFT}" x2="${px(right)}" y1="${px(y(at / factor))}" y2="${px(y(at / factor))}" stroke="var(--grid, #ddd)"/>` +
          text(LEFT - 6, y(at / factor) + 4, label, { anchor: 'end', muted: true }),
      )
      .join('') +
    `<rect x="${LEFT}" y="${TOP}" width="${px(right - LEFT)}" height="${px(foot - TOP)}" fill="none" stroke="var(--line, #ccc)"/>`
  );
}

/** Times since the left edge where the view is deep in a trace: labels stay short. */
function timeGrid(plot: TracePlot, { x, top, foot }: Frame, below: number): string {
  const from = plot.fromSample / plot.sampleRateHz;
  const to = plot.toSample / plot.sampleRateHz;
  const deep = from > (to - from) * 50;
  const base = deep ? from : 0;
  const span = Math.max(to - base, 1e-9);
  const [size, unit] = span >= 1 ? [1, 's'] : span >= 1e-3 ? [1e-3, 'ms'] : [1e-6, 'µs'];
  const grid = labelledTicks((from - base) / size, (to - base) / size, 8)
    .map(({ at, label }) => {
      const place = x((base + at * size) * plot.sampleRateHz);
      return (
        `<line x1="${px(place)}" x2="${px(place)}" y1="${top}" y2="${px(foot)}" stroke="var(--grid, #ddd)"/>` +
        text(place, below + 15, `${label} ${unit}`, { anchor: 'middle', muted: true })
      );
    })
    .join('');
  if (!deep) return grid;
  const since = `since ${Number(from.toPrecision(9))} s`;
  return grid + text(x(plot.toSample), below + 30, since, { anchor: 'end', muted: true });
}

function signal({ columns, source, fromSample, toSample }: TracePlot, { x, y }: Frame): string {
  const { borders, min, max, mean } = columns;
  const single = borders.length > 1 && borders[borders.length - 1]! - borders[0]! <= min.length;
  const colour = source === 'measured' ? palette[0] : palette[2];
  const bars: string[] = [];
  const line: string[] = [];
  let broken = true;
  for (let k = 0; k < min.length; k++) {
    if (borders[k + 1]! <= fromSample || borders[k]! >= toSample) continue;
    if (Number.isNaN(min[k]!)) {
      broken = true;
      continue;
    }
    const [x0, x1] = [x(borders[k]!), x(borders[k + 1]!)];
    const middle = y(mean[k]!);
    if (single) line.push(`${broken ? 'M' : 'L'}${px(x0)} ${px(middle)}H${px(x1)}`);
    else {
      const top = y(max[k]!);
      bars.push(`M${px(x0)} ${px(top)}H${px(x1)}V${px(Math.max(y(min[k]!), top + 0.5))}H${px(x0)}Z`);
      line.push(`${broken ? 'M' : 'L'}${px((x0 + x1) / 2)} ${px(middle)}`);
    }
    broken = false;
  }
  const band = bars.length > 0 ? `<path d="${bars.join('')}" fill="${colour}" opacity="0.45"/>` : '';
  return `${band}<path d="${line.join('')}" fill="none" stroke="${colour}" stroke-width="1.2"/>`;
}

function windowPart(w: TracePlot['windows'][number], { x, top, foot }: Frame): string {
  const width = Math.max(0.5, x(w.to) - x(w.from));
  return (
    `<rect x="${px(x(w.from))}" y="${top}" width="${px(width)}" height="${px(foot - top)}" fill="${palette[4]}" opacity="0.18"/>` +
    (width > 60 ? text(Math.max(LEFT, x(w.from)) + 5, top + 13, w.label, { muted: true }) : '')
  );
}

/** Striped in a pattern of lines, at least a pixel and a half wide: what is missing can be seen. */
function gapPart(g: TracePlot['gaps'][number], { x, top, foot }: Frame): string {
  const left = x(g.from);
  const width = Math.max(1.5, x(g.to) - left);
  const stripes: string[] = [];
  for (let s = 0; s * 7 < width; s++)
    stripes.push(
      `M${px(left + s * 7)} ${px(foot)}L${px(Math.min(left + width, left + s * 7 + 5))} ${px(top)}`,
    );
  return (
    `<rect x="${px(left)}" y="${top}" width="${px(width)}" height="${px(foot - top)}" fill="${palette[1]}" opacity="0.3"/>` +
    `<path d="${stripes.join('')}" stroke="${palette[5]}" stroke-width="0.8"/>`
  );
}

function markPart(m: TracePlot['marks'][number], { x, top, foot }: Frame): string {
  const at = px(x(m.sample));
  return (
    `<line x1="${at}" x2="${at}" y1="${top}" y2="${px(foot)}" stroke="${palette[5]}" stroke-dasharray="3 3"/>` +
    text(x(m.sample) + 3, foot - 5, m.label)
  );
}

function operatorPart(o: TracePlot['operators'][number], { x, right }: Frame, top: number): string {
  const from = Math.max(LEFT, x(o.from));
  const to = Math.min(right, x(o.to));
  if (to <= from) return '';
  const words = [o.label, o.label.split(',')[0]!, o.label.split(' ')[0]!];
  const shown = words.find((w) => w.length * 7.6 + 8 <= to - from);
  const label = shown ? text(from + 4, top + 15, shown) : '';
  const fill = palette[o.colour % palette.length]!;
  return (
    `<rect x="${px(from)}" y="${px(top)}" width="${px(to - from)}" height="22" fill="${fill}" opacity="0.35" stroke="${fill}"/>` +
    label
  );
}

function lane(
  { columns, fromSample, toSample }: TracePlot,
  c: TracePlot['channels'][number],
  { x, right }: Frame,
  top: number,
): string {
  const bit = 1 << c.bit;
  const { borders, or, and } = columns;
  const [high, low] = [top + 3, top + LANE - 4];
  const path: string[] = [];
  let last = NaN;
  for (let k = 0; k < or.length; k++) {
    const from = Math.max(borders[k]!, fromSample);
    const to = Math.min(borders[k + 1]!, toSample);
    if (to <= from) continue;
    const x0 = px(x(from));
    const both = (or[k]! & bit) !== 0 && (and[k]! & bit) === 0;
    const y = or[k]! & bit ? high : low;
    if (both) path.push(`M${x0} ${px(low)}V${px(high)}H${px(Math.min(right, x(to)))}V${px(low)}Z`);
    else path.push(`${Number.isNaN(last) ? 'M' : 'L'}${x0} ${px(y)}H${px(Math.min(right, x(to)))}`);
    last = both ? NaN : y;
  }
  return (
    text(LEFT - 6, top + LANE / 2 + 4, c.label, { anchor: 'end', muted: true }) +
    `<path d="${path.join('')}" fill="none" stroke="${palette[0]}"/>`
  );
}

function markerPart(m: TracePlot['markers'][number], { x, top }: Frame, below: number): string {
  const at = px(x(m.sample));
  return (
    `<line x1="${at}" x2="${at}" y1="${top - 4}" y2="${px(below)}" stroke="${palette[5]}" stroke-width="1.4"/>` +
    text(x(m.sample), top - 7, m.label, { anchor: 'middle', bold: true })
  );
}

function summaryOf({ columns, factor, unit, fromSample, toSample, sampleRateHz, gaps }: TracePlot): string {
  let low = Infinity;
  let high = -Infinity;
  for (let k = 0; k < columns.min.length; k++) {
    if (columns.borders[k + 1]! <= fromSample || columns.borders[k]! >= toSample) continue;
    if (columns.min[k]! < low) low = columns.min[k]!;
    if (columns.max[k]! > high) high = columns.max[k]!;
  }
  const seconds = Number(((toSample - fromSample) / sampleRateHz).toPrecision(4));
  const missing = gaps.length > 0 ? ` ${gaps.length} gaps.` : '';
  if (!(high >= low)) return `${seconds} s without a sample.`;
  const word = (v: number) => {
    const [size, prefix] = prefixOf(v * factor);
    return `${Number(((v * factor) / size).toPrecision(3))} ${prefix}${unit}`;
  };
  return `${seconds} s of a trace between ${word(low)} and ${word(high)}.${missing}`;
}
