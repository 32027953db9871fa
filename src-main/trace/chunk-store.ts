import type { Result } from '../base/errors.ts';
import type {
  CalibrationRecord,
  ChunkRecord,
  ClockPoint,
  EdgeRecord,
  GapRecord,
  MarkRecord,
  SummaryRecord,
  SupplyRecord,
  TraceHeader,
  TraceState,
} from './format.ts';

/** What one commit adds. All of it or nothing becomes readable. */
export interface TraceBatch {
  /** A chunk with an index that is already there replaces it (the last chunk grows). */
  readonly chunks: readonly ChunkRecord[];
  /** Likewise by (level, block). */
  readonly summaries: readonly SummaryRecord[];
  /** Likewise: how often each value came, by (level, block). */
  readonly valueCounts: readonly SummaryRecord[];
  readonly calibrations: readonly CalibrationRecord[];
  readonly supplies: readonly SupplyRecord[];
  readonly gaps: readonly GapRecord[];
  readonly edges: readonly EdgeRecord[];
  readonly marks: readonly MarkRecord[];
  /** When samples of this commit were delivered. */
  readonly clockPoints: readonly ClockPoint[];
  /** Sample periods of the timeline after this commit. */
  readonly lengthSamples: number;
}

/**
 * Where a recorder puts what it made. Implemented by store/trace-file.ts and, for tests and short looks, in memory.
 * A failed commit leaves everything committed before readable: `trace.disk-full`, `trace.locked`, `trace.write-failed`.
 */
export interface ChunkSink {
  commit(batch: TraceBatch): Promise<Result<void>>;
  finish(state: TraceState, reason: string): Promise<Result<void>>;
}

/** Reads committed parts. Synchronous: the caller is a worker or accepts one disk read. */
export interface ChunkSource {
  readonly header: TraceHeader;
  lengthSamples(): number;
  state(): TraceState;
  /** `trace.damaged` when the CRC does not match, `trace.no-chunk` when it was never there. */
  chunk(index: number): Result<ChunkRecord>;
  summary(level: number, block: number): Result<SummaryRecord>;
  /** The rows of blocks [from, to), in order, read at once; as `summary` where one is missing or damaged. */
  summaries(level: number, from: number, to: number): Result<readonly SummaryRecord[]>;
  calibration(version: number): Result<CalibrationRecord>;
  supplies(): Result<readonly SupplyRecord[]>;
  /** Another channel of the same trace; its edges, gaps, marks and supplies are the same. Channel 0 is this one. */
  channel(index: number): ChunkSource;
  /** Edges of one logic channel with `from ≤ sample < to`, in order; the first `limit` of them. */
  edges(channel: number, from: number, to: number, limit?: number): Result<readonly EdgeRecord[]>;
  /** Gaps that touch [from, to), in order. */
  gaps(from: number, to: number): Result<readonly GapRecord[]>;
  marks(from: number, to: number): Result<readonly MarkRecord[]>;
  clockPoints(): Result<readonly ClockPoint[]>;
  /** Value counts of blocks of chunks, see value-counts.ts. `trace.no-chunk` where the trace has none. */
  valueCounts(level: number, block: number): Result<SummaryRecord>;
}

export interface ChunkStore extends ChunkSink, ChunkSource {}
