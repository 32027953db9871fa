import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { SampleKind } from './sample-block.ts';
import { DPS_PER_COUNT, G_PER_COUNT, imuAxes } from './source.ts';

/** What a column's numbers are; converted to counts of 16 bits. */
export const columnUnits = ['g', 'mg', 'm/s2', 'dps', 'rad/s', 'full-scale', 'counts'] as const;
export type ColumnUnit = (typeof columnUnits)[number];
export const timeUnits = ['s', 'ms', 'us', 'ns'] as const;
export type TimeUnit = (typeof timeUnits)[number];

/** Which column of a line is what; columns count from 0. */
export interface ColumnMapping {
  readonly time: { readonly column: number; readonly unit: TimeUnit } | null;
  /** In the order of the channels. */
  readonly channels: readonly { readonly column: number; readonly unit: ColumnUnit }[];
}

/** Counts for one of the unit. */
const countsPer: Readonly<Record<ColumnUnit, number>> = {
  g: 1 / G_PER_COUNT,
  mg: 1 / G_PER_COUNT / 1000,
  'm/s2': 1 / G_PER_COUNT / 9.80665,
  dps: 1 / DPS_PER_COUNT,
  'rad/s': 180 / Math.PI / DPS_PER_COUNT,
  'full-scale': 32768,
  counts: 1,
};

export const secondsOf: Readonly<Record<TimeUnit, number>> = { s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9 };

const spellings: readonly (readonly [RegExp, ColumnUnit])[] = [
  [/\b(milli-?g|mg)\b/i, 'mg'],
  [/m\/s(\^?2|²)|ms-2|mps2|m\/s\/s/i, 'm/s2'],
  [/rad(ians)?\/s|rad_?s|rps/i, 'rad/s'],
  [/dps|deg(rees)?\/s|°\/s|deg_?s/i, 'dps'],
  [/\b(lsb|raw|counts?)\b/i, 'counts'],
  [/\(g\)|\[g\]|_g$|\bg$/i, 'g'],
];
const timeSpellings: readonly (readonly [RegExp, TimeUnit])[] = [
  [/nano|(\b|_)ns\b/i, 'ns'],
  [/micro|(\b|_)(us|µs)\b/i, 'us'],
  [/milli|(\b|_)ms\b/i, 'ms'],
  [/(\b|_|\()s(ec(onds)?)?\b/i, 's'],
];

/** A line's cells: commas, semicolons or tabs, else blanks. Quotes around a cell are taken off. */
export function cellsOf(line: string): string[] {
  const separator = line.includes('\t') ? '\t' : line.includes(';') ? ';' : line.includes(',') ? ',' : /\s+/;
  return line
    .trim()
    .split(separator)
    .map((c) => c.trim().replace(/^"(.*)"$/, '$1'));
}

/** NaN for whatever is no plain decimal number. */
export function numberOf(cell: string | undefined): number {
  return cell !== undefined && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell) ? Number(cell) : NaN;
}

export function isHeader(cells: readonly string[]): boolean {
  return cells.some((c) => /[a-z]/i.test(c) && Number.isNaN(numberOf(c)));
}

/** What the words of a header and a few lines say of the columns; `unclear` is what a person has to be asked. */
export interface ColumnGuess {
  readonly columns: readonly { readonly name: string; readonly example: string }[];
  readonly mapping: ColumnMapping | null;
  readonly unclear: string;
}

const axisOf = (name: string): number => {
  const n = name
    .toLowerCase()
    .replace(/[^a-z]+/g, ' ')
    .trim();
  const axis = /(?:^|[^a-z])(?:a|acc\w*|g|gy\w*)? ?([xyz])(?:$|[^a-z])/.exec(n)?.[1];
  if (!axis) return -1;
  const kind = /gyr|^g ?[xyz]|omega|rot/.test(n) ? 3 : /acc|^a ?[xyz]/.test(n) ? 0 : -1;
  return kind < 0 ? -1 : kind + 'xyz'.indexOf(axis);
};

/** Units of values whose header says none: by size. At rest an accelerometer shows 1 g, 1000 mg or 9.8 m/s². */
function unitBySize(axis: number, sizes: readonly number[]): ColumnUnit {
  const largest = sizes.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  if (axis >= 3) return 'dps';
  return largest > 400 ? 'mg' : largest > 6 ? 'm/s2' : 'g';
}

/** Guesses a mapping from a header (or null) and the first lines with numbers. */
export function guessColumns(
  header: readonly string[] | null,
  rows: readonly (readonly string[])[],
  kind: SampleKind,
): ColumnGuess {
  const width = Math.max(header?.length ?? 0, ...rows.map((r) => r.length));
  const columns = Array.from({ length: width }, (_, c) => ({
    name: header?.[c] ?? `column ${c}`,
    example: rows[0]?.[c] ?? '',
  }));
  const unclear = (why: string): ColumnGuess => ({ columns, mapping: null, unclear: why });
  const timeColumn = header
    ? header.findIndex((name) => /^(t|time|timestamp|ts|millis|micros|elapsed)\b|time/i.test(name))
    : kind === 'imu' && width === 7 && rising(rows.map((r) => numberOf(r[0])))
      ? 0
      : -1;
  const time =
    timeColumn < 0
      ? null
      : { column: timeColumn, unit: timeUnitOf(columns[timeColumn]!.name, rows, timeColumn) };
  if (kind === 'audio') {
    const others = columns.map((_, c) => c).filter((c) => c !== timeColumn);
    if (others.length !== 1) return unclear(`${others.length} columns could be the sound`);
    const values = rows.map((r) => numberOf(r[others[0]!]));
    const unit =
      values.every((v) => Math.abs(v) <= 1) && values.some((v) => !Number.isInteger(v))
        ? 'full-scale'
        : 'counts';
    return { columns, mapping: { time, channels: [{ column: others[0]!, unit }] }, unclear: '' };
  }
  const found = header
    ? imuAxes.map((_, axis) => header.findIndex((name) => axisOf(name) === axis))
    : width - (time ? 1 : 0) === 6
      ? imuAxes.map((_, axis) => axis + (time ? 1 : 0))
      : [];
  if (found.length !== 6 || found.includes(-1))
    return unclear(
      header
        ? `no column seems to be ${imuAxes.filter((_, a) => found[a] === -1).join(', ')}`
        : `${width} columns without names`,
    );
  const accelerations = rows.flatMap((r) => found.slice(0, 3).map((c) => numberOf(r[c])));
  const channels = found.map((column, axis) => ({
    column,
    unit: spellings.find(([s]) => s.test(columns[column]!.name))?.[1] ?? unitBySize(axis, accelerations),
  }));
  return { columns, mapping: { time, channels }, unclear: '' };
}

function rising(values: readonly number[]): boolean {
  return values.length > 1 && values.every((v, i) => i === 0 || v > values[i - 1]!);
}

/** By the name, else by the step between lines: sensors give between 1 and 20 000 samples a second. */
function timeUnitOf(name: string, rows: readonly (readonly string[])[], column: number): TimeUnit {
  if (/millis/i.test(name)) return 'ms';
  if (/micros/i.test(name)) return 'us';
  const said = timeSpellings.find(([s]) => s.test(name));
  if (said) return said[1];
  const steps = rows.slice(1).map((r, i) => numberOf(r[column]) - numberOf(rows[i]![column]));
  const step = steps.filter((s) => s > 0).sort((a, b) => a - b)[steps.length >> 1] ?? 0;
  return step >= 1e5 ? 'ns' : step >= 500 ? 'us' : step >= 1 ? 'ms' : 's';
}

/** `time=0:ms,ax=1:g,…`, `sound=0`; as --columns takes it and the questions on a terminal end in. */
export function parseMapping(text: string, kind: SampleKind): Result<ColumnMapping> {
  const names = kind === 'audio' ? ['sound'] : [...imuAxes];
  const bad = (problem: string): Failure =>
    fail(
      'stream.bad-mapping',
      { text, problem },
      'A mapping names a column (from 0) for each channel, and perhaps its unit.',
      kind === 'audio'
        ? 'For example --columns sound=1:full-scale,time=0:s.'
        : 'For example --columns time=0:ms,ax=1:g,ay=2:g,az=3:g,gx=4:dps,gy=5:dps,gz=6:dps.',
    );
  const channels = new Map<string, { column: number; unit: ColumnUnit }>();
  let time: ColumnMapping['time'] = null;
  for (const part of text.split(',')) {
    const match = /^\s*(\w+)\s*=\s*(\d{1,3})\s*(?::\s*(\S+))?\s*$/.exec(part);
    if (!match) return bad(`“${part}” is not NAME=COLUMN or NAME=COLUMN:UNIT`);
    const [, name, column, unit] = match;
    if (name === 'time') {
      const known = timeUnits.find((u) => u === (unit ?? 's'));
      if (!known) return bad(`“${unit}” is no unit of time (${timeUnits.join(', ')})`);
      time = { column: Number(column), unit: known };
      continue;
    }
    if (!names.includes(name!)) return bad(`there is no channel “${name}” (${names.join(', ')})`);
    const fallback = kind === 'audio' ? 'counts' : name!.startsWith('a') ? 'g' : 'dps';
    const known = columnUnits.find((u) => u === (unit ?? fallback));
    if (!known) return bad(`“${unit}” is no unit (${columnUnits.join(', ')})`);
    channels.set(name!, { column: Number(column), unit: known });
  }
  const missing = names.filter((n) => !channels.has(n));
  if (missing.length > 0) return bad(`no column for ${missing.join(', ')}`);
  return ok({ time, channels: names.map((n) => channels.get(n)!) });
}

/** A line as counts, not rounded; null where one of the values is no number. */
export function countsOf(cells: readonly string[], mapping: ColumnMapping): Float64Array | null {
  const out = new Float64Array(mapping.channels.length);
  for (const [i, { column, unit }] of mapping.channels.entries()) {
    const v = numberOf(cells[column]);
    if (!Number.isFinite(v)) return null;
    out[i] = v * countsPer[unit];
  }
  return out;
}

export function mappingText(mapping: ColumnMapping, kind: SampleKind): string {
  const names: readonly string[] = kind === 'audio' ? ['sound'] : imuAxes;
  const parts = mapping.channels.map((c, i) => `${names[i]}=${c.column}:${c.unit}`);
  return [...(mapping.time ? [`time=${mapping.time.column}:${mapping.time.unit}`] : []), ...parts].join(',');
}
