import type { FeatureStream } from '../engine/feature-stream.ts';
import type { SampleBlock } from './sample-block.ts';
import type { LineChoice } from './line-choice.ts';
import { encodeMulaw } from './mu-law.ts';

/** A part of a block as it goes over the line; `values` is what the device's front end then sees. */
export interface LinePiece {
  /** Index on the line: sample frames, or rows where the host makes the features. */
  readonly first: number;
  readonly count: number;
  readonly payload: Uint8Array;
  readonly values: Int16Array;
}

/** From a source's samples to pieces for the line, and back from the line's indices to the source's. */
export interface Feeder {
  /** Blocks come in order; samples before `block.firstSample` that did not come are a gap. */
  take(block: SampleBlock): readonly LinePiece[];
  /** Source index of the last sample that line index `at` stands for. */
  lastSampleOf(at: number): number;
  /** Source index of the first one, where the ones before were lost. */
  firstSampleOf(at: number): number;
}

/** The bytes of int16 values: this computer is little-endian, as the line. */
function bytesOf(values: Int16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
}

/** Samples as they are, or in µ-law. */
export class SampleFeeder implements Feeder {
  readonly #choice: LineChoice;
  readonly #channels: number;
  readonly #decode: ((code: number) => number) | null;
  #base: number | null = null;

  /** `decode`: what a µ-law code is worth on the device; null for int16. */
  constructor(choice: LineChoice, channels: number, decode: ((code: number) => number) | null) {
    this.#choice = choice;
    this.#channels = channels;
    this.#decode = decode;
  }

  take(block: SampleBlock): readonly LinePiece[] {
    this.#base ??= block.firstSample;
    const pieces: LinePiece[] = [];
    const frames = block.samples.length / this.#channels;
    for (let at = 0; at < frames; at += this.#choice.blockFrames) {
      const count = Math.min(this.#choice.blockFrames, frames - at);
      const values = block.samples.slice(at * this.#channels, (at + count) * this.#channels);
      pieces.push({ first: block.firstSample - this.#base + at, count, ...this.#encoded(values) });
    }
    return pieces;
  }

  lastSampleOf(at: number): number {
    return (this.#base ?? 0) + at;
  }

  firstSampleOf(at: number): number {
    return (this.#base ?? 0) + at;
  }

  #encoded(values: Int16Array): { payload: Uint8Array; values: Int16Array } {
    const decode = this.#decode;
    if (!decode) return { payload: bytesOf(values), values };
    const payload = encodeMulaw(values);
    return { payload, values: Int16Array.from(payload, (code) => decode(code)) };
  }
}

/** Rows made without a gap between: row n of the run ends `hop` samples after row n − 1. */
interface RowRun {
  readonly firstRow: number;
  /** First sample of the run, and last of its first row. */
  readonly first: number;
  readonly firstLast: number;
}

/** A row number that was left out: the samples after the row before until the next run begins. */
interface SkippedRow {
  readonly row: number;
  readonly first: number;
  last: number;
}

/** Rows of int8 features, made here. A gap of the source leaves one row number out: the device begins anew too. */
export class FeatureFeeder implements Feeder {
  readonly #choice: LineChoice;
  readonly #rows: FeatureStream;
  readonly #hopSamples: number;
  readonly #runs: RowRun[] = [];
  readonly #skipped: SkippedRow[] = [];
  #runFirst = 0;
  #nextRow = 0;
  #nextSample: number | null = null;
  #fresh = true;

  /** `rows`: the front end with windows of one row. */
  constructor(choice: LineChoice, rows: FeatureStream, hopSamples: number) {
    this.#choice = choice;
    this.#rows = rows;
    this.#hopSamples = hopSamples;
  }

  take(block: SampleBlock): readonly LinePiece[] {
    if (this.#nextSample === null) this.#runFirst = block.firstSample;
    else if (block.firstSample !== this.#nextSample) this.#restart(block.firstSample);
    const rows: Int8Array[] = [];
    const firstRow = this.#nextRow;
    this.#rows.push(block.samples, (features, taken) => {
      const firstLast = block.firstSample + taken - 1;
      if (this.#fresh) this.#runs.push({ firstRow: this.#nextRow, first: this.#runFirst, firstLast });
      this.#fresh = false;
      rows.push(features.slice());
      this.#nextRow++;
    });
    this.#nextSample = block.firstSample + block.samples.length / this.#rows.width;
    return this.#pieces(firstRow, rows);
  }

  lastSampleOf(at: number): number {
    const skipped = this.#skippedAt(at);
    if (skipped) return skipped.last;
    const run = this.#runOf(at);
    return run ? run.firstLast + (at - run.firstRow) * this.#hopSamples : 0;
  }

  firstSampleOf(at: number): number {
    const skipped = this.#skippedAt(at);
    if (skipped) return skipped.first;
    const run = this.#runOf(at);
    return run?.firstRow === at ? run.first : this.lastSampleOf(at) - this.#hopSamples + 1;
  }

  #skippedAt(row: number): SkippedRow | undefined {
    return this.#skipped.find((s) => s.row === row);
  }

  #runOf(row: number): RowRun | undefined {
    let run = this.#runs[0];
    for (const r of this.#runs) if (r.firstRow <= row) run = r;
    return run;
  }

  #restart(first: number): void {
    this.#rows.restart();
    this.#runFirst = first;
    if (!this.#fresh) {
      const row = this.#nextRow++;
      this.#skipped.push({ row, first: this.lastSampleOf(row - 1) + 1, last: first - 1 });
    } else {
      // too few samples for a row came in between
      const before = this.#skipped.at(-1);
      if (before) before.last = first - 1;
    }
    this.#fresh = true;
  }

  #pieces(firstRow: number, rows: readonly Int8Array[]): LinePiece[] {
    const pieces: LinePiece[] = [];
    for (let at = 0; at < rows.length; at += this.#choice.blockFrames) {
      const some = rows.slice(at, at + this.#choice.blockFrames);
      const values = Int16Array.from(some.flatMap((row) => [...row]));
      pieces.push({
        first: firstRow + at,
        count: some.length,
        payload: new Uint8Array(Int8Array.from(values).buffer),
        values,
      });
    }
    return pieces;
  }
}
