import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import { ChunkSummary, HighLevels } from './buckets.ts';
import type { ChunkSink, TraceBatch } from './chunk-store.ts';
import { chunkCrc, summaryCrc } from './crc.ts';
import { EdgeDetector } from './edge-detector.ts';
import {
  CHUNK_SAMPLES,
  MISSING_RANGE,
  newDecodedSamples,
  type CalibrationRecord,
  type ChunkRecord,
  type DecodedSamples,
  type GapCause,
  type GapRecord,
  type MarkRecord,
  type SampleCodec,
  type SampleDecoder,
  type SummaryRecord,
  type SupplyRecord,
  type TraceHeader,
} from './format.ts';
import type { SampleReceiver } from './source.ts';

/** Uncommitted chunks that may wait in memory when data comes faster than one chunk a second. */
const MAX_PENDING_CHUNKS = 32;

/**
 * Turns a stream of raw words into chunks, summaries, edges and gaps, and commits them at least once a second of
 * data. Memory is bounded: one open chunk, its decoded samples and at most `MAX_PENDING_CHUNKS` finished ones.
 */
export class ChunkWriter implements SampleReceiver {
  readonly #sink: ChunkSink;
  readonly #codec: SampleCodec;
  readonly #commitSamples: number;
  readonly #summary: ChunkSummary;
  readonly #high: HighLevels;
  readonly #decoded: DecodedSamples = newDecodedSamples();
  readonly #words = new Uint32Array(CHUNK_SAMPLES);
  readonly edges: EdgeDetector;
  #decoder: SampleDecoder | undefined;
  #startState: Uint8Array = new Uint8Array();
  #wordCount = 0;
  #filled = 0;
  #chunkGaps: number[] = [];
  #chunkIndex = 0;
  #committed = 0;
  #missing = 0;
  #failure: Failure | undefined;
  /** A reader's `sync` may fall into the stream's own commit: batches go to the sink one after the other. */
  #inFlight: Promise<unknown> = Promise.resolve();

  #calibrationVersion = 0;
  #chunks: ChunkRecord[] = [];
  #summaries: SummaryRecord[] = [];
  #gaps: GapRecord[] = [];
  #marks: MarkRecord[] = [];
  #supplies: SupplyRecord[] = [];
  #calibrations: CalibrationRecord[] = [];

  constructor(
    header: Pick<TraceHeader, 'sampleRateHz' | 'rangeCount' | 'logicMask'>,
    sink: ChunkSink,
    codec: SampleCodec,
  ) {
    this.#sink = sink;
    this.#codec = codec;
    this.#commitSamples = header.sampleRateHz;
    this.#summary = new ChunkSummary(header.rangeCount);
    this.#high = new HighLevels(header.rangeCount);
    this.edges = new EdgeDetector(header.logicMask);
    this.edges.onStorm((channel) => this.mark('trace.too-many-edges', `D${channel}: not wired?`));
  }

  /** Sample periods of the timeline so far, missing ones included. */
  get lengthSamples(): number {
    return this.#chunkIndex * CHUNK_SAMPLES + this.#filled;
  }

  get committedSamples(): number {
    return this.#committed;
  }

  get missingSamples(): number {
    return this.#missing;
  }

  calibration(json: string): void {
    if (this.#failure) return;
    if (this.#filled > 0 || this.#chunkIndex > 0) {
      this.#failure = fail(
        'trace.calibration-changed',
        { sample: this.lengthSamples },
        'The monitor was set up anew while it was recorded.',
        'Stop the recording before the monitor is set up.',
      );
      return;
    }
    const decoder = this.#codec.openDecoder(json);
    if (!decoder.ok) {
      this.#failure = decoder;
      return;
    }
    this.#decoder = decoder.value;
    this.#startState = decoder.value.saveState();
    this.#calibrations.push({ version: ++this.#calibrationVersion, json });
  }

  supply(supply: Omit<SupplyRecord, 'sample'>): void {
    this.#supplies.push({ sample: this.lengthSamples, ...supply });
  }

  mark(kind: string, detail: string): void {
    this.#marks.push({ sample: this.lengthSamples, kind, detail });
  }

  words(words: Uint32Array, from: number, to: number): void {
    if (this.#failure) return;
    const decoder = this.#decoder;
    if (!decoder) {
      this.#failure = fail(
        'trace.no-calibration',
        {},
        'Samples came before a calibration.',
        'Report this as a bug of the monitor driver.',
      );
      return;
    }
    while (from < to) {
      const n = Math.min(to - from, CHUNK_SAMPLES - this.#filled);
      this.#words.set(words.subarray(from, from + n), this.#wordCount);
      decoder.decode(words, from, from + n, this.#decoded, this.#filled);
      this.edges.scan(this.#decoded, this.#filled, this.#filled + n, this.#chunkIndex * CHUNK_SAMPLES);
      this.#wordCount += n;
      this.#filled += n;
      from += n;
      if (this.#filled === CHUNK_SAMPLES) this.#closeChunk();
    }
  }

  gap(missing: number, cause: GapCause): void {
    if (this.#failure || missing <= 0) return;
    this.#gaps.push({ firstSample: this.lengthSamples, missing, cause });
    this.#missing += missing;
    this.edges.gap(missing);
    while (missing > 0) {
      const n = Math.min(missing, CHUNK_SAMPLES - this.#filled);
      this.#decoded.amperes.fill(NaN, this.#filled, this.#filled + n);
      this.#decoded.logic.fill(this.edges.levels, this.#filled, this.#filled + n);
      this.#decoded.ranges.fill(MISSING_RANGE, this.#filled, this.#filled + n);
      this.#chunkGaps.push(this.#filled, n);
      this.#filled += n;
      missing -= n;
      if (this.#filled === CHUNK_SAMPLES) this.#closeChunk();
    }
  }

  async settle(): Promise<Result<void>> {
    if (this.#failure) return this.#failure;
    const waiting = this.lengthSamples - this.#committed;
    const full = this.#chunks.length > 0 && waiting + CHUNK_SAMPLES > this.#commitSamples;
    if (full || this.#chunks.length >= MAX_PENDING_CHUNKS) return this.#commit(false);
    return waiting >= this.#commitSamples ? this.#commit(true) : ok();
  }

  /** Commits everything so far, the open chunk included, so that a reader of the sink sees it. */
  async sync(): Promise<Result<void>> {
    return this.#failure ?? this.#commit(true);
  }

  #closeChunk(): void {
    this.#pushOpenChunk();
    for (const row of this.#high.add(this.#summary)) this.#summaries.push({ ...row, crc: summaryCrc(row) });
    this.#chunkIndex++;
    this.#filled = 0;
    this.#wordCount = 0;
    this.#chunkGaps = [];
    this.#decoded.shiftCount = 0;
    this.#startState = this.#decoder?.saveState() ?? this.#startState;
  }

  #pushOpenChunk(): void {
    this.#summary.build(this.#decoded, this.#filled);
    const chunk = {
      index: this.#chunkIndex,
      length: this.#filled,
      words: this.#words.slice(0, this.#wordCount),
      gaps: Uint32Array.from(this.#chunkGaps),
      decoderState: this.#startState,
      calibrationVersion: this.#calibrationVersion,
    };
    this.#chunks.push({ ...chunk, crc: chunkCrc(chunk) });
    const row = { level: 0, block: this.#chunkIndex, bytes: this.#summary.toBytes() };
    this.#summaries.push({ ...row, crc: summaryCrc(row) });
  }

  async #commit(withOpenChunk: boolean): Promise<Result<void>> {
    const openPushed = withOpenChunk && this.#filled > 0;
    if (openPushed) this.#pushOpenChunk();
    const length = withOpenChunk ? this.lengthSamples : this.#chunkIndex * CHUNK_SAMPLES;
    const batch = {
      chunks: this.#chunks,
      summaries: this.#summaries,
      calibrations: this.#calibrations,
      supplies: this.#supplies,
      gaps: this.#gaps,
      edges: this.edges.take(),
      marks: this.#marks,
      lengthSamples: length,
    };
    this.#chunks = [];
    this.#summaries = [];
    this.#calibrations = [];
    this.#supplies = [];
    this.#gaps = [];
    this.#marks = [];
    const done = this.#inFlight.then(async () => this.#failure ?? this.#deliver(batch));
    this.#inFlight = done;
    return done;
  }

  async #deliver(batch: TraceBatch): Promise<Result<void>> {
    const done = await this.#sink.commit(batch);
    if (done.ok) this.#committed = batch.lengthSamples;
    else this.#failure = done;
    return done;
  }
}
