import { ok, type Result } from '../../base/errors.ts';
import { channelsOf } from '../format.ts';
import type { Trace } from '../trace.ts';
import type { CsvTable } from './csv-export.ts';

export const exportFormats = ['csv', 'ppk-csv', 'ppk2', 'jls', 'parquet'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** What a span has that a format may have no place for. */
type Matter =
  | 'digits'
  | 'ranges'
  | 'edges'
  | 'causes'
  | 'marks'
  | 'annotations'
  | 'spans'
  | 'supply'
  | 'accuracy'
  | 'start';

const PLAIN: Readonly<Record<Matter, string>> = {
  digits: 'digits of the current beyond float32',
  ranges: "the measuring range of each sample, and with it the monitor's bounds",
  edges: 'how uncertain an edge is',
  causes: 'the causes of gaps',
  marks: 'marks',
  annotations: 'annotations',
  spans: 'where annotations end: each is kept at its first sample',
  supply: 'the supply voltage, so energies need it again',
  accuracy: 'the bounds of the monitor',
  start: 'when it was recorded',
};

const DROPPED: Readonly<Record<ExportFormat, readonly Matter[]>> = {
  csv: ['ranges', 'edges', 'causes', 'marks', 'annotations', 'supply', 'accuracy', 'start'],
  'ppk-csv': ['digits', 'ranges', 'edges', 'causes', 'marks', 'annotations', 'supply', 'accuracy', 'start'],
  ppk2: ['digits', 'ranges', 'edges', 'causes', 'marks', 'annotations', 'supply', 'accuracy'],
  jls: ['digits', 'ranges', 'edges', 'causes', 'spans'],
  parquet: ['ranges', 'edges', 'causes', 'marks', 'annotations', 'supply', 'accuracy'],
};

/** What of a span a format leaves behind, in plain words; only what the span has. */
export function droppedBy(
  format: ExportFormat,
  table: CsvTable,
  trace: Trace,
  from: number,
  to: number,
  annotations: readonly { readonly fromSample: number; readonly toSample: number }[],
): Result<string[]> {
  if (format === 'csv' && table !== 'samples') return ok([`everything but its ${table}: choose --table`]);
  const there = mattersOf(trace, from, to, annotations);
  if (!there.ok) return there;
  const { header } = trace;
  const more = channelsOf(header)
    .slice(1)
    .map((c) => `channel ${c.id}`);
  return ok([
    ...more,
    ...DROPPED[format].filter((matter) => there.value.has(matter)).map((matter) => PLAIN[matter]),
  ]);
}

function mattersOf(
  trace: Trace,
  from: number,
  to: number,
  annotations: readonly { readonly fromSample: number; readonly toSample: number }[],
): Result<Set<Matter>> {
  const gaps = trace.gaps(from, to);
  if (!gaps.ok) return gaps;
  const marks = trace.marks(from, to);
  if (!marks.ok) return marks;
  const supplies = trace.source.supplies();
  if (!supplies.ok) return supplies;
  const { header } = trace;
  const touching = annotations.filter((a) => a.fromSample < to && a.toSample >= from);
  const has: Readonly<Record<Matter, boolean>> = {
    digits: true,
    ranges: header.rangeCount > 1,
    edges: header.logicMask !== 0,
    causes: gaps.value.length > 0,
    marks: marks.value.length > 0,
    annotations: touching.length > 0,
    spans: touching.some((a) => a.toSample > a.fromSample),
    supply: supplies.value.length > 0,
    accuracy: header.accuracy !== undefined,
    start: header.startedAt !== undefined,
  };
  return ok(new Set((Object.keys(has) as Matter[]).filter((m) => has[m])));
}
