/** Two places of a trace, in sample periods. Either may be missing. */
export interface MarkerPair {
  readonly a: number | null;
  readonly b: number | null;
}

export const NO_MARKERS: MarkerPair = { a: null, b: null };

/** What lies between them, in whole samples; null unless both are there and at least a sample apart. */
export function spanBetween({ a, b }: MarkerPair): { readonly from: number; readonly to: number } | null {
  if (a === null || b === null) return null;
  const from = Math.round(Math.min(a, b));
  const to = Math.round(Math.max(a, b));
  return to > from ? { from, to } : null;
}

/** The next marker to place: A, then B; when both stand, the nearer one moves. */
export function placeMarker(pair: MarkerPair, sample: number): MarkerPair {
  if (pair.a === null) return { ...pair, a: sample };
  if (pair.b === null) return { ...pair, b: sample };
  return Math.abs(pair.a - sample) <= Math.abs(pair.b - sample)
    ? { ...pair, a: sample }
    : { ...pair, b: sample };
}

/** Moved by so many samples, within the trace. */
export function moveMarker(pair: MarkerPair, which: 'a' | 'b', by: number, length: number): MarkerPair {
  const at = pair[which];
  if (at === null) return pair;
  return { ...pair, [which]: Math.min(length, Math.max(0, Math.round(at) + by)) };
}

/** A step of the arrows: a pixel, ten with shift, at least a sample. */
export function markerStep(samplesPerPixel: number, large: boolean): number {
  return Math.max(1, Math.round(samplesPerPixel * (large ? 10 : 1)));
}
