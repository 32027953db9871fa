import { fail, ok, type Result } from '../base/errors.ts';
import { damaged } from './failures.ts';
import { CHUNK_SAMPLES } from './format.ts';
import { envelope, wholeSpan } from './navigation-envelope.ts';
import type { Trace } from './trace.ts';
import {
  ascendingValueBins,
  VALUE_BIN_REL,
  VALUE_COUNT_CHUNKS,
  valueBinEdges,
  ValueCounter,
  ValueCounts,
} from './value-counts.ts';

/** Spans up to here are sorted sample by sample: 40 s at 100 ksps. */
export const EXACT_SAMPLES = 4_000_000;
export const MAX_BINS = 4096;

/**
 * How often which current came. Counts are always exact for the bins that are given. `exact`: equal bins between the
 * least and the greatest sample, and quantiles are samples of the span. `binned`: the stored bins of 1/32 octave, and a
 * quantile is the middle of its bin, at most `valueErrorRel` of itself off.
 */
export interface Histogram {
  readonly method: 'exact' | 'binned';
  readonly samples: number;
  /** bins + 1, A; a sample on a border counts above it, the greatest one in the last bin. */
  readonly borders: Float64Array;
  readonly counts: Float64Array;
  readonly quantiles: readonly Quantile[];
  readonly valueErrorRel: number;
}

/** The least value that `share` of the samples do not exceed. */
export interface Quantile {
  readonly share: number;
  readonly value: number;
  /** Where the true one lies for certain. */
  readonly low: number;
  readonly high: number;
}

export interface HistogramOptions {
  /** Of an exact histogram; a binned one has as many as its bins need. Default 100. */
  readonly bins?: number;
  /** Default: 1, 5, 25, 50, 75, 95, 99 %. */
  readonly shares?: readonly number[];
}

const DEFAULT_SHARES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

/** Of the whole sample periods [from, to). `trace.bad-span`, `trace.bad-bins`, `trace.window-empty`, `trace.damaged`. */
export function histogram(
  trace: Trace,
  from: number,
  to: number,
  options: HistogramOptions = {},
): Result<Histogram> {
  const span = wholeSpan(trace, from, to);
  if (!span.ok) return span;
  const { bins = 100, shares = DEFAULT_SHARES } = options;
  if (!(Number.isInteger(bins) && bins >= 1 && bins <= MAX_BINS) || !shares.every((s) => s >= 0 && s <= 1))
    return fail(
      'trace.bad-bins',
      { bins, shares: [...shares] },
      'A histogram has 1 to 4096 bins, and shares lie between 0 and 1.',
      'Choose other bins or shares.',
    );
  const hasCounts = trace.header.formatVersion >= 2;
  if (to - from <= EXACT_SAMPLES) return exact(trace, from, to, bins, shares);
  if (!hasCounts)
    return fail(
      'trace.no-value-counts',
      { samples: to - from, most: EXACT_SAMPLES },
      'Traces of format version 1 hold no counts of values, and the span is too long to be sorted.',
      'Choose a shorter span.',
    );
  return binned(trace, from, to, shares);
}

function exact(
  trace: Trace,
  from: number,
  to: number,
  bins: number,
  shares: readonly number[],
): Result<Histogram> {
  const values = new Float64Array(to - from);
  let n = 0;
  const read = eachRaw(trace, from, to, (amperes, a, b) => {
    for (let i = a; i < b; i++) if (!Number.isNaN(amperes[i]!)) values[n++] = amperes[i]!;
  });
  if (!read.ok) return read;
  if (n === 0) return empty(from, to);
  const sorted = values.subarray(0, n).sort();
  const low = sorted[0]!;
  const high = sorted[n - 1]!;
  const width = (high - low) / bins;
  const borders = Float64Array.from({ length: bins + 1 }, (_, k) => (k === bins ? high : low + k * width));
  const counts = new Float64Array(bins);
  let k = 0;
  for (let i = 0; i < n; i++) {
    while (k < bins - 1 && sorted[i]! >= borders[k + 1]!) k++;
    counts[k]!++;
  }
  const quantiles = shares.map((share) => {
    const value = sorted[Math.max(0, Math.ceil(share * n) - 1)]!;
    return { share, value, low: value, high: value };
  });
  return ok({ method: 'exact', samples: n, borders, counts, quantiles, valueErrorRel: 0 });
}

function empty(from: number, to: number) {
  return fail(
    'trace.window-empty',
    { startSample: from, endSample: to },
    'No sample of this span arrived.',
    'Choose a span outside the gap.',
  );
}

function binned(trace: Trace, from: number, to: number, shares: readonly number[]): Result<Histogram> {
  const counts = new ValueCounts();
  const counter = new ValueCounter();
  let at = from;
  while (at < to) {
    const next = addCounts(trace, counts, counter, at, to);
    if (!next.ok) return next;
    at = next.value;
  }
  const bins = ascendingValueBins(counts.counts);
  const samples = bins.reduce((sum, b) => sum + counts.counts[b]!, 0);
  if (samples === 0) return empty(from, to);
  const whole = envelope(trace, from, to, 1);
  if (!whole.ok) return whole;
  const [min, max] = [whole.value.min[0]!, whole.value.max[0]!];
  return ok({
    method: 'binned',
    samples,
    ...joined(bins, counts.counts),
    // no value lies outside the least and the greatest sample, which are known exactly
    quantiles: shares.map((share) => {
      const q = quantileOf(bins, counts.counts, samples, share);
      const [low, high] = [Math.max(min, q.low), Math.min(max, q.high)];
      return { share, low, high, value: (low + high) / 2 };
    }),
    valueErrorRel: VALUE_BIN_REL / 2,
  });
}

/** The largest stored block that begins here and fits, else raw samples. */
function addCounts(
  trace: Trace,
  counts: ValueCounts,
  counter: ValueCounter,
  at: number,
  to: number,
): Result<number> {
  const limit = Math.min(to, trace.settledSamples);
  const level = VALUE_COUNT_CHUNKS.findLastIndex((chunks) => {
    const size = chunks * CHUNK_SAMPLES;
    return at % size === 0 && at + size <= limit;
  });
  if (level < 0) {
    const end = Math.min(to, (Math.floor(at / CHUNK_SAMPLES) + 1) * CHUNK_SAMPLES);
    const read = eachRaw(trace, at, end, (amperes, a, b) => counter.addTo(counts, amperes, a, b));
    return read.ok ? ok(end) : read;
  }
  const size = VALUE_COUNT_CHUNKS[level]! * CHUNK_SAMPLES;
  const stored = trace.source.valueCounts(level, at / size);
  if (!stored.ok) return stored;
  if (!counts.addBytes(stored.value.bytes)) return damaged('summary', level, at / size);
  return ok(at + size);
}

/** Bins that occur, with an empty bin over each stretch between them. */
function joined(
  bins: readonly number[],
  counts: Float64Array,
): { readonly borders: Float64Array; readonly counts: Float64Array } {
  const borders: number[] = [valueBinEdges(bins[0]!).low];
  const kept: number[] = [];
  for (const b of bins) {
    const { low, high } = valueBinEdges(b);
    if (low > borders.at(-1)!) {
      kept.push(0);
      borders.push(low);
    }
    kept.push(counts[b]!);
    borders.push(high);
  }
  return { borders: Float64Array.from(borders), counts: Float64Array.from(kept) };
}

function quantileOf(
  bins: readonly number[],
  counts: Float64Array,
  samples: number,
  share: number,
): Pick<Quantile, 'low' | 'high'> {
  const rank = Math.max(1, Math.ceil(share * samples));
  let below = 0;
  for (const b of bins) {
    below += counts[b]!;
    if (below >= rank) return valueBinEdges(b);
  }
  return valueBinEdges(bins.at(-1)!);
}

/** Decoded samples of [from, to), chunk by chunk, as offsets into one array. */
export function eachRaw(
  trace: Trace,
  from: number,
  to: number,
  use: (amperes: Float64Array, from: number, to: number, firstSample: number) => void,
): Result<void> {
  for (let at = from; at < to;) {
    const index = Math.floor(at / CHUNK_SAMPLES);
    const base = index * CHUNK_SAMPLES;
    const end = Math.min(to, base + CHUNK_SAMPLES);
    const chunk = trace.decodedChunk(index);
    if (!chunk.ok) return chunk;
    use(chunk.value.samples.amperes, at - base, end - base, at);
    at = end;
  }
  return ok();
}
