/**
 * A trace of any length at 100 ksps in a real trace file, made of two kinds of chunks: 5 mA with an activity, and the same
 * with 1 µA for 100 samples in its midst. Every row above the samples is there for every chunk (levels 1 to 5, value counts),
 * built by the recorder's own classes. Words and ÷64 rows are stored once for each kind, and chunks of equal
 * content read the same row: 24 hours are 1 GB instead of 41. What reading costs is the same but for the disk's
 * own cache.
 */
import { orThrow, ok, type Result } from '../src-main/base/errors.ts';
import { PPK2_DEFAULTS } from '../src-main/monitor/ppk2/calibration.ts';
import { ppk2Codec } from '../src-main/monitor/ppk2/decoder.ts';
import { PPK2_VENDOR_ACCURACY } from '../src-main/monitor/ppk2/accuracy.ts';
import { TraceFile } from '../src-main/store/trace-file.ts';
import { ChunkSummary, HighLevels } from '../src-main/trace/buckets.ts';
import type { ChunkSource, TraceBatch } from '../src-main/trace/chunk-store.ts';
import { chunkCrc, summaryCrc } from '../src-main/trace/crc.ts';
import {
  CHUNK_SAMPLES,
  newDecodedSamples,
  newTraceHeader,
  type ChunkRecord,
  type DecodedSamples,
  type EdgeRecord,
  type SummaryRecord,
} from '../src-main/trace/format.ts';
import { ValueCounter, ValueCountLevels, ValueCounts } from '../src-main/trace/value-counts.ts';

export const LONG_RATE_HZ = 100_000;
export const CALIBRATION_JSON = JSON.stringify({ calibration: PPK2_DEFAULTS, volts: 3, filtered: true });
/** Where in its chunk the sleep begins, and how long it is. */
export const SLEEP_AT = 30_000;
export const SLEEP_SAMPLES = 100;

export type ChunkKind = 'work' | 'sleep';

/** The raw words of a kind: range 3, about 5 mA, D0 high for 2000 of every 8192 samples; asleep range 0. */
export function wordsOfKind(kind: ChunkKind): Uint32Array {
  return Uint32Array.from({ length: CHUNK_SAMPLES }, (_, i) => {
    const counter = (i & 63) << 18;
    const asleep = kind === 'sleep' && i >= SLEEP_AT && i < SLEEP_AT + SLEEP_SAMPLES;
    if (asleep) return counter | (0 << 14) | 21;
    const busy = i % 8192 < 2000;
    return counter | (3 << 14) | ((busy ? 460 : 455) + ((i * 7919) % 5)) | ((busy ? 1 : 0) << 24);
  });
}

export interface DecodedKind {
  readonly samples: DecodedSamples;
  readonly startState: Uint8Array;
}

/** Both kinds decoded as they lie in the trace: each after a chunk of work. */
export function decodeKinds(): Readonly<Record<ChunkKind, DecodedKind>> {
  const decoder = orThrow(ppk2Codec.openDecoder(CALIBRATION_JSON));
  const warm = newDecodedSamples();
  decoder.decode(wordsOfKind('work'), 0, CHUNK_SAMPLES, warm, 0);
  const startState = decoder.saveState();
  const of = (kind: ChunkKind): DecodedKind => {
    const samples = newDecodedSamples();
    decoder.loadState(startState);
    decoder.decode(wordsOfKind(kind), 0, CHUNK_SAMPLES, samples, 0);
    // averages, range and samples to replace; what follows counts only while samples are replaced
    const end = decoder.saveState().subarray(0, 18);
    if (!end.every((b, i) => b === startState[i])) throw new Error('a chunk does not end as it began');
    return { samples, startState };
  };
  return { work: of('work'), sleep: of('sleep') };
}

export interface LongTrace extends Disposable {
  readonly source: ChunkSource;
  readonly chunks: number;
  readonly sleepChunk: number;
  readonly kindOf: (chunk: number) => ChunkKind;
}

interface Kind {
  readonly record: Omit<ChunkRecord, 'index' | 'crc'>;
  readonly summary: ChunkSummary;
  readonly counts: ValueCounts;
}

const COMMIT_CHUNKS = 64;

/** Writes the file; the sleep is in the middle chunk. */
export function writeLongTrace(path: string, chunks: number): void {
  const format = {
    codecId: 'ppk2',
    sampleRateHz: LONG_RATE_HZ,
    rangeCount: 5,
    monitor: { kind: 'ppk2', serial: 'bench', firmware: null },
  };
  const about = {
    traceId: 'long',
    title: 'long',
    source: 'emulated',
    accuracy: PPK2_VENDOR_ACCURACY,
  } as const;
  using file = orThrow(TraceFile.create(path, newTraceHeader(format, about)));
  const kinds = { work: kindFor('work'), sleep: kindFor('sleep') };
  const sleepChunk = chunks >> 1;
  const high = new HighLevels(5);
  const countLevels = new ValueCountLevels();
  let batch = newBatch();
  batch.calibrations.push({ version: 1, json: CALIBRATION_JSON });
  batch.supplies.push({ sample: 0, volts: 3, uncertaintyV: 0.01, origin: 'measured' });
  for (let i = 0; i < chunks; i++) {
    const kind = kinds[i === sleepChunk ? 'sleep' : 'work'];
    if (i === 0 || i === sleepChunk) storeKind(batch, kind, i);
    push(batch.summaries, 1, i, kind.summary.levels[1]!.bytes);
    for (const row of high.add(kind.summary)) push(batch.summaries, row.level, row.block, row.bytes);
    push(batch.valueCounts, 0, i, kind.counts.toBytes());
    for (const row of countLevels.add(kind.counts)) push(batch.valueCounts, row.level, row.block, row.bytes);
    if (i % COMMIT_CHUNKS < COMMIT_CHUNKS - 1 && i < chunks - 1) continue;
    orThrow(file.commitNow({ ...batch, lengthSamples: (i + 1) * CHUNK_SAMPLES }));
    batch = newBatch();
  }
  orThrow(file.finishNow('complete', 'written'));
}

interface Gathering extends Omit<TraceBatch, 'lengthSamples'> {
  readonly chunks: ChunkRecord[];
  readonly summaries: SummaryRecord[];
  readonly valueCounts: SummaryRecord[];
  readonly calibrations: { version: number; json: string }[];
  readonly supplies: TraceBatch['supplies'][number][];
}

function newBatch(): Gathering {
  return {
    chunks: [],
    summaries: [],
    valueCounts: [],
    calibrations: [],
    supplies: [],
    gaps: [],
    edges: [],
    marks: [],
    clockPoints: [],
  };
}

function push(rows: SummaryRecord[], level: number, block: number, bytes: Uint8Array): void {
  const row = { level, block, bytes };
  rows.push({ ...row, crc: summaryCrc(row) });
}

function storeKind(batch: Gathering, kind: Kind, index: number): void {
  const record = { ...kind.record, index };
  batch.chunks.push({ ...record, crc: chunkCrc(record) });
  push(batch.summaries, 0, index, kind.summary.levels[0]!.bytes);
}

function kindFor(name: ChunkKind): Kind {
  const { samples, startState } = decodeKinds()[name];
  const summary = new ChunkSummary(5);
  summary.build(samples, CHUNK_SAMPLES);
  const counts = new ValueCounts();
  new ValueCounter().addTo(counts, samples.amperes, 0, CHUNK_SAMPLES);
  const record = {
    length: CHUNK_SAMPLES,
    words: wordsOfKind(name),
    gaps: new Uint32Array(),
    decoderState: startState,
    calibrationVersion: 1,
  };
  return { record, summary, counts };
}

/** Reads such a file: words and ÷64 rows of a chunk from the one stored chunk of its kind. */
export function openLongTrace(path: string): LongTrace {
  const file = orThrow(TraceFile.open(path));
  const chunks = file.lengthSamples() / CHUNK_SAMPLES;
  const sleepChunk = chunks >> 1;
  const stored = (chunk: number) => (chunk === sleepChunk ? sleepChunk : 0);
  const source: ChunkSource = {
    header: file.header,
    lengthSamples: () => file.lengthSamples(),
    state: () => file.state(),
    channel: () => source,
    chunk: (index): Result<ChunkRecord> => {
      const found = file.chunk(stored(index));
      return found.ok ? ok({ ...found.value, index }) : found;
    },
    summary: (level, block) => file.summary(level, level === 0 ? stored(block) : block),
    summaries: (level, from, to) => {
      if (level > 0) return file.summaries(level, from, to);
      const rows = Array.from({ length: to - from }, (_, i) => file.summary(0, stored(from + i)));
      const failed = rows.find((r) => !r.ok);
      return failed && !failed.ok ? failed : ok(rows.flatMap((r) => (r.ok ? [r.value] : [])));
    },
    valueCounts: (level, block) => file.valueCounts(level, block),
    calibration: (version) => file.calibration(version),
    supplies: () => file.supplies(),
    edges: (): Result<readonly EdgeRecord[]> => ok([]),
    gaps: (from, to) => file.gaps(from, to),
    marks: (from, to) => file.marks(from, to),
    clockPoints: () => file.clockPoints(),
  };
  return {
    source,
    chunks,
    sleepChunk,
    kindOf: (chunk) => (chunk === sleepChunk ? 'sleep' : 'work'),
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}
