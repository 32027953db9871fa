import type { SegmentScoreDto } from '../contract/index.ts';
import { overlaps, type Span } from './spans.ts';

export interface Segment extends Span {
  readonly label: string;
}

/** What was said of one window. */
export interface ClassifiedWindow extends Span {
  readonly label: string;
}

/** Which segment holds the whole window; segments are sorted and do not overlap. */
function labelOf(segments: readonly Segment[], window: Span): string | null {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (segments[mid]!.startUs <= window.startUs) low = mid + 1;
    else high = mid;
  }
  const segment = segments[low - 1];
  return segment && window.endUs <= segment.endUs ? segment.label : null;
}

/** Windows against labelled segments: rows are the truth, columns the answers. */
export function scoreSegments(
  truth: readonly Segment[],
  windows: readonly ClassifiedWindow[],
  classes: readonly string[],
  excluded: readonly Span[] = [],
): SegmentScoreDto {
  const segments = [...truth].sort((a, b) => a.startUs - b.startUs);
  const labels = [...new Set([...classes, ...segments.map((s) => s.label)])];
  const confusion = labels.map(() => new Array<number>(labels.length).fill(0));
  let mixedWindows = 0;
  let excludedWindows = 0;
  for (const w of windows) {
    const label = labelOf(segments, w);
    if (overlaps(excluded, w.startUs, w.endUs)) excludedWindows++;
    else if (label === null) mixedWindows++;
    else confusion[labels.indexOf(label)]![labels.indexOf(w.label)]!++;
  }
  return { labels, confusion, mixedWindows, excludedWindows, ...figuresOf(labels, confusion) };
}

function figuresOf(labels: readonly string[], confusion: readonly (readonly number[])[]) {
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const total = sum(confusion.map(sum));
  const correct = sum(confusion.map((row, i) => row[i]!));
  const classes = labels.map((label, i) => {
    const actual = sum(confusion[i]!);
    const predicted = sum(confusion.map((row) => row[i]!));
    const hit = confusion[i]![i]!;
    return {
      label,
      windows: actual,
      precision: predicted > 0 ? hit / predicted : null,
      recall: actual > 0 ? hit / actual : null,
      f1: actual + predicted > 0 ? (2 * hit) / (actual + predicted) : null,
    };
  });
  const scored = classes.map((c) => c.f1).filter((f): f is number => f !== null);
  return {
    windows: total,
    correct,
    accuracy: total > 0 ? correct / total : null,
    classes,
    macroF1: scored.length > 0 ? sum(scored) / scored.length : null,
  };
}
