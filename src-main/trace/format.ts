import type { Result } from '../base/errors.ts';
import type { MonitorAccuracy } from './accuracy.ts';

/** Samples of one chunk. A chunk always covers this many sample periods of the timeline; gaps leave it shorter on disk. */
export const CHUNK_SAMPLES = 65_536;
/** Sample periods under one bucket, by pyramid level: ÷64, then ×16. */
export const LEVEL_SAMPLES: readonly number[] = [64, 1024, 16_384, 262_144, 4_194_304, 67_108_864];
/** The levels that have one summary row a chunk; rows of higher ones span chunks. */
export const CHUNK_LEVELS = 2;
/** Levels in the one summary row a chunk that format version 1 had. */
export const CHUNK_LEVELS_V1 = 3;
/** Buckets in one summary row of a level above the chunk's. */
export const HIGH_BLOCK_BUCKETS = 64;
export const TRACE_FORMAT_VERSION = 2;
/** Channels that are sampled together; more would not fit the keys of a trace file. */
export const MAX_CHANNELS = 64;
/** In place of a measuring range where the sample is missing. */
export const MISSING_RANGE = 255;

/** One sampled quantity. All channels of a trace share timeline, gaps, edges and marks. */
export interface ChannelFormat {
  /** `current`, `voltage`, `current-2` … */
  readonly id: string;
  readonly unit: 'A' | 'V';
  readonly codecId: string;
  readonly rangeCount: number;
}

/** What a trace says of itself. Plain JSON. */
export interface TraceHeader {
  readonly formatVersion: number;
  /** Unique; the main database refers to the trace by it. */
  readonly traceId: string;
  readonly title: string;
  /** Which codec turns raw words into amperes: `ppk2`. */
  readonly codecId: string;
  readonly sampleRateHz: number;
  /** Measuring ranges of the monitor, 1 where it has one. */
  readonly rangeCount: number;
  /** Logic channels that are kept as edges, bit n = Dn. */
  readonly logicMask: number;
  readonly monitor: {
    readonly kind: string;
    readonly serial: string | null;
    readonly firmware: string | null;
  };
  /** `measured` or `emulated`: where the samples come from. */
  readonly source: 'measured' | 'emulated';
  /** The channels after the first one, which is the current of `codecId` and `rangeCount`. */
  readonly moreChannels?: readonly ChannelFormat[];
  /** Bounds of the monitor's readings when it recorded; absent where nobody stated any. */
  readonly accuracy?: MonitorAccuracy;
  /** UTC, ISO 8601. */
  readonly startedAt?: string;
  /** A cut: the trace and the sample periods it was taken from. */
  readonly cutFrom?: { readonly traceId: string; readonly fromSample: number; readonly toSample: number };
}

/** All channels of a trace, in order. */
export function channelsOf(
  header: Pick<TraceHeader, 'codecId' | 'rangeCount' | 'moreChannels'>,
): readonly ChannelFormat[] {
  const { codecId, rangeCount, moreChannels = [] } = header;
  return [{ id: 'current', unit: 'A', codecId, rangeCount }, ...moreChannels];
}

/** Samples that never arrived. `cause` is what the driver could tell. */
export type GapCause =
  | 'lost'
  | 'misaligned'
  | 'likely-multiple-of-64'
  | 'monitor-overrun'
  /** They arrived, but the disk was too slow for too long and the ring before it was full. */
  | 'writer-overrun';

export interface GapRecord {
  /** Timeline index of the first missing sample. */
  readonly firstSample: number;
  readonly missing: number;
  readonly cause: GapCause;
}

/** A change of one logic channel. The level holds from `sample` on, to within `uncertainSamples` before it. */
export interface EdgeRecord {
  readonly sample: number;
  readonly channel: number;
  readonly level: 0 | 1;
  /** 1 in a clean stream; more where the edge fell into a gap. */
  readonly uncertainSamples: number;
}

/** The supply of the DUT from `sample` on. */
export interface SupplyRecord {
  readonly sample: number;
  readonly volts: number;
  /** Half width of the stated bound. */
  readonly uncertaintyV: number;
  readonly origin: 'set-point' | 'measured';
}

/** Everything a codec needs to turn words into amperes, as JSON text; a chunk names the version it was taken with. */
export interface CalibrationRecord {
  readonly version: number;
  readonly json: string;
}

/** Something worth a flag at a sample: a re-synchronised stream, an over-range, a note. */
export interface MarkRecord {
  readonly sample: number;
  readonly kind: string;
  readonly detail: string;
}

/** When a sample was delivered, on the clock of the recording computer: one pair a commit. */
export interface ClockPoint {
  readonly sample: number;
  readonly hostUs: number;
}

/** A remark of a person on a span of the timeline. */
export interface AnnotationRecord {
  readonly id: number;
  readonly fromSample: number;
  readonly toSample: number;
  readonly text: string;
  /** UTC, ISO 8601. */
  readonly createdAt: string;
  /** Set when it was deleted; it can be brought back. */
  readonly deletedAt: string | null;
}

/** 65 536 sample periods as the monitor sent them. */
export interface ChunkRecord {
  /** 0 where absent. */
  readonly channel?: number;
  readonly index: number;
  /** Sample periods covered so far; `CHUNK_SAMPLES` but in the last chunk. */
  readonly length: number;
  /** The received words in order, without the missing ones. */
  readonly words: Uint32Array;
  /** Pairs (offset in the chunk, missing samples), ascending. */
  readonly gaps: Uint32Array;
  /** The decoder's state before the first word. */
  readonly decoderState: Uint8Array;
  readonly calibrationVersion: number;
  /** CRC-32C over index, length, calibration version, channel, state, gaps, words: `chunkCrc`. */
  readonly crc: number;
}

/**
 * Row of level 0 or 1: the buckets of one chunk. Level ≥ 2: up to 64 buckets of that level. In format version 1 the row
 * of level 0 holds levels 0–2 of one chunk and the others begin at level 3.
 */
export interface SummaryRecord {
  /** 0 where absent. */
  readonly channel?: number;
  readonly level: number;
  readonly block: number;
  readonly bytes: Uint8Array;
  readonly crc: number;
}

/** How a recording ended. `recording` in a file nobody writes means: interrupted. */
export type TraceState = 'recording' | 'complete' | 'stopped-by-failure';

/** The decoded samples of one chunk, by offset from the chunk's first sample. Reused: nothing is allocated per sample. */
export interface DecodedSamples {
  /** A; NaN where the sample is missing. */
  readonly amperes: Float64Array;
  /** Logic channels, bit n = Dn; the last known level where the sample is missing. */
  readonly logic: Uint8Array;
  /** Measuring range; `MISSING_RANGE` where the sample is missing. */
  readonly ranges: Uint8Array;
  /** `logic` and `ranges` four samples at a time, over the same memory. */
  readonly logicWords: Uint32Array;
  readonly rangeWords: Uint32Array;
  /** Offsets at which the decoder replaced the converted value, ascending, `shiftCount` of them. */
  readonly shiftAt: Uint32Array;
  /** What the replacement added there, A. */
  readonly shiftA: Float64Array;
  shiftCount: number;
}

export function newDecodedSamples(): DecodedSamples {
  const logic = new Uint8Array(CHUNK_SAMPLES);
  const ranges = new Uint8Array(CHUNK_SAMPLES);
  return {
    amperes: new Float64Array(CHUNK_SAMPLES),
    logic,
    ranges,
    logicWords: new Uint32Array(logic.buffer),
    rangeWords: new Uint32Array(ranges.buffer),
    shiftAt: new Uint32Array(CHUNK_SAMPLES),
    shiftA: new Float64Array(CHUNK_SAMPLES),
    shiftCount: 0,
  };
}

/** Words → amperes. Stateful and sequential; its state is saved at every chunk start so that a chunk decodes alone. */
export interface SampleDecoder {
  /** Decodes `words[from, to)` to offsets `at…` of `out`. Hot path. */
  decode(words: Uint32Array, from: number, to: number, out: DecodedSamples, at: number): void;
  saveState(): Uint8Array;
  loadState(state: Uint8Array): void;
}

/** What a monitor gives a trace. Implemented beside each monitor's decoder; trace knows only this. */
export interface SampleCodec {
  readonly id: string;
  readonly rangeCount: number;
  /** Set where the words have no logic levels: whatever edges the trace has came beside them. */
  readonly logicBeside?: true;
  /** Fails with `trace.bad-calibration`. */
  openDecoder(calibrationJson: string): Result<SampleDecoder>;
}

/** A header for a new trace of this source. */
export function newTraceHeader(
  stream: Pick<TraceHeader, 'codecId' | 'sampleRateHz' | 'rangeCount' | 'monitor' | 'moreChannels'>,
  about: Pick<TraceHeader, 'traceId' | 'title' | 'source'> &
    Partial<Pick<TraceHeader, 'logicMask' | 'accuracy' | 'startedAt' | 'cutFrom'>>,
): TraceHeader {
  return { formatVersion: TRACE_FORMAT_VERSION, logicMask: 0xff, ...stream, ...about };
}
