import { MARK_FLAG, flagsOf } from './draw-places.ts';
import { columnAt } from './columns.ts';
import { sampleAt, xOf, type Axis } from './span-view.ts';
import type { MarkerPair } from './marker-pair.ts';
import type { TraceModel } from './trace-model.ts';

export type Hit =
  | { readonly kind: 'marker'; readonly which: 'a' | 'b' }
  | { readonly kind: 'minimap' }
  | { readonly kind: 'mark'; readonly index: number; readonly count: number }
  | { readonly kind: 'gap'; readonly index: number }
  | { readonly kind: 'note'; readonly index: number }
  | { readonly kind: 'operator'; readonly index: number }
  | { readonly kind: 'window'; readonly from: number; readonly to: number }
  | { readonly kind: 'plot' }
  | { readonly kind: 'none' };

/** Half of what a marker can be taken by: 24 pixels in all. */
const REACH = 12;

type Picture = Pick<TraceModel, 'layout' | 'view' | 'places' | 'operators' | 'run'>;

/** What is under a pixel, the uppermost first. */
export function hitAt(picture: Picture, markers: MarkerPair, x: number, y: number): Hit {
  const { layout, view, places } = picture;
  const { left, plotWidth, minimap, plot, ruler } = layout;
  const axis: Axis = { view, left, width: plotWidth };
  if (y >= minimap.top && y <= minimap.top + minimap.height) return { kind: 'minimap' };
  if (x < left - REACH || x > left + plotWidth + REACH) return { kind: 'none' };
  const near = nearMarker(axis, markers, x, y <= ruler.top + ruler.height ? REACH : 5);
  if (near) return { kind: 'marker', which: near };
  if (inside(layout.notes, y)) {
    const at = sampleAt(axis, x);
    const index = (places?.annotations ?? []).findIndex(
      (n) => at >= n.fromSample && x <= Math.max(xOf(axis, n.toSample), xOf(axis, n.fromSample) + 80),
    );
    return index < 0 ? { kind: 'plot' } : { kind: 'note', index };
  }
  if (inside(layout.operators, y)) {
    const index = operatorAt(picture, sampleAt(axis, x));
    return index < 0 ? { kind: 'plot' } : { kind: 'operator', index };
  }
  if (places && inside(plot, y)) {
    if (y > plot.top + plot.height - MARK_FLAG - 4) {
      const flag = flagsOf(places.marks, axis).find((f) => Math.abs(f.x - x) <= REACH);
      if (flag) return { kind: 'mark', index: flag.first, count: flag.count };
    }
    const gap = places.gaps.findIndex(
      (g) => x >= xOf(axis, g.firstSample) - 3 && x <= xOf(axis, g.endSample) + 3,
    );
    if (gap >= 0) return { kind: 'gap', index: gap };
  }
  const at = sampleAt(axis, x);
  const window = places?.windows?.find((w) => at >= w.startSample && at < w.endSample);
  if (window) return { kind: 'window', from: window.startSample, to: window.endSample };
  return { kind: 'plot' };
}

function inside(band: { readonly top: number; readonly height: number } | null, y: number): boolean {
  return band !== null && y >= band.top && y < band.top + band.height;
}

function nearMarker(axis: Axis, { a, b }: MarkerPair, x: number, reach: number): 'a' | 'b' | null {
  const distance = (at: number | null) => (at === null ? Infinity : Math.abs(xOf(axis, at) - x));
  const [toA, toB] = [distance(a), distance(b)];
  if (Math.min(toA, toB) > reach) return null;
  return toB <= toA ? 'b' : 'a';
}

/** Part of the operator lane that holds a sample; −1 where none does. */
export function operatorAt({ operators }: Pick<TraceModel, 'operators'>, sample: number): number {
  if (!operators || operators.from.length === 0) return -1;
  // parts are in order and do not overlap
  let low = 0;
  let high = operators.from.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (operators.to[middle]! <= sample) low = middle + 1;
    else high = middle;
  }
  return low < operators.from.length && operators.from[low]! <= sample ? low : -1;
}

/** The inference that holds a sample, as [from, to): of the operator lane, else the window. */
export function inferenceAt(
  picture: Pick<TraceModel, 'operators' | 'places'>,
  sample: number,
): readonly [number, number] | null {
  const { operators, places } = picture;
  const index = operatorAt(picture, sample);
  if (operators && index >= 0) {
    const same = (i: number) =>
      operators.inference[i] === operators.inference[index] &&
      operators.window[i] === operators.window[index];
    let first = index;
    let last = index;
    while (first > 0 && same(first - 1)) first--;
    while (last + 1 < operators.from.length && same(last + 1)) last++;
    return [operators.from[first]!, operators.to[last]!];
  }
  const window = places?.windows?.find((w) => sample >= w.startSample && sample < w.endSample);
  return window ? [window.startSample, window.endSample] : null;
}

/** Values of the columns at a sample, for the cursor; null where nothing is known. */
export function readingAt(
  model: Pick<TraceModel, 'columns' | 'overview'>,
  sample: number,
): { readonly min: number; readonly max: number; readonly mean: number; readonly samples: number } | null {
  for (const columns of [model.columns, model.overview]) {
    const k = columns ? columnAt(columns.borders, sample) : -1;
    if (!columns || k < 0) continue;
    const samples = columns.borders[k + 1]! - columns.borders[k]!;
    return { min: columns.min[k]!, max: columns.max[k]!, mean: columns.mean[k]!, samples };
  }
  return null;
}
