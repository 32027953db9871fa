import type { Result } from '../base/errors.ts';

/** Decoded audio, one channel, in reals of full scale ±1. */
export interface AudioReader {
  readonly kind: 'wav' | 'flac';
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly frameCount: number;
  /** SHA-256 of the whole file. */
  readonly sha256: string;
  /** The next frames of one channel (null: the mean of all), at most `most`; none at the end. */
  read(most: number, channel: number | null): Promise<Result<Float64Array>>;
  close(): Promise<void>;
}
