import type { TraceEnvelope } from '../../../src-main/contract/trace.ts';
import { widthOf, type SpanView } from './span-view.ts';

/** Part of a trace that is asked for in columns. */
export interface ColumnRequest {
  readonly fromSample: number;
  readonly toSample: number;
  readonly columns: number;
}

/** Columns that one request may have, of the contract. */
const MOST_COLUMNS = 8192;

/**
 * What to ask for so that a plot of `pixels` is sharp: columns of a power of two of samples, one to two a pixel, and a
 * quarter of the view more at either side. While a view is panned or zoomed within an octave, the same columns serve.
 */
export function columnsFor(view: SpanView, pixels: number, length: number): ColumnRequest {
  const size = columnSamples(view, pixels);
  const room = widthOf(view) / 4;
  // whole groups of columns: neighbouring requests have the same borders
  const group = size * 16;
  const fromSample = Math.max(0, Math.floor((view.from - room) / group) * group);
  const wanted = Math.ceil((view.to + room) / group) * group;
  const toSample = Math.max(fromSample + 1, Math.min(length, wanted, fromSample + size * MOST_COLUMNS));
  return { fromSample, toSample, columns: Math.max(1, Math.ceil((toSample - fromSample) / size)) };
}

export function columnSamples(view: SpanView, pixels: number): number {
  const perPixel = widthOf(view) / Math.max(1, pixels);
  return perPixel <= 1 ? 1 : 2 ** Math.floor(Math.log2(perPixel));
}

/** Does what is there show this view as sharp as it can be, up to `length`? */
export function serves(
  columns: Pick<TraceEnvelope, 'borders'> | null,
  view: SpanView,
  pixels: number,
  length: number,
): boolean {
  if (!columns) return false;
  const { borders } = columns;
  const last = borders.length - 1;
  const end = Math.min(view.to, length);
  if (borders[0]! > Math.max(0, Math.floor(view.from)) || borders[last]! < Math.floor(end)) return false;
  const has = (borders[last]! - borders[0]!) / last;
  return has <= columnSamples(view, pixels) * 1.01;
}

/** Column that holds a sample; −1 outside. */
export function columnAt(borders: Float64Array, sample: number): number {
  const last = borders.length - 1;
  if (!(sample >= borders[0]! && sample < borders[last]!)) return -1;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (borders[middle]! <= sample) low = middle;
    else high = middle;
  }
  return low;
}

/** First and last + 1 of the columns that touch a view. */
export function columnsIn(borders: Float64Array, view: SpanView): readonly [number, number] {
  const last = borders.length - 1;
  if (view.to <= borders[0]! || view.from >= borders[last]!) return [0, 0];
  const first = Math.max(0, columnAt(borders, view.from));
  const end = view.to >= borders[last]! ? last : columnAt(borders, view.to) + 1;
  return [first, end];
}

export interface Extremes {
  min: number;
  max: number;
  /** Least of the values above zero: where a log axis ends. */
  leastPositive: number;
}

/** Of the columns that touch a view, into `out`; Infinity, −Infinity where no sample is there. Hot: allocates nothing. */
export function extremesIn(columns: TraceEnvelope, first: number, end: number, out: Extremes): void {
  let min = Infinity;
  let max = -Infinity;
  let positive = Infinity;
  for (let k = first; k < end; k++) {
    const low = columns.min[k]!;
    if (low !== low) continue;
    if (low < min) min = low;
    if (columns.max[k]! > max) max = columns.max[k]!;
    const least = low > 0 ? low : columns.mean[k]!;
    if (least > 0 && least < positive) positive = least;
  }
  out.min = min;
  out.max = max;
  out.leastPositive = positive;
}
