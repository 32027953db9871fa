import { ok, type Result } from '../base/errors.ts';
import type { TraceAnnotation, TracePlaces } from '../contract/index.ts';
import type { ChunkSource } from '../trace/chunk-store.ts';
import type { GapRecord, MarkRecord } from '../trace/format.ts';
import type { WindowIndex } from './window-index.ts';

/**
 * What points at places of [from, to), as a picture of `columns` columns can show it: of gaps and marks that would share a column
 * the first, and how many they are. Nothing is left out: a single lost sample in a day has its column.
 */
export function placesOf(
  source: ChunkSource,
  index: WindowIndex,
  annotations: readonly TraceAnnotation[],
  span: { readonly from: number; readonly to: number; readonly columns: number },
): Result<TracePlaces> {
  const { from, to, columns } = span;
  const windows = index.within(from, to);
  if (!windows.ok) return windows;
  const gaps = source.gaps(from, to);
  if (!gaps.ok) return gaps;
  // what ended a recording is marked behind its last sample
  const marks = source.marks(from, to >= source.lengthSamples() ? to + 1 : to);
  if (!marks.ok) return marks;
  const column = (sample: number) => Math.floor(((sample - from) / (to - from)) * columns);
  const many = windows.value !== null && windows.value.length > columns;
  return ok({
    windows: many || windows.value === null ? null : [...windows.value],
    windowCount: windows.value?.length ?? null,
    gaps: thinnedGaps(gaps.value, column),
    marks: thinnedMarks(marks.value, column),
    annotations: annotations.filter((a) => a.fromSample < to && a.toSample >= from),
  });
}

/** Gaps that begin in the column in which the one before ends become one. */
function thinnedGaps(gaps: readonly GapRecord[], column: (sample: number) => number): TracePlaces['gaps'] {
  const thinned: TracePlaces['gaps'] = [];
  for (const { firstSample, missing, cause } of gaps) {
    const end = firstSample + missing;
    const last = thinned.at(-1);
    if (last && column(firstSample) <= column(last.endSample)) {
      last.endSample = end;
      last.missing += missing;
      last.count++;
    } else thinned.push({ firstSample, endSample: end, missing, cause, count: 1 });
  }
  return thinned;
}

function thinnedMarks(
  marks: readonly MarkRecord[],
  column: (sample: number) => number,
): TracePlaces['marks'] {
  const byKind = new Map<string, TracePlaces['marks'][number]>();
  const thinned: TracePlaces['marks'] = [];
  for (const { sample, kind, detail } of marks) {
    const before = byKind.get(kind);
    if (before && column(before.sample) === column(sample)) {
      before.count++;
      continue;
    }
    const mark = { sample, kind, detail, count: 1 };
    byKind.set(kind, mark);
    thinned.push(mark);
  }
  return thinned;
}
