import { fail, ok, type Result } from '../base/errors.ts';
import type { ChunkSource, ChunkStore, TraceBatch } from './chunk-store.ts';
import { noChunk, damaged } from './failures.ts';
import { chunkCrc, summaryCrc } from './crc.ts';
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

/** A trace in memory: for tests and for short looks that nobody keeps. Raw words: 4 bytes a sample. */
export class MemoryTraceStore implements ChunkStore {
  readonly header: TraceHeader;
  readonly #chunks = new Map<string, ChunkRecord>();
  readonly #summaries = new Map<string, SummaryRecord>();
  readonly #valueCounts = new Map<string, SummaryRecord>();
  readonly #calibrations = new Map<number, CalibrationRecord>();
  readonly #supplies: SupplyRecord[] = [];
  readonly #gaps: GapRecord[] = [];
  readonly #edges: EdgeRecord[] = [];
  readonly #marks: MarkRecord[] = [];
  readonly #clock: ClockPoint[] = [];
  #length = 0;
  #state: TraceState = 'recording';

  constructor(header: TraceHeader) {
    this.header = header;
  }

  async commit(batch: TraceBatch): Promise<Result<void>> {
    for (const c of batch.chunks) this.#chunks.set(`${c.channel ?? 0}/${c.index}`, c);
    for (const s of batch.summaries) this.#summaries.set(keyOf(s), s);
    for (const v of batch.valueCounts) this.#valueCounts.set(keyOf(v), v);
    for (const c of batch.calibrations) this.#calibrations.set(c.version, c);
    this.#supplies.push(...batch.supplies);
    for (const g of batch.gaps) this.#gaps.push(g);
    for (const e of batch.edges) this.#edges.push(e);
    this.#marks.push(...batch.marks);
    this.#clock.push(...batch.clockPoints);
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
    return this.#chunk(0, index);
  }

  summary(level: number, block: number): Result<SummaryRecord> {
    return rowOf(this.#summaries, 0, level, block);
  }

  summaries(level: number, from: number, to: number): Result<readonly SummaryRecord[]> {
    return rowsOf(this.#summaries, 0, level, from, to);
  }

  valueCounts(level: number, block: number): Result<SummaryRecord> {
    return rowOf(this.#valueCounts, 0, level, block);
  }

  channel(channel: number): ChunkSource {
    if (channel === 0) return this;
    const view: ChunkSource = {
      header: this.header,
      lengthSamples: () => this.lengthSamples(),
      state: () => this.state(),
      channel: (other) => this.channel(other),
      chunk: (index) => this.#chunk(channel, index),
      summary: (level, block) => rowOf(this.#summaries, channel, level, block),
      summaries: (level, from, to) => rowsOf(this.#summaries, channel, level, from, to),
      valueCounts: (level, block) => rowOf(this.#valueCounts, channel, level, block),
      calibration: (version) => this.calibration(version),
      supplies: () => this.supplies(),
      edges: (logic, from, to, limit) => this.edges(logic, from, to, limit),
      gaps: (from, to) => this.gaps(from, to),
      marks: (from, to) => this.marks(from, to),
      clockPoints: () => this.clockPoints(),
    };
    return view;
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

  edges(channel: number, from: number, to: number, limit = Infinity): Result<readonly EdgeRecord[]> {
    const own = this.#edges.filter((e) => e.channel === channel && e.sample >= from && e.sample < to);
    return ok(own.slice(0, limit));
  }

  gaps(from: number, to: number): Result<readonly GapRecord[]> {
    return ok(this.#gaps.filter((g) => g.firstSample < to && g.firstSample + g.missing > from));
  }

  marks(from: number, to: number): Result<readonly MarkRecord[]> {
    return ok(this.#marks.filter((m) => m.sample >= from && m.sample < to));
  }

  clockPoints(): Result<readonly ClockPoint[]> {
    return ok(this.#clock);
  }

  #chunk(channel: number, index: number): Result<ChunkRecord> {
    const c = this.#chunks.get(`${channel}/${index}`);
    if (!c) return noChunk(index);
    return chunkCrc(c) === c.crc ? ok(c) : damaged('chunk', 0, index);
  }
}

function keyOf({ channel = 0, level, block }: Pick<SummaryRecord, 'channel' | 'level' | 'block'>): string {
  return `${channel}/${level}/${block}`;
}

function rowOf(
  rows: ReadonlyMap<string, SummaryRecord>,
  channel: number,
  level: number,
  block: number,
): Result<SummaryRecord> {
  const s = rows.get(keyOf({ channel, level, block }));
  if (!s) return noChunk(block);
  return summaryCrc(s) === s.crc ? ok(s) : damaged('summary', level, block);
}

function rowsOf(
  rows: ReadonlyMap<string, SummaryRecord>,
  channel: number,
  level: number,
  from: number,
  to: number,
): Result<readonly SummaryRecord[]> {
  const found: SummaryRecord[] = [];
  for (let block = from; block < to; block++) {
    const row = rowOf(rows, channel, level, block);
    if (!row.ok) return row;
    found.push(row.value);
  }
  return ok(found);
}
