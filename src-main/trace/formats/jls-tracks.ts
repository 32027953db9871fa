import { ok, type Result } from '../../base/errors.ts';
import type { JlsChunks } from './jls-chunks-out.ts';

/** Sizes of a fixed-rate signal, all of which its definition states. */
export interface FsrSizes {
  readonly bits: 1 | 32;
  readonly samplesPerData: number;
  readonly samplesPerEntry: number;
  readonly entriesPerSummary: number;
  readonly entriesPerEntry: number;
}

/** What JLS's own writer takes where nothing is said. */
export const FLOAT_SIZES: FsrSizes = {
  bits: 32,
  samplesPerData: 8192,
  samplesPerEntry: 128,
  entriesPerSummary: 640,
  entriesPerEntry: 20,
};
export const BIT_SIZES: FsrSizes = {
  bits: 1,
  samplesPerData: 65_536,
  samplesPerEntry: 1024,
  entriesPerSummary: 1280,
  entriesPerEntry: 20,
};

export const TRACK = { fsr: 0, vsr: 1, annotation: 2, utc: 3 } as const;
const CHUNK = { def: 0, head: 1, data: 2, index: 3, summary: 4 } as const;
export const LEVELS = 16;
/** Mean, standard deviation, minimum, maximum. */
const FIGURES = 4;

export function trackTag(track: number, chunk: keyof typeof CHUNK): number {
  return 0x20 | (track << 3) | CHUNK[chunk];
}

/** Bytes that begin every data, index and summary payload, with room for the rest. */
export function timed(timestamp: number, count: number, entryBits: number, restBytes: number): Uint8Array {
  const bytes = new Uint8Array(16 + restBytes);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(timestamp), true);
  view.setUint32(8, count, true);
  view.setUint16(12, entryBits, true);
  return bytes;
}

/** The table of a track where its first data (level 0) and index chunks are, rewritten at the end. */
export class TrackHead {
  readonly #chunks: JlsChunks;
  readonly #at: number;
  readonly #firsts = new BigUint64Array(LEVELS);

  constructor(chunks: JlsChunks, at: number) {
    this.#chunks = chunks;
    this.#at = at;
  }

  note(level: number, at: number): void {
    if (this.#firsts[level] === 0n) this.#firsts[level] = BigInt(at);
  }

  write(): Promise<Result<void>> {
    return this.#chunks.replace(this.#at, new Uint8Array(this.#firsts.buffer));
  }
}

interface Level {
  /** First sample of what is gathered here. */
  timestamp: number;
  readonly offsets: number[];
  readonly figures: Float32Array;
  entries: number;
  written: number;
}

/** One fixed-rate signal: its samples and all levels of summaries over them. Sample ids begin at 0. */
export class FsrTrack {
  readonly #chunks: JlsChunks;
  readonly #signal: number;
  readonly #sizes: FsrSizes;
  readonly #head: TrackHead;
  readonly #values: Float32Array;
  readonly #levels: Level[] = [];
  #filled = 0;
  #timestamp = 0;

  constructor(chunks: JlsChunks, signal: number, sizes: FsrSizes, head: TrackHead) {
    this.#chunks = chunks;
    this.#signal = signal;
    this.#sizes = sizes;
    this.#head = head;
    this.#values = new Float32Array(sizes.samplesPerData);
  }

  /** NaN where a sample is missing. */
  async add(values: Float64Array): Promise<Result<void>> {
    for (let at = 0; at < values.length;) {
      const n = Math.min(values.length - at, this.#values.length - this.#filled);
      this.#values.set(values.subarray(at, at + n), this.#filled);
      const full = await this.#took(n);
      if (!full.ok) return full;
      at += n;
    }
    return ok();
  }

  /** Bit `channel` of each byte. */
  async addBits(logic: Uint8Array, channel: number): Promise<Result<void>> {
    for (let at = 0; at < logic.length;) {
      const n = Math.min(logic.length - at, this.#values.length - this.#filled);
      for (let i = 0; i < n; i++) this.#values[this.#filled + i] = (logic[at + i]! >> channel) & 1;
      const full = await this.#took(n);
      if (!full.ok) return full;
      at += n;
    }
    return ok();
  }

  /**
   * What is left, level by level, up to the one that a single index chunk covers: readers go down from there. An index
   * whose summary has no whole entry is written all the same; without it its samples could not be found.
   */
  async close(): Promise<Result<void>> {
    // readers of bits take whole bytes: up to seven samples more at the last level, as the format's own writer has
    if (this.#sizes.bits === 1 && this.#filled % 8 > 0) {
      const end = Math.ceil(this.#filled / 8) * 8;
      this.#values.fill(this.#values[this.#filled - 1]!, this.#filled, end);
      this.#filled = end;
    }
    const rest = await this.#writeData();
    if (!rest.ok) return rest;
    for (let k = 1; k < this.#levels.length; k++) {
      const level = this.#levels[k]!;
      const needed = level.entries > 0 || level.written > 0 || level.offsets.length > 1;
      const written = needed ? await this.#writeLevel(k) : ok();
      if (!written.ok) return written;
    }
    return this.#head.write();
  }

  async #took(n: number): Promise<Result<void>> {
    this.#filled += n;
    return this.#filled === this.#values.length ? this.#writeData() : ok();
  }

  async #writeData(): Promise<Result<void>> {
    const n = this.#filled;
    if (n === 0) return ok();
    const { bits, samplesPerData, samplesPerEntry } = this.#sizes;
    const payload = timed(this.#timestamp, n, bits, Math.ceil((n * bits) / 8));
    if (bits === 32) payload.set(new Uint8Array(this.#values.buffer, 0, 4 * n), 16);
    else for (let i = 0; i < n; i++) if (this.#values[i]) payload[16 + (i >> 3)]! |= 1 << (i & 7);
    const at = await this.#chunks.add(
      `data ${this.#signal}`,
      trackTag(TRACK.fsr, 'data'),
      this.#signal,
      payload,
    );
    if (!at.ok) return at;
    this.#head.note(0, at.value);
    const level = this.#level(1);
    level.offsets.push(at.value);
    for (let i = 0; i + samplesPerEntry <= n; i += samplesPerEntry)
      summarise(this.#values, i, samplesPerEntry, level);
    this.#timestamp += samplesPerData;
    this.#filled = 0;
    return level.entries >= this.#sizes.entriesPerSummary ? this.#writeLevel(1) : ok();
  }

  #level(k: number): Level {
    return (this.#levels[k] ??= {
      timestamp: 0,
      offsets: [],
      figures: new Float32Array(this.#sizes.entriesPerSummary * FIGURES),
      entries: 0,
      written: 0,
    });
  }

  async #writeLevel(k: number): Promise<Result<void>> {
    const level = this.#level(k);
    if (level.offsets.length === 0) return ok();
    const { samplesPerEntry, entriesPerSummary, entriesPerEntry } = this.#sizes;
    const index = timed(level.timestamp, level.offsets.length, 64, 0);
    const offsets = BigUint64Array.from(level.offsets, BigInt);
    const at = await this.#add(k, 'index', joined(index, new Uint8Array(offsets.buffer)));
    if (!at.ok) return at;
    this.#head.note(k, at.value);
    const summary = timed(level.timestamp, level.entries, FIGURES * 32, 0);
    const figures = new Uint8Array(level.figures.buffer, 0, level.entries * FIGURES * 4);
    const summed = await this.#add(k, 'summary', joined(summary, figures));
    if (!summed.ok) return summed;
    level.written++;
    const pushed = k + 1 < LEVELS ? await this.#lift(level, k + 1, at.value) : ok();
    level.timestamp += entriesPerSummary * samplesPerEntry * entriesPerEntry ** (k - 1);
    level.offsets.length = 0;
    level.entries = 0;
    return pushed;
  }

  #add(k: number, chunk: 'index' | 'summary', payload: Uint8Array): Promise<Result<number>> {
    const list = `${chunk} ${k} ${this.#signal}`;
    return this.#chunks.add(list, trackTag(TRACK.fsr, chunk), this.#signal | (k << 12), payload);
  }

  async #lift(from: Level, k: number, at: number): Promise<Result<void>> {
    const level = this.#level(k);
    const per = this.#sizes.entriesPerEntry;
    level.offsets.push(at);
    for (let i = 0; i + per <= from.entries; i += per) summariseFigures(from.figures, i, per, level);
    return level.entries >= this.#sizes.entriesPerSummary ? this.#writeLevel(k) : ok();
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function push(level: Level, mean: number, std: number, min: number, max: number): void {
  level.figures.set([mean, std, min, max], FIGURES * level.entries++);
}

/** Of the samples that are there; all NaN where none is. */
function summarise(values: Float32Array, from: number, length: number, level: Level): void {
  let count = 0;
  let sum = 0;
  let min = Infinity;
  let max = -Infinity;
  for (let i = from; i < from + length; i++) {
    const v = values[i]!;
    if (!Number.isFinite(v)) continue;
    count++;
    sum += v;
    if (v < min) min = v;
    if (v > max) max = v;
  }
  if (count === 0) return push(level, NaN, NaN, NaN, NaN);
  const mean = sum / count;
  let squares = 0;
  for (let i = from; i < from + length; i++) {
    const v = values[i]! - mean;
    if (Number.isFinite(v)) squares += v * v;
  }
  push(level, mean, Math.sqrt(squares / count), min, max);
}

/** The law of total variance, every entry counted the same: the format keeps no count of missing samples. */
function summariseFigures(figures: Float32Array, from: number, length: number, level: Level): void {
  let count = 0;
  let sum = 0;
  let min = Infinity;
  let max = -Infinity;
  for (let i = from; i < from + length; i++) {
    const mean = figures[FIGURES * i]!;
    if (!Number.isFinite(mean)) continue;
    count++;
    sum += mean;
    min = Math.min(min, figures[FIGURES * i + 2]!);
    max = Math.max(max, figures[FIGURES * i + 3]!);
  }
  if (count === 0) return push(level, NaN, NaN, NaN, NaN);
  const mean = sum / count;
  let variance = 0;
  for (let i = from; i < from + length; i++) {
    const off = figures[FIGURES * i]! - mean;
    const std = figures[FIGURES * i + 1]!;
    if (Number.isFinite(off)) variance += std * std + off * off;
  }
  push(level, mean, Math.sqrt(variance / count), min, max);
}

/** A track of single entries with times (annotations, UTC): entry, index and summary chunks. */
export class TimedTrack {
  readonly #chunks: JlsChunks;
  readonly #signal: number;
  readonly #track: number;
  readonly #head: TrackHead;
  /** By level from 1 on: what waits for its index chunk. */
  readonly #waiting: { timestamp: number; at: number; summary: Uint8Array }[][] = [];
  readonly #written: number[] = [];

  constructor(chunks: JlsChunks, signal: number, track: number, head: TrackHead) {
    this.#chunks = chunks;
    this.#signal = signal;
    this.#track = track;
    this.#head = head;
  }

  /** `summary`: the 16 bytes that stand for the entry in the summaries. */
  async add(timestamp: number, payload: Uint8Array, summary: Uint8Array): Promise<Result<void>> {
    const list = `data ${this.#track} ${this.#signal}`;
    const at = await this.#chunks.add(list, trackTag(this.#track, 'data'), this.#signal, payload);
    if (!at.ok) return at;
    this.#head.note(0, at.value);
    return this.#gather(1, { timestamp, at: at.value, summary });
  }

  async close(): Promise<Result<void>> {
    for (let k = 1; k < this.#waiting.length; k++) {
      const needed = k === 1 || (this.#written[k] ?? 0) > 0 || this.#waiting[k]!.length > 1;
      const written = needed ? await this.#writeLevel(k) : ok();
      if (!written.ok) return written;
    }
    return this.#head.write();
  }

  async #gather(
    k: number,
    entry: { timestamp: number; at: number; summary: Uint8Array },
  ): Promise<Result<void>> {
    const waiting = (this.#waiting[k] ??= []);
    waiting.push(entry);
    return waiting.length >= TIMED_DECIMATION ? this.#writeLevel(k) : ok();
  }

  async #writeLevel(k: number): Promise<Result<void>> {
    const entries = this.#waiting[k]!.splice(0);
    const first = entries[0];
    if (!first) return ok();
    const index = timed(first.timestamp, entries.length, 128, 16 * entries.length);
    const summary = timed(first.timestamp, entries.length, 128, 16 * entries.length);
    const view = new DataView(index.buffer);
    for (const [i, e] of entries.entries()) {
      view.setBigInt64(16 + 16 * i, BigInt(e.timestamp), true);
      view.setBigUint64(24 + 16 * i, BigInt(e.at), true);
      summary.set(e.summary, 16 + 16 * i);
    }
    const at = await this.#add(k, 'index', index);
    if (!at.ok) return at;
    const summed = await this.#add(k, 'summary', summary);
    if (!summed.ok) return summed;
    this.#head.note(k, at.value);
    this.#written[k] = (this.#written[k] ?? 0) + 1;
    return k + 1 < LEVELS ? this.#gather(k + 1, { ...first, at: at.value }) : ok();
  }

  #add(k: number, chunk: 'index' | 'summary', payload: Uint8Array): Promise<Result<number>> {
    const list = `${chunk} ${k} ${this.#track} ${this.#signal}`;
    return this.#chunks.add(list, trackTag(this.#track, chunk), this.#signal | (k << 12), payload);
  }
}

/** Entries of one index chunk of such a track. */
export const TIMED_DECIMATION = 100;
