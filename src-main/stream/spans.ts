/** A stretch of stream time, half open: [startUs, endUs). */
export interface Span {
  readonly startUs: number;
  readonly endUs: number;
}

/** Sorted, without overlaps or empty spans. */
export function union(spans: readonly Span[]): Span[] {
  const sorted = spans.filter((s) => s.endUs > s.startUs).sort((a, b) => a.startUs - b.startUs);
  const out: { startUs: number; endUs: number }[] = [];
  for (const { startUs, endUs } of sorted) {
    const last = out.at(-1);
    if (last && startUs <= last.endUs) last.endUs = Math.max(last.endUs, endUs);
    else out.push({ startUs, endUs });
  }
  return out;
}

export function overlaps(spans: readonly Span[], startUs: number, endUs: number): boolean {
  return spans.some((s) => s.startUs < endUs && startUs < s.endUs);
}

export function holds(spans: readonly Span[], atUs: number): boolean {
  return spans.some((s) => s.startUs <= atUs && atUs < s.endUs);
}

/** Total length within [0, endUs) of spans that do not overlap. */
export function lengthWithin(spans: readonly Span[], endUs: number): number {
  return spans.reduce((sum, s) => sum + Math.max(0, Math.min(s.endUs, endUs) - Math.max(s.startUs, 0)), 0);
}
