import { fail, ok, type Result } from '../base/errors.ts';
import type { Buckets } from './buckets.ts';
import { CHUNK_SAMPLES, LEVEL_SAMPLES } from './format.ts';
import type { Trace } from './trace.ts';

/** More than any screen is wide. */
export const MAX_COLUMNS = 8192;

/**
 * A span in columns. Column k covers the sample periods [borders[k], borders[k+1]) and is exact for them: put together
 * from whole buckets, and raw samples at the two ends of the span. In a long span the inner borders lie on bucket
 * borders, at most half a column from where equal columns would have them.
 */
export interface Envelope {
  /** Pyramid level of the buckets; −1 where every column was read from raw samples. */
  readonly level: number;
  /** columns + 1, in sample periods. */
  readonly borders: Float64Array;
  /** A; NaN in a column where every sample is missing. */
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly mean: Float64Array;
  /** Samples that are there, of the column's. */
  readonly coverage: Float64Array;
  /** Logic bits that were high at least once, and those that always were. */
  readonly or: Uint8Array;
  readonly and: Uint8Array;
}

/**
 * `columns` columns over whole sample periods [from, to); fewer where the span has fewer samples. `trace.bad-span`,
 * `trace.bad-columns`, `trace.damaged`.
 */
export function envelope(trace: Trace, from: number, to: number, columns: number): Result<Envelope> {
  if (!(Number.isInteger(columns) && columns >= 1 && columns <= MAX_COLUMNS))
    return fail(
      'trace.bad-columns',
      { columns, most: MAX_COLUMNS },
      'An envelope has a whole number of columns.',
      'Ask for 1 to 8192 columns.',
    );
  const span = wholeSpan(trace, from, to);
  if (!span.ok) return span;
  const n = Math.min(columns, to - from);
  const width = (to - from) / n;
  const level = LEVEL_SAMPLES.findLastIndex((size) => size <= width);
  const borders = bordersOf(from, to, n, level);
  const loaded = level < 0 ? ok() : trace.loadRows(level, from, to);
  if (!loaded.ok) return loaded;
  const scan = new ColumnScan(trace, level, n);
  for (let k = 0; k < n; k++) {
    const added = scan.column(k, borders[k]!, borders[k + 1]!);
    if (!added.ok) return added;
  }
  return ok({ level, borders, ...scan.columns });
}

/** `trace.bad-span` unless [from, to) are whole sample periods of the trace. */
export function wholeSpan(trace: Trace, from: number, to: number): Result<void> {
  const { lengthSamples } = trace;
  if (Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to <= lengthSamples)
    return ok();
  return fail(
    'trace.bad-span',
    { fromSample: from, toSample: to, lengthSamples },
    'The span is empty, reaches outside the trace or does not begin and end with whole samples.',
    'Ask for a span of whole samples inside the trace.',
  );
}

function bordersOf(from: number, to: number, columns: number, level: number): Float64Array {
  const width = (to - from) / columns;
  const step = level < 0 ? 1 : LEVEL_SAMPLES[level]!;
  const borders = new Float64Array(columns + 1);
  for (let k = 1; k < columns; k++) borders[k] = Math.round((from + k * width) / step) * step;
  borders[0] = from;
  borders[columns] = to;
  return borders;
}

/** Sums of one column after the other. Hot: nothing is allocated per bucket or sample. */
class ColumnScan {
  readonly columns: Omit<Envelope, 'level' | 'borders'>;
  readonly #trace: Trace;
  readonly #level: number;
  readonly #settled: number;
  #min = 0;
  #max = 0;
  #sum = 0;
  #valid = 0;
  #or = 0;
  #and = 0;

  constructor(trace: Trace, level: number, columns: number) {
    this.#trace = trace;
    this.#level = level;
    this.#settled = trace.settledSamples;
    this.columns = {
      min: new Float64Array(columns),
      max: new Float64Array(columns),
      mean: new Float64Array(columns),
      coverage: new Float64Array(columns),
      or: new Uint8Array(columns),
      and: new Uint8Array(columns),
    };
  }

  column(k: number, from: number, to: number): Result<void> {
    this.#min = Infinity;
    this.#max = -Infinity;
    this.#sum = 0;
    this.#valid = 0;
    this.#or = 0;
    this.#and = 255;
    let at = from;
    while (at < to) {
      const level = this.#levelAt(at, Math.min(to, this.#settled));
      const next =
        level < 0 ? this.#addRaw(at, to) : this.#addBuckets(level, at, Math.min(to, this.#settled));
      if (!next.ok) return next;
      at = next.value;
    }
    const c = this.columns;
    const none = this.#valid === 0;
    c.min[k] = none ? NaN : this.#min;
    c.max[k] = none ? NaN : this.#max;
    c.mean[k] = none ? NaN : this.#sum / this.#valid;
    c.coverage[k] = this.#valid / (to - from);
    c.or[k] = this.#or;
    c.and[k] = none ? 0 : this.#and;
    return ok();
  }

  /** The highest level up to the columns' own whose bucket begins at `at` and ends by `to`; −1 where none does. */
  #levelAt(at: number, to: number): number {
    for (let level = this.#level; level >= 0; level--) {
      const size = LEVEL_SAMPLES[level]!;
      if (at % size === 0 && at + size <= to) return level;
    }
    return -1;
  }

  /** As many buckets as lie in one stored row. */
  #addBuckets(level: number, at: number, to: number): Result<number> {
    const size = LEVEL_SAMPLES[level]!;
    const found = this.#trace.bucketRow(level, at / size);
    if (!found.ok) return found;
    const { row, at: first } = found.value;
    const last = Math.min(row.capacity, first + Math.floor((to - at) / size));
    this.#merge(row, first, last);
    return ok(at + (last - first) * size);
  }

  #merge(row: Buckets, first: number, last: number): void {
    for (let i = first; i < last; i++) {
      const n = row.valid[i]!;
      if (n === 0) continue;
      this.#valid += n;
      this.#sum += row.sum[i]!;
      if (row.min[i]! < this.#min) this.#min = row.min[i]!;
      if (row.max[i]! > this.#max) this.#max = row.max[i]!;
      this.#or |= row.or[i]!;
      this.#and &= row.and[i]!;
    }
  }

  /** Raw samples up to where a bucket could begin. */
  #addRaw(at: number, to: number): Result<number> {
    const index = Math.floor(at / CHUNK_SAMPLES);
    const base = index * CHUNK_SAMPLES;
    const smallest = LEVEL_SAMPLES[0]!;
    const settled = base < this.#settled && this.#level >= 0;
    const next = settled ? (Math.floor(at / smallest) + 1) * smallest : base + CHUNK_SAMPLES;
    const end = Math.min(to, next);
    const chunk = this.#trace.decodedChunk(index);
    if (!chunk.ok) return chunk;
    const { amperes, logic } = chunk.value.samples;
    for (let i = at - base; i < end - base; i++) {
      const a = amperes[i]!;
      if (a !== a) continue;
      this.#valid++;
      this.#sum += a;
      if (a < this.#min) this.#min = a;
      if (a > this.#max) this.#max = a;
      this.#or |= logic[i]!;
      this.#and &= logic[i]!;
    }
    return ok(end);
  }
}
