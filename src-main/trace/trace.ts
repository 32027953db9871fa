import { fail, ok, type Result } from '../base/errors.ts';
import { bucketBytes, Buckets, ChunkSummary } from './buckets.ts';
import type { ChunkSource } from './chunk-store.ts';
import { damaged } from './failures.ts';
import {
  CHUNK_LEVELS,
  CHUNK_LEVELS_V1,
  CHUNK_SAMPLES,
  HIGH_BLOCK_BUCKETS,
  LEVEL_SAMPLES,
  MISSING_RANGE,
  newDecodedSamples,
  type ChunkRecord,
  type DecodedSamples,
  type EdgeRecord,
  type GapRecord,
  type MarkRecord,
  type SampleCodec,
  type SupplyRecord,
  type TraceHeader,
} from './format.ts';
import { SpanSums } from './span-sums.ts';

/** Decoded chunks and summary rows kept: a span has two ends, and a row above each. */
const DECODED_KEPT = 3;
/** 7 kB each for a PPK2: what a screen of columns and its neighbours need. */
const ROWS_KEPT = 1024;

/** A span of the timeline with its sums. All currents in A, times in sample periods. */
export interface Span {
  readonly fromSample: number;
  readonly toSample: number;
  /** Over whole samples inside the span. */
  readonly sums: SpanSums;
  /** Sum over the span with fractional ends: Σ A · (sample periods), of the samples that are there. */
  readonly ampereSamples: number;
  /** Sample periods that are there, with fractional ends. */
  readonly coveredSamples: number;
  /** toSample − fromSample − coveredSamples. */
  readonly missingSamples: number;
}

/** Reads one trace: spans by hierarchical sums, samples, edges, gaps. */
export class Trace {
  readonly source: ChunkSource;
  readonly #codec: SampleCodec;
  readonly #decoded: { index: number; length: number; samples: DecodedSamples }[] = [];
  readonly #rows = new Map<number, ChunkSummary | Buckets>();
  readonly #rangeCount: number;

  /** `rangeCount` of the channel where the source is not the first one of its trace. */
  constructor(source: ChunkSource, codec: SampleCodec, rangeCount = source.header.rangeCount) {
    this.source = source;
    this.#codec = codec;
    this.#rangeCount = rangeCount;
  }

  get header(): TraceHeader {
    return this.source.header;
  }

  /** Length of the timeline in sample periods. */
  get lengthSamples(): number {
    return this.source.lengthSamples();
  }

  /** Up to here buckets of all levels are complete and never change any more: whole chunks. */
  get settledSamples(): number {
    return Math.floor(this.lengthSamples / CHUNK_SAMPLES) * CHUNK_SAMPLES;
  }

  get samplePeriodS(): number {
    return 1 / this.header.sampleRateHz;
  }

  edges(channel: number, from = 0, to = Infinity): Result<readonly EdgeRecord[]> {
    return this.source.edges(channel, from, to);
  }

  gaps(from = 0, to = Infinity): Result<readonly GapRecord[]> {
    return this.source.gaps(from, to);
  }

  marks(from = 0, to = Infinity): Result<readonly MarkRecord[]> {
    return this.source.marks(from, to);
  }

  /** The supply in force over [from, to), or a failure where it is unknown or changes. */
  supply(from: number, to: number): Result<SupplyRecord> {
    const supplies = this.source.supplies();
    if (!supplies.ok) return supplies;
    const all = supplies.value;
    const current = all.filter((s) => s.sample <= from).at(-1);
    if (!current)
      return fail(
        'trace.no-supply',
        { fromSample: from },
        'No supply voltage was set or measured before this span.',
        'Set the supply voltage before recording.',
      );
    const change = all.find((s) => s.sample > from && s.sample < to && s.volts !== current.volts);
    if (change)
      return fail(
        'trace.supply-changed',
        { atSample: change.sample },
        'The supply voltage changes inside this span.',
        'Choose a span with one supply voltage.',
      );
    return ok(current);
  }

  /**
   * Sums over [from, to), fractional sample positions allowed: a sample is constant over its period. Raw samples at
   * the ends, whole buckets between; never a difference of running totals, so a small span in a long trace keeps
   * its digits. `trace.bad-span` outside the timeline, `trace.damaged` where a part it needs does not pass its CRC.
   */
  span(from: number, to: number): Result<Span> {
    if (!(from >= 0 && to <= this.lengthSamples && from < to))
      return fail(
        'trace.bad-span',
        { fromSample: from, toSample: to, lengthSamples: this.lengthSamples },
        'The span is empty or reaches outside the trace.',
        'Ask for a span inside the trace.',
      );
    const sums = new SpanSums(this.#rangeCount);
    const first = Math.ceil(from);
    const last = Math.floor(to);
    let ampereSamples = 0;
    let covered = 0;
    const partial: readonly [number, number][] =
      first > last
        ? [[last, to - from]]
        : [
            [first - 1, first - from],
            [last, to - last],
          ];
    for (const [sample, weight] of partial) {
      if (weight <= 0) continue;
      const a = this.#sampleA(sample);
      if (!a.ok) return a;
      if (Number.isNaN(a.value)) continue;
      ampereSamples += a.value * weight;
      covered += weight;
    }
    const added = first < last ? this.#addSpan(sums, first, last) : ok();
    if (!added.ok) return added;
    return ok({
      fromSample: from,
      toSample: to,
      sums,
      ampereSamples: ampereSamples + sums.sum,
      coveredSamples: covered + sums.valid,
      missingSamples: Math.max(0, to - from - covered - sums.valid),
    });
  }

  /** Decoded samples of one chunk. Valid until the next call. */
  decodedChunk(index: number): Result<{ length: number; samples: DecodedSamples }> {
    const kept = this.#decoded.findIndex((d) => d.index === index);
    if (kept >= 0 && this.#decoded[kept]!.length === this.#expectedLength(index)) {
      const [entry] = this.#decoded.splice(kept, 1);
      this.#decoded.push(entry!);
      return ok(entry!);
    }
    const chunk = this.source.chunk(index);
    if (!chunk.ok) return chunk;
    if (chunk.value.length < this.#expectedLength(index)) return damaged('chunk', 0, index);
    const stale = kept >= 0 ? kept : this.#decoded.length >= DECODED_KEPT ? 0 : -1;
    const samples = stale >= 0 ? this.#decoded.splice(stale, 1)[0]!.samples : newDecodedSamples();
    const done = decodeChunk(chunk.value, this.source, this.#codec, samples);
    if (!done.ok) return done;
    const entry = { index, length: chunk.value.length, samples };
    this.#decoded.push(entry);
    return ok(entry);
  }

  /** Buckets of one level, `from`/`to` in buckets, handed to `use` one by one; below `settledSamples` only. */
  eachBucket(
    level: number,
    from: number,
    to: number,
    use: (row: Buckets, i: number, bucket: number) => void,
  ): Result<void> {
    for (let b = from; b < to; b++) {
      const at = this.bucketRow(level, b);
      if (!at.ok) return at;
      use(at.value.row, at.value.at, b);
    }
    return ok();
  }

  /**
   * Reads at once the stored rows of a level that hold the complete buckets of [from, to), in samples, as far as they are not
   * kept. Asking for them one by one gives the same, slower.
   */
  loadRows(level: number, from: number, to: number): Result<void> {
    if (this.#combined(level)) return ok();
    const size = this.#bucketsInRow(level) * LEVEL_SAMPLES[level]!;
    const first = Math.floor(from / size);
    const end = Math.min(Math.ceil(to / size), Math.floor(this.lengthSamples / size), first + ROWS_KEPT);
    let missing = 0;
    for (let b = first; b < end; b++) if (!this.#rows.has(rowKey(level, b))) missing++;
    if (missing < 4) return ok();
    const stored = this.source.summaries(level, first, end);
    if (!stored.ok) return stored;
    for (const { block, bytes } of stored.value) {
      const row = this.#rowOf(level, block, bytes);
      if (!row.ok) return row;
      this.#keepRow(rowKey(level, block), row.value);
    }
    return ok();
  }

  /** The stored row that holds a bucket, and its place in it. */
  bucketRow(level: number, bucket: number): Result<{ row: Buckets; at: number }> {
    const rowLevel = this.#combined(level) ? 0 : level;
    const perRow = this.#bucketsInRow(level);
    const block = Math.floor(bucket / perRow);
    const settled = (block + 1) * perRow * LEVEL_SAMPLES[level]! <= this.lengthSamples;
    const key = rowKey(rowLevel, block);
    let row = settled ? this.#rows.get(key) : undefined;
    if (!row) {
      const stored = this.source.summary(rowLevel, block);
      if (!stored.ok) return stored;
      const read = this.#rowOf(level, block, stored.value.bytes);
      if (!read.ok) return read;
      row = read.value;
      if (settled) this.#keepRow(key, row);
    }
    return ok({ row: row instanceof ChunkSummary ? row.levels[level]! : row, at: bucket % perRow });
  }

  /** Format version 1 has the lower levels of a chunk in one row. */
  #combined(level: number): boolean {
    return this.header.formatVersion < 2 && level < CHUNK_LEVELS_V1;
  }

  #bucketsInRow(level: number): number {
    const inChunk = this.#combined(level) || level < CHUNK_LEVELS;
    return inChunk ? CHUNK_SAMPLES / LEVEL_SAMPLES[level]! : HIGH_BLOCK_BUCKETS;
  }

  #rowOf(level: number, block: number, bytes: Uint8Array): Result<ChunkSummary | Buckets> {
    const combined = this.#combined(level);
    const perRow = this.#bucketsInRow(level);
    if (bytes.length !== this.#rowBytes(combined, level, perRow))
      return damaged('summary', combined ? 0 : level, block);
    return ok(
      combined
        ? new ChunkSummary(this.#rangeCount, bytes)
        : new Buckets(level, perRow, this.#rangeCount, bytes),
    );
  }

  #expectedLength(index: number): number {
    return Math.min(CHUNK_SAMPLES, this.lengthSamples - index * CHUNK_SAMPLES);
  }

  #sampleA(sample: number): Result<number> {
    const chunk = this.decodedChunk(Math.floor(sample / CHUNK_SAMPLES));
    if (!chunk.ok) return chunk;
    return ok(chunk.value.samples.amperes[sample % CHUNK_SAMPLES]!);
  }

  #addSpan(sums: SpanSums, from: number, to: number): Result<void> {
    const settled = this.settledSamples;
    let at = from;
    while (at < to) {
      const level = largestBucket(at, Math.min(to, settled));
      const step = level < 0 ? this.#addRaw(sums, at, to) : this.#addBucket(sums, level, at);
      if (!step.ok) return step;
      at = step.value;
    }
    return ok();
  }

  #addBucket(sums: SpanSums, level: number, at: number): Result<number> {
    const bucket = this.bucketRow(level, at / LEVEL_SAMPLES[level]!);
    if (!bucket.ok) return bucket;
    sums.addBucket(bucket.value.row, bucket.value.at);
    return ok(at + LEVEL_SAMPLES[level]!);
  }

  /** Raw samples up to the next place where a bucket could start. */
  #addRaw(sums: SpanSums, at: number, to: number): Result<number> {
    const index = Math.floor(at / CHUNK_SAMPLES);
    const settled = Math.floor(this.lengthSamples / CHUNK_SAMPLES);
    const next =
      index < settled
        ? (Math.floor(at / LEVEL_SAMPLES[1]!) + 1) * LEVEL_SAMPLES[1]!
        : (index + 1) * CHUNK_SAMPLES;
    const end = Math.min(to, next);
    const chunk = this.decodedChunk(index);
    if (!chunk.ok) return chunk;
    const { amperes, logic, ranges, shiftAt, shiftA, shiftCount } = chunk.value.samples;
    const base = index * CHUNK_SAMPLES;
    sums.addRaw(amperes, logic, ranges, at - base, end - base);
    for (let i = lowerBound(shiftAt, shiftCount, at - base); i < shiftCount && shiftAt[i]! < end - base; i++)
      sums.shift += shiftA[i]!;
    return ok(end);
  }

  #rowBytes(combined: boolean, level: number, perRow: number): number {
    if (!combined) return bucketBytes(level, perRow, this.#rangeCount);
    return LEVEL_SAMPLES.slice(0, CHUNK_LEVELS_V1).reduce(
      (sum, n, l) => sum + bucketBytes(l, CHUNK_SAMPLES / n, this.#rangeCount),
      0,
    );
  }

  #keepRow(key: number, row: ChunkSummary | Buckets): void {
    if (this.#rows.size >= ROWS_KEPT) this.#rows.delete(this.#rows.keys().next().value!);
    this.#rows.set(key, row);
  }
}

function rowKey(level: number, block: number): number {
  return level * 2 ** 40 + block;
}

/** The highest level ≥ 1 whose bucket begins at `at` and ends by `to`; −1 where none does. */
function largestBucket(at: number, to: number): number {
  let best = -1;
  for (let level = 1; level < LEVEL_SAMPLES.length; level++) {
    const n = LEVEL_SAMPLES[level]!;
    if (at % n !== 0 || at + n > to) break;
    best = level;
  }
  return best;
}

function lowerBound(sorted: Uint32Array, count: number, value: number): number {
  let lo = 0;
  let hi = count;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (sorted[mid]! < value) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/** Decodes one stored chunk from its own decoder state; missing samples become NaN. */
export function decodeChunk(
  chunk: ChunkRecord,
  source: ChunkSource,
  codec: SampleCodec,
  out: DecodedSamples,
): Result<void> {
  const calibration = source.calibration(chunk.calibrationVersion);
  if (!calibration.ok) return calibration;
  const decoder = codec.openDecoder(calibration.value.json);
  if (!decoder.ok) return decoder;
  if (!isWhole(chunk) || decoder.value.saveState().length !== chunk.decoderState.length)
    return damaged('chunk', 0, chunk.index);
  decoder.value.loadState(chunk.decoderState);
  out.shiftCount = 0;
  let word = 0;
  let at = 0;
  for (let g = 0; g <= chunk.gaps.length; g += 2) {
    const gapAt = g < chunk.gaps.length ? chunk.gaps[g]! : chunk.length;
    const n = gapAt - at;
    decoder.value.decode(chunk.words, word, word + n, out, at);
    word += n;
    at = gapAt;
    if (g >= chunk.gaps.length) break;
    const missing = chunk.gaps[g + 1]!;
    out.amperes.fill(NaN, at, at + missing);
    out.ranges.fill(MISSING_RANGE, at, at + missing);
    out.logic.fill(at > 0 ? out.logic[at - 1]! : 0, at, at + missing);
    at += missing;
  }
  return ok();
}

/** Its words and gaps fill exactly its length. */
function isWhole(chunk: ChunkRecord): boolean {
  const { gaps, length } = chunk;
  let end = 0;
  let missing = 0;
  for (let g = 0; g < gaps.length; g += 2) {
    if (gaps[g]! < end || g + 1 >= gaps.length) return false;
    end = gaps[g]! + gaps[g + 1]!;
    missing += gaps[g + 1]!;
  }
  return length <= CHUNK_SAMPLES && end <= length && chunk.words.length + missing === length;
}
