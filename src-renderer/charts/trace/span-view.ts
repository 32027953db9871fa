/** The part of a trace that is seen, in sample periods; fractional. */
export interface SpanView {
  readonly from: number;
  readonly to: number;
}

/** Closer than this there is nothing more to see. */
export const LEAST_SAMPLES = 8;

export function widthOf(view: SpanView): number {
  return view.to - view.from;
}

/** Moved, and where it must be shortened, so that it lies in [0, length). */
export function clampView(view: SpanView, length: number): SpanView {
  const most = Math.max(LEAST_SAMPLES, length);
  const width = Math.min(most, Math.max(LEAST_SAMPLES, widthOf(view)));
  const middle = (view.from + view.to) / 2;
  const wanted = widthOf(view) === width ? view.from : middle - width / 2;
  const from = Math.min(Math.max(0, wanted), most - width);
  return { from, to: from + width };
}

/** `factor` < 1 shows less. The sample under `anchor` stays where it is, unless an end of the trace is in the way. */
export function zoomAt(view: SpanView, factor: number, anchor: number, length: number): SpanView {
  const most = Math.max(LEAST_SAMPLES, length);
  const width = Math.min(most, Math.max(LEAST_SAMPLES, widthOf(view) * factor));
  const share = (anchor - view.from) / widthOf(view);
  const from = anchor - share * width;
  return clampView({ from, to: from + width }, length);
}

export function panBy(view: SpanView, samples: number, length: number): SpanView {
  return clampView({ from: view.from + samples, to: view.to + samples }, length);
}

/** A span with a little room at both sides. */
export function around(from: number, to: number, length: number, margin = 0.06): SpanView {
  const room = Math.max(LEAST_SAMPLES / 2, (to - from) * margin);
  return clampView({ from: from - room, to: to + room }, length);
}

/** Between two views; zooms evenly in octaves, so that it looks even. */
export function between(a: SpanView, b: SpanView, share: number): SpanView {
  const width = widthOf(a) * (widthOf(b) / widthOf(a)) ** share;
  // the place that both views have at the same share stays there; where widths are equal it is a pan
  const ratio = widthOf(a) - widthOf(b);
  if (Math.abs(ratio) < 1e-9 * widthOf(a)) {
    const from = a.from + (b.from - a.from) * share;
    return { from, to: from + width };
  }
  const fixed = (a.from * widthOf(b) - b.from * widthOf(a)) / -ratio;
  const from = fixed + ((a.from - fixed) * width) / widthOf(a);
  return { from, to: from + width };
}

/** Pixels and samples of one plot. */
export interface Axis {
  readonly view: SpanView;
  readonly left: number;
  readonly width: number;
}

export function xOf({ view, left, width }: Axis, sample: number): number {
  return left + ((sample - view.from) / (view.to - view.from)) * width;
}

export function sampleAt({ view, left, width }: Axis, x: number): number {
  return view.from + ((x - left) / width) * (view.to - view.from);
}
