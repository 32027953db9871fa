import type { Clock } from '../base/clock.ts';
import { BugError, ok, type Failure, type Result } from '../base/errors.ts';
import { ChannelWriter } from './channel-writer.ts';
import type { ChunkSink, TraceBatch } from './chunk-store.ts';
import { CommitRing, HELD_BACK_RING_BYTES, RING_BYTES } from './commit-ring.ts';
import { EdgeDetector } from './edge-detector.ts';
import {
  channelsOf,
  CHUNK_SAMPLES,
  type ClockPoint,
  type GapCause,
  type GapRecord,
  type MarkRecord,
  type SampleCodec,
  type SupplyRecord,
  type TraceHeader,
} from './format.ts';
import { LiveStatistics, type LiveFigures } from './live-statistics.ts';
import type { SampleReceiver } from './source.ts';

/** Of a second of data: what is not yet committed when the process dies, with the time the disk takes, is under a second. */
const COMMIT_SHARE = 0.8;
/** Finished chunks of a channel that may gather before a commit when data comes fast. */
const MAX_GATHERED_CHUNKS = 16;

export interface ChunkWriterOptions {
  /** Codecs of the channels after the first, in the header's order. */
  readonly moreCodecs?: readonly SampleCodec[];
  /** When samples are delivered, for the relation of the sample clock to this one. */
  readonly clock?: Clock;
  /**
   * What happens to samples while the ring is full: `wait` holds the source back, which a simulated or paused one
   * allows; `gap` leaves them out as a gap of cause `writer-overrun`, which a running instrument needs. Default `wait`.
   */
  readonly whenFull?: 'wait' | 'gap';
  readonly ringBytes?: number;
}

/**
 * Turns a stream of raw words into chunks, summaries, edges and gaps, and hands them to a sink through a bounded ring,
 * at least once a second of data. Reading goes on while the sink writes.
 */
export class ChunkWriter implements SampleReceiver {
  readonly edges: EdgeDetector;
  readonly #channels: readonly ChannelWriter[];
  readonly #live: LiveStatistics;
  readonly #ring: CommitRing;
  readonly #clock: Clock | undefined;
  readonly #whenFull: 'wait' | 'gap';
  readonly #commitSamples: number;
  readonly #sampleUs: number;
  #pushed = 0;
  #missing = 0;
  /** Words left out by channel 0 since the ring became full, not yet a gap. */
  #overrun = 0;
  #dropping = false;
  #failure: Failure | undefined;
  #calibrations = 0;
  #clockPoints: ClockPoint[] = [];
  #clockPoint: ClockPoint | undefined;
  #clockLead = -Infinity;
  #gaps: GapRecord[] = [];
  #marks: MarkRecord[] = [];
  #supplies: SupplyRecord[] = [];

  constructor(
    header: Pick<TraceHeader, 'sampleRateHz' | 'rangeCount' | 'logicMask' | 'codecId' | 'moreChannels'>,
    sink: ChunkSink,
    codec: SampleCodec,
    options: ChunkWriterOptions = {},
  ) {
    const codecs = [codec, ...(options.moreCodecs ?? [])];
    const formats = channelsOf(header);
    if (formats.length !== codecs.length)
      throw new BugError(`${formats.length} channels, ${codecs.length} codecs`);
    const nextVersion = () => ++this.#calibrations;
    this.#channels = formats.map((f, i) => new ChannelWriter(i, f.rangeCount, codecs[i]!, nextVersion));
    this.#live = new LiveStatistics(this.#channels[0]!, header.rangeCount, 1 / header.sampleRateHz);
    const held = options.whenFull === 'gap' ? RING_BYTES : HELD_BACK_RING_BYTES;
    this.#ring = new CommitRing(sink, options.ringBytes ?? held);
    this.#clock = options.clock;
    this.#whenFull = options.whenFull ?? 'wait';
    this.#commitSamples = header.sampleRateHz * COMMIT_SHARE;
    this.#sampleUs = 1e6 / header.sampleRateHz;
    this.edges = new EdgeDetector(header.logicMask);
    this.edges.onStorm((channel) => this.mark('trace.too-many-edges', `D${channel}: not wired?`));
  }

  /** Sample periods of the timeline so far, missing ones included. */
  get lengthSamples(): number {
    return this.#channels[0]!.lengthSamples + this.#overrun;
  }

  /** Of one channel: between two settles one may be ahead of another. */
  channelSamples(channel: number): number {
    return this.#channels[channel]!.lengthSamples + this.#overrun;
  }

  get committedSamples(): number {
    return this.#ring.committedSamples;
  }

  get missingSamples(): number {
    return this.#missing + this.#overrun;
  }

  /** The most bytes that ever waited for the sink. */
  get ringPeakBytes(): number {
    return this.#ring.peakBytes;
  }

  live(): LiveFigures {
    return this.#live.figures(this.lengthSamples, this.missingSamples);
  }

  get #stopped(): Failure | undefined {
    return this.#failure ?? this.#ring.failure;
  }

  /** `state`: of the decoder before the first word, where the stream is a piece of another one. */
  calibration(json: string, channel = 0, state?: Uint8Array): void {
    if (this.#stopped) return;
    const refused = this.#channels[channel]!.calibrate(json, state);
    if (refused) this.#failure = refused;
  }

  supply(supply: Omit<SupplyRecord, 'sample'>): void {
    this.#flushOverrun();
    this.#live.supplyChanged(supply.volts);
    this.#supplies.push({ sample: this.lengthSamples, ...supply });
  }

  mark(kind: string, detail: string): void {
    this.#marks.push({ sample: this.lengthSamples, kind, detail });
  }

  /** What another trace already knew of these samples, in its place. */
  adopt(known: {
    readonly supplies: readonly SupplyRecord[];
    readonly marks: readonly MarkRecord[];
    readonly clockPoints: readonly ClockPoint[];
  }): void {
    this.#supplies.push(...known.supplies);
    this.#marks.push(...known.marks);
    this.#clockPoints.push(...known.clockPoints);
  }

  words(words: Uint32Array, from: number, to: number, channel = 0): void {
    this.#take(words, from, to, channel, null);
  }

  /** Of a file whose words carry no logic: `logic[i]` are the levels during `words[i]`; they are kept as edges. */
  wordsWithLogic(words: Uint32Array, logic: Uint8Array, from: number, to: number): void {
    this.#take(words, from, to, 0, logic);
  }

  #take(words: Uint32Array, from: number, to: number, channel: number, logic: Uint8Array | null): void {
    if (this.#stopped) return;
    if (this.#dropping) {
      if (channel === 0) this.#overrun += to - from;
      return;
    }
    if (this.#overrun > 0) this.#flushOverrun();
    const writer = this.#channels[channel]!;
    while (from < to) {
      const at = writer.filled;
      const taken = writer.take(words, from, to);
      if (!taken.ok) {
        this.#failure = taken;
        return;
      }
      if (logic) writer.decoded.logic.set(logic.subarray(from, from + taken.value), at);
      if (channel === 0)
        this.edges.scan(writer.decoded, at, at + taken.value, writer.chunkIndex * CHUNK_SAMPLES);
      from += taken.value;
      this.#closeIfFull(writer);
    }
  }

  gap(missing: number, cause: GapCause): void {
    if (this.#stopped || missing <= 0) return;
    this.#flushOverrun();
    this.#insertGap(missing, cause);
  }

  async settle(): Promise<Result<void>> {
    this.#demandAligned();
    if (this.#stopped) return this.#stopped;
    this.#notePoint();
    const waiting = this.lengthSamples - this.#pushed;
    const gathered = this.#channels[0]!.waitingChunks;
    const whole = gathered > 0 && waiting + CHUNK_SAMPLES > this.#commitSamples;
    if (whole || gathered >= MAX_GATHERED_CHUNKS) void this.#push(false);
    else if (waiting >= this.#commitSamples && !this.#dropping) void this.#push(true);
    if (this.#whenFull === 'wait') await this.#ring.room();
    else this.#dropping = this.#ring.full;
    return this.#ring.failure ?? ok();
  }

  /** Commits everything so far, the open chunk included, so that a reader of the sink sees it. */
  async sync(): Promise<Result<void>> {
    if (this.#ring.failure) return this.#ring.failure;
    this.#demandAligned();
    this.#flushOverrun();
    const pushed = await this.#push(true);
    return this.#failure ?? pushed;
  }

  #closeIfFull(writer: ChannelWriter): void {
    if (writer.filled < CHUNK_SAMPLES) return;
    const filled = writer.filled;
    // the sums need the samples that closing gives free
    const { decoded } = writer;
    if (writer.channel === 0)
      writer.closeChunk((summary) => this.#live.chunkClosed(summary, decoded, filled));
    else writer.closeChunk();
  }

  #flushOverrun(): void {
    const missing = this.#overrun;
    if (missing === 0) return;
    this.#overrun = 0;
    this.#insertGap(missing, 'writer-overrun');
  }

  #insertGap(missing: number, cause: GapCause): void {
    this.#demandAligned();
    this.#gaps.push({ firstSample: this.lengthSamples, missing, cause });
    this.#missing += missing;
    this.edges.gap(missing);
    for (const writer of this.#channels)
      for (let left = missing; left > 0;) {
        left -= writer.skip(left, this.edges.levels);
        this.#closeIfFull(writer);
      }
  }

  #demandAligned(): void {
    const length = this.#channels[0]!.lengthSamples;
    for (const c of this.#channels)
      if (c.lengthSamples !== length)
        throw new BugError(`channel ${c.channel} has ${c.lengthSamples} samples, channel 0 ${length}`);
  }

  /** Delivery only ever comes late: of the points since the last commit the earliest against its sample counts. */
  #notePoint(): void {
    if (!this.#clock) return;
    const hostUs = this.#clock.nowUs();
    const sample = this.lengthSamples;
    const lead = sample * this.#sampleUs - hostUs;
    if (lead <= this.#clockLead) return;
    this.#clockLead = lead;
    this.#clockPoint = { sample, hostUs };
  }

  #push(withOpenChunk: boolean): Promise<Result<void>> {
    const records = this.#channels.map((c) => c.takeRecords(withOpenChunk));
    const first = this.#channels[0]!;
    const batch: TraceBatch = {
      chunks: records.flatMap((r) => r.chunks),
      summaries: records.flatMap((r) => r.summaries),
      valueCounts: records.flatMap((r) => r.valueCounts),
      calibrations: records.flatMap((r) => r.calibrations),
      supplies: this.#supplies,
      gaps: this.#gaps,
      edges: this.edges.take(),
      marks: this.#marks,
      clockPoints: this.#clockPoint ? [...this.#clockPoints, this.#clockPoint] : this.#clockPoints,
      lengthSamples: withOpenChunk ? first.lengthSamples : first.chunkIndex * CHUNK_SAMPLES,
    };
    this.#pushed = batch.lengthSamples;
    this.#supplies = [];
    this.#gaps = [];
    this.#marks = [];
    this.#clockPoints = [];
    this.#clockPoint = undefined;
    this.#clockLead = -Infinity;
    return this.#ring.push(batch);
  }
}
