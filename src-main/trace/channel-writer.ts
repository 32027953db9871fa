import { fail, type Failure, type Result, ok } from '../base/errors.ts';
import { ChunkSummary, HighLevels } from './buckets.ts';
import { chunkCrc, summaryCrc } from './crc.ts';
import {
  CHUNK_LEVELS,
  CHUNK_SAMPLES,
  MISSING_RANGE,
  newDecodedSamples,
  type CalibrationRecord,
  type ChunkRecord,
  type DecodedSamples,
  type SampleCodec,
  type SampleDecoder,
  type SummaryRecord,
} from './format.ts';
import { ValueCounter, ValueCountLevels, ValueCounts } from './value-counts.ts';

/** What finished chunks of one channel left behind since the last look. */
export interface ChannelRecords {
  readonly chunks: ChunkRecord[];
  readonly summaries: SummaryRecord[];
  readonly valueCounts: SummaryRecord[];
  readonly calibrations: CalibrationRecord[];
}

/** Raw words of one channel → chunks with their summaries. The open chunk's samples stay decoded. */
export class ChannelWriter {
  readonly channel: number;
  readonly decoded: DecodedSamples = newDecodedSamples();
  readonly summary: ChunkSummary;
  readonly #codec: SampleCodec;
  readonly #high: HighLevels;
  readonly #words = new Uint32Array(CHUNK_SAMPLES);
  readonly #counter = new ValueCounter();
  readonly #counts = new ValueCounts();
  readonly #countLevels = new ValueCountLevels();
  #decoder: SampleDecoder | undefined;
  #startState: Uint8Array = new Uint8Array();
  #wordCount = 0;
  #filled = 0;
  #gaps: number[] = [];
  #chunkIndex = 0;
  #calibrationVersion = 0;
  readonly #nextVersion: () => number;
  #records: ChannelRecords = { chunks: [], summaries: [], valueCounts: [], calibrations: [] };

  constructor(channel: number, rangeCount: number, codec: SampleCodec, nextVersion: () => number) {
    this.channel = channel;
    this.#codec = codec;
    this.#nextVersion = nextVersion;
    this.summary = new ChunkSummary(rangeCount);
    this.#high = new HighLevels(rangeCount);
  }

  get lengthSamples(): number {
    return this.#chunkIndex * CHUNK_SAMPLES + this.#filled;
  }

  /** Samples of the open chunk, missing ones included. */
  get filled(): number {
    return this.#filled;
  }

  get chunkIndex(): number {
    return this.#chunkIndex;
  }

  /** `state`: of the decoder before the first word, where the stream is a piece of another one. */
  calibrate(json: string, state?: Uint8Array): Failure | null {
    if (this.lengthSamples > 0)
      return fail(
        'trace.calibration-changed',
        { sample: this.lengthSamples },
        'The monitor was set up anew while it was recorded.',
        'Stop the recording before the monitor is set up.',
      );
    const decoder = this.#codec.openDecoder(json);
    if (!decoder.ok) return decoder;
    if (state) decoder.value.loadState(state);
    this.#decoder = decoder.value;
    this.#startState = decoder.value.saveState();
    this.#calibrationVersion = this.#nextVersion();
    this.#records.calibrations.push({ version: this.#calibrationVersion, json });
    return null;
  }

  /** Takes words up to the end of the open chunk; returns how many. The caller closes a full chunk. */
  take(words: Uint32Array, from: number, to: number): Result<number> {
    const decoder = this.#decoder;
    if (!decoder)
      return fail(
        'trace.no-calibration',
        { channel: this.channel },
        'Samples came before a calibration.',
        'Report this as a bug of the monitor driver.',
      );
    const n = Math.min(to - from, CHUNK_SAMPLES - this.#filled);
    this.#words.set(words.subarray(from, from + n), this.#wordCount);
    decoder.decode(words, from, from + n, this.decoded, this.#filled);
    this.#wordCount += n;
    this.#filled += n;
    return ok(n);
  }

  /** Missing samples up to the end of the open chunk; returns how many. */
  skip(missing: number, levels: number): number {
    const n = Math.min(missing, CHUNK_SAMPLES - this.#filled);
    this.decoded.amperes.fill(NaN, this.#filled, this.#filled + n);
    this.decoded.logic.fill(levels, this.#filled, this.#filled + n);
    this.decoded.ranges.fill(MISSING_RANGE, this.#filled, this.#filled + n);
    this.#gaps.push(this.#filled, n);
    this.#filled += n;
    return n;
  }

  /** Ends the full chunk: its record, its summaries, and what they complete above. `look` sees it before it is gone. */
  closeChunk(look?: (summary: ChunkSummary) => void): void {
    this.#pushChunk();
    this.summary.build(this.decoded, this.#filled);
    look?.(this.summary);
    const put = (level: number, block: number, bytes: Uint8Array) => {
      const row = { channel: this.channel, level, block, bytes };
      this.#records.summaries.push({ ...row, crc: summaryCrc(row) });
    };
    for (let level = 0; level < CHUNK_LEVELS; level++)
      put(level, this.#chunkIndex, this.summary.levels[level]!.bytes.slice());
    for (const row of this.#high.add(this.summary)) put(row.level, row.block, row.bytes);
    this.#countValues();
    this.#chunkIndex++;
    this.#filled = 0;
    this.#wordCount = 0;
    this.#gaps = [];
    this.decoded.shiftCount = 0;
    this.#startState = this.#decoder?.saveState() ?? this.#startState;
  }

  #countValues(): void {
    const put = (level: number, block: number, bytes: Uint8Array) => {
      const row = { channel: this.channel, level, block, bytes };
      this.#records.valueCounts.push({ ...row, crc: summaryCrc(row) });
    };
    this.#counts.clear();
    this.#counter.addTo(this.#counts, this.decoded.amperes, 0, this.#filled);
    put(0, this.#chunkIndex, this.#counts.toBytes());
    for (const row of this.#countLevels.add(this.#counts)) put(row.level, row.block, row.bytes);
  }

  /** What has gathered; with the open chunk where asked, which a later one of the same index replaces. */
  takeRecords(withOpenChunk: boolean): ChannelRecords {
    if (withOpenChunk && this.#filled > 0) this.#pushChunk();
    const records = this.#records;
    this.#records = { chunks: [], summaries: [], valueCounts: [], calibrations: [] };
    return records;
  }

  get waitingChunks(): number {
    return this.#records.chunks.length;
  }

  #pushChunk(): void {
    const chunk = {
      channel: this.channel,
      index: this.#chunkIndex,
      length: this.#filled,
      words: this.#words.slice(0, this.#wordCount),
      gaps: Uint32Array.from(this.#gaps),
      decoderState: this.#startState,
      calibrationVersion: this.#calibrationVersion,
    };
    this.#records.chunks.push({ ...chunk, crc: chunkCrc(chunk) });
  }
}
