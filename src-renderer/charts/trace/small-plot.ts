import type { TraceHistogram, TraceSpectrum } from '../../../src-main/contract/trace.ts';
import { siText } from './value-axis.ts';

export interface AxisMark {
  readonly at: number;
  readonly label: string;
}

/** A small chart as one path in a field of `WIDTH` × `HEIGHT`, with a few words on each axis. */
export interface SmallPlotData {
  readonly path: string;
  readonly filled: boolean;
  readonly x: readonly AxisMark[];
  readonly y: readonly AxisMark[];
  /** For those who cannot see it. */
  readonly summary: string;
}

export const WIDTH = 460;
export const HEIGHT = 104;

const px = (n: number): string => String(Math.round(n * 10) / 10);

/** Counts over current. Currents over more than a decade and a half get a log axis. */
export function histogramPlot({ borders, counts, samples }: TraceHistogram): SmallPlotData {
  const n = counts.length;
  let first = 0;
  let last = n - 1;
  while (first < last && counts[first] === 0) first++;
  while (last > first && counts[last] === 0) last--;
  const low = borders[first]!;
  const high = borders[last + 1]!;
  const log = low > 0 && high / low > 30;
  const place = log
    ? (a: number) => (Math.log10(a / low) / Math.log10(high / low)) * WIDTH
    : (a: number) => ((a - low) / (high - low || 1)) * WIDTH;
  // rare currents beside frequent ones: the height is the logarithm of the count
  let most = 1;
  for (let k = first; k <= last; k++) most = Math.max(most, counts[k]!);
  const height = (c: number) => (c <= 0 ? 0 : (Math.log10(c * 1.3) / Math.log10(most * 1.3)) * (HEIGHT - 4));
  const parts: string[] = [`M0 ${HEIGHT}`];
  for (let k = first; k <= last; k++) {
    const y = px(HEIGHT - height(counts[k]!));
    parts.push(`L${px(place(borders[k]!))} ${y}L${px(place(borders[k + 1]!))} ${y}`);
  }
  parts.push(`L${WIDTH} ${HEIGHT}Z`);
  const middle = log ? Math.sqrt(low * high) : (low + high) / 2;
  return {
    path: parts.join(''),
    filled: true,
    x: [low, middle, high].map((a) => ({ at: place(a), label: siText(a, 'A', 2) })),
    y: [{ at: HEIGHT - height(most), label: most.toLocaleString('en') }],
    summary: `Counts of ${samples} samples from ${siText(low, 'A', 2)} to ${siText(high, 'A', 2)}, on a logarithmic height.`,
  };
}

/** Power spectral density, both axes logarithmic; the constant part is left out. */
export function spectrumPlot({ frequencyHz, densityA2PerHz }: TraceSpectrum): SmallPlotData {
  const n = frequencyHz.length;
  const first = frequencyHz[0] === 0 ? 1 : 0;
  let low = Infinity;
  let high = -Infinity;
  for (let k = first; k < n; k++) {
    const d = densityA2PerHz[k]!;
    if (d > 0 && d < low) low = d;
    if (d > high) high = d;
  }
  const f0 = frequencyHz[first] ?? 1;
  const f1 = frequencyHz[n - 1] ?? 10;
  const floor = Math.max(Math.log10(low), Math.log10(high) - 12);
  const ceiling = Math.max(Math.log10(high), floor + 1e-3);
  const x = (f: number) => (Math.log10(f / f0) / Math.log10(f1 / f0 || 10)) * WIDTH;
  const y = (d: number) =>
    HEIGHT -
    2 -
    ((Math.max(floor, d > 0 ? Math.log10(d) : floor) - floor) / (ceiling - floor)) * (HEIGHT - 6);
  // more lines than pixels: of each pixel the greatest
  const parts: string[] = [];
  let pixel = -1;
  let best = 0;
  for (let k = first; k <= n; k++) {
    const at = k < n ? Math.floor(x(frequencyHz[k]!)) : Infinity;
    if (at !== pixel) {
      if (pixel >= 0) parts.push(`${parts.length ? 'L' : 'M'}${pixel} ${px(y(best))}`);
      pixel = at;
      best = 0;
    }
    if (k < n) best = Math.max(best, densityA2PerHz[k]!);
  }
  const decades: AxisMark[] = [];
  for (let p = Math.ceil(Math.log10(f0)); 10 ** p <= f1; p++)
    decades.push({ at: x(10 ** p), label: hertz(10 ** p) });
  return {
    path: parts.join(''),
    filled: false,
    x: decades,
    y: [
      { at: y(10 ** ceiling), label: `1e${Math.round(ceiling)}` },
      { at: y(10 ** floor), label: `1e${Math.round(floor)} A²/Hz` },
    ],
    summary: `Power spectral density from ${hertz(f0)} to ${hertz(f1)}.`,
  };
}

function hertz(f: number): string {
  return f >= 1e6
    ? `${f / 1e6} MHz`
    : f >= 1e3
      ? `${Number((f / 1e3).toPrecision(3))} kHz`
      : `${Number(f.toPrecision(3))} Hz`;
}
