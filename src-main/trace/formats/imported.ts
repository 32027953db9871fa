import type { Result } from '../../base/errors.ts';
import type { MonitorAccuracy } from '../accuracy.ts';
import type { TraceHeader } from '../format.ts';
import type { SampleReceiver } from '../source.ts';

/** What a foreign file says of itself, before its samples are read. */
export interface ImportedTrace {
  /** `ppk2`, `ppk-csv`, `jls`, `eembc` … */
  readonly format: string;
  readonly title: string;
  readonly sampleRateHz: number;
  /** UTC, ISO 8601; null where the file does not say. */
  readonly startedAt: string | null;
  readonly logicMask: number;
  readonly monitor: TraceHeader['monitor'];
  readonly accuracy: MonitorAccuracy | null;
  /** Set where the file says that its samples are no measurement; `measured` otherwise. */
  readonly source?: TraceHeader['source'];
  /** In the file and not in the trace, in plain words. */
  readonly dropped: readonly string[];
  /** A calibration of the float32 codec: what the words are multiplied with. */
  readonly calibration: string;
  /** Hands out all samples as words of the float32 codec, gaps, marks and supply in their places. */
  feed(receiver: ImportReceiver): Promise<Result<void>>;
}

/** A file that is read at any place. */
export interface PlacedBytes {
  readonly sizeBytes: number;
  /** Exactly `length` bytes, which are not reused. `trace.import-unreadable`. */
  readAt(at: number, length: number): Result<Uint8Array>;
}

/** A receiver of samples whose logic levels come beside the words. */
export interface ImportReceiver extends SampleReceiver {
  /** `logic[i]`: levels of D0–D7 during `words[i]`. */
  wordsWithLogic(words: Uint32Array, logic: Uint8Array, from: number, to: number): void;
}

/** Samples handed on at a time. */
export const IMPORT_BLOCK_SAMPLES = 65_536;
