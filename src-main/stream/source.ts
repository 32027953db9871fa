import type { GroundTruth, SourceOrigin } from '../contract/stream.ts';
import type { SampleFormat, SampleSource } from './sample-block.ts';

/** A sample source with all that a stream run keeps of it. */
export interface StreamSource extends SampleSource {
  readonly origin: SourceOrigin;
  /** Its samples come when they are taken, whoever waits; the others are read at the pace of the stream. */
  readonly live: boolean;
  /** Sample frames in all; null where nobody knows before the end. */
  readonly frameCount: number | null;
  /** The stream begins now: a live source forgets what came while the board was made ready. */
  begin?(): void;
  /** What is true of the samples given so far; null where nobody knows. */
  truth(): GroundTruth | null;
  /** What was worth saying of the samples given so far: clipped values, unreadable lines. */
  notes(): readonly string[];
}

/** Audio comes every 20 ms, IMU samples every 40 ms: detections are no later for it than by so much. */
export function blockFrames(format: SampleFormat): number {
  return Math.max(1, Math.round(format.sampleRateHz / (format.kind === 'audio' ? 50 : 25)));
}

/**
 * Scale of our IMU counts: ±4 g and ±2000 °/s over 16 bits, axes in the order ax ay az gx gy gz. What is measured in
 * other units is converted to them.
 */
export const G_PER_COUNT = 4 / 32768;
export const DPS_PER_COUNT = 2000 / 32768;
export const imuAxes = ['ax', 'ay', 'az', 'gx', 'gy', 'gz'] as const;

/** One of the axes' value of a count, in g or °/s. */
export function unitsPerCount(axis: number): number {
  return axis < 3 ? G_PER_COUNT : DPS_PER_COUNT;
}

/** Reals of full scale ±1 to 16 bits, to the nearest; what exceeds full scale is clipped and counted. */
export class Quantiser16 {
  clipped = 0;

  convert(from: Float64Array, to: Int16Array, at = 0, stride = 1): void {
    for (let i = 0; i < from.length; i++) {
      const v = Math.round(from[i]! * 32768);
      if (v > 32767 || v < -32768) this.clipped++;
      to[at + i * stride] = Math.max(-32768, Math.min(32767, v));
    }
  }
}

/** A source about which somebody else knows the truth. */
export function withTruth(source: StreamSource, truth: GroundTruth): StreamSource {
  return {
    format: source.format,
    origin: source.origin,
    live: source.live,
    begin: () => source.begin?.(),
    frameCount: source.frameCount,
    next: () => source.next(),
    truth: () => truth,
    notes: () => source.notes(),
    [Symbol.asyncDispose]: async () => source[Symbol.asyncDispose](),
  };
}
