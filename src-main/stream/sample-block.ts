import type { Result } from '../base/errors.ts';

/**
 * Live samples as blocks. A source numbers its sample frames (one sample of every channel) from 0 on its own clock;
 * what it lost it says with a gap block. Index and count together always tell which samples a block holds, so that
 * nothing that follows ever has to guess from times.
 */
export type SampleKind = 'audio' | 'imu';

export interface SampleFormat {
  readonly kind: SampleKind;
  readonly channels: number;
  /** Sample frames a second. */
  readonly sampleRateHz: number;
}

export interface SampleBlock {
  readonly type: 'samples';
  readonly format: SampleFormat;
  /** Index of the first sample frame since the source began; gaps count. */
  readonly firstSample: number;
  /** When the first sample was taken, µs since the source's first sample, on the source's clock. */
  readonly timeUs: number;
  /** Interleaved, `channels` values a frame. Audio: full scale is ±32768. IMU: counts of the sensor. */
  readonly samples: Int16Array;
}

/** Samples that are known to be missing: never filled with values. */
export interface GapBlock {
  readonly type: 'gap';
  readonly format: SampleFormat;
  readonly firstSample: number;
  readonly timeUs: number;
  readonly sampleCount: number;
  /** What the source knows: `unreadable line 17`, `overrun of the microphone`. */
  readonly reason: string;
}

export type StreamBlock = SampleBlock | GapBlock;

/** Sample frames in a block, of either type. */
export function blockLength(block: StreamBlock): number {
  return block.type === 'gap' ? block.sampleCount : block.samples.length / block.format.channels;
}

/** The index after a block's last sample frame. */
export function blockEnd(block: StreamBlock): number {
  return block.firstSample + blockLength(block);
}

/** Where blocks come from: a file, a microphone, a generator. `next` gives null at the end. */
export interface SampleSource extends AsyncDisposable {
  readonly format: SampleFormat;
  next(): Promise<Result<StreamBlock | null>>;
}
