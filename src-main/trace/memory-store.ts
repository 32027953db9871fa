import { fail, ok, type Result } from '../base/errors.ts';
import type { ChunkStore, TraceBatch } from './chunk-store.ts';
import { noChunk, damaged } from './failures.ts';
import { chunkCrc, summaryCrc } from './crc.ts';
import type {
  CalibrationRecord,
  ChunkRecord,
  EdgeRecord,
  GapRecord,
  MarkRecord,
  SummaryRecord,
  SupplyRecord,
  TraceHeader,
  TraceState,
} from './format.ts';

/** A trace in memory: for tests and for short looks that nobody keeps. Raw words: 4 bytes a sample. */
export class MemoryTraceStore implements ChunkStore {
  readonly header: TraceHeader;
  readonly #chunks = new Map<number, ChunkRecord>();
  readonly #summaries = new Map<string, SummaryRecord>();
  readonly #calibrations = new Map<number, CalibrationRecord>();
  readonly #supplies: SupplyRecord[] = [];
  readonly #gaps: GapRecord[] = [];
  readonly #edges: EdgeRecord[] = [];
  readonly #marks: MarkRecord[] = [];
  #length = 0;
  #state: TraceState = 'recording';

  constructor(header: TraceHeader) {
    this.header = header;
  }

  async commit(batch: TraceBatch): Promise<Result<void>> {
    for (const c of batch.chunks) this.#chunks.set(c.index, c);
    for (const s of batch.summaries) this.#summaries.set(`${s.level}/${s.block}`, s);
    for (const c of batch.calibrations) this.#calibrations.set(c.version, c);
    this.#supplies.push(...batch.supplies);
    for (const g of batch.gaps) this.#gaps.push(g);
    for (const e of batch.edges) this.#edges.push(e);
    this.#marks.push(...batch.marks);
    this.#length = batch.lengthSamples;
    return ok();
  }

  async finish(state: TraceState, _reason: string): Promise<Result<void>> {
    this.#state = state;
    return ok();
  }

  lengthSamples(): number {
    return this.#length;
  }

  state(): TraceState {
    return this.#state;
  }

  chunk(index: number): Result<ChunkRecord> {
    const c = this.#chunks.get(index);
    if (!c) return noChunk(index);
    return chunkCrc(c) === c.crc ? ok(c) : damaged('chunk', 0, index);
  }

  summary(level: number, block: number): Result<SummaryRecord> {
    const s = this.#summaries.get(`${level}/${block}`);
    if (!s) return noChunk(block);
    return summaryCrc(s) === s.crc ? ok(s) : damaged('summary', level, block);
  }

  calibration(version: number): Result<CalibrationRecord> {
    const c = this.#calibrations.get(version);
    return c
      ? ok(c)
      : fail(
          'trace.no-calibration',
          { version },
          'The trace names a calibration it does not hold.',
          'Record the trace again.',
        );
  }

  supplies(): Result<readonly SupplyRecord[]> {
    return ok(this.#supplies);
  }

  edges(channel: number, from: number, to: number): Result<readonly EdgeRecord[]> {
    return ok(this.#edges.filter((e) => e.channel === channel && e.sample >= from && e.sample < to));
  }

  gaps(from: number, to: number): Result<readonly GapRecord[]> {
    return ok(this.#gaps.filter((g) => g.firstSample < to && g.firstSample + g.missing > from));
  }

  marks(from: number, to: number): Result<readonly MarkRecord[]> {
    return ok(this.#marks.filter((m) => m.sample >= from && m.sample < to));
  }
}
