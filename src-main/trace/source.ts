import type { Failure, Result } from '../base/errors.ts';
import type { Clock } from '../base/clock.ts';
import type { GapCause, SupplyRecord, TraceHeader } from './format.ts';

/** What a stream of samples delivers, in order. */
export interface SampleReceiver {
  /**
   * `words[from, to)` follow what came before without a gap. The array is reused after the call. Where several
   * channels are sampled together, all have got the same number of words when a gap, mark or settle comes.
   */
  words(words: Uint32Array, from: number, to: number, channel?: number): void;
  /** So many samples are missing here, on all channels. */
  gap(missing: number, cause: GapCause): void;
  mark(kind: string, detail: string): void;
  /** The set point or measured supply changes here. */
  supply(supply: Omit<SupplyRecord, 'sample'>): void;
  /** The codec's parameters change here. */
  calibration(json: string, channel?: number): void;
  /** Called after each delivery, and awaited: here the receiver writes. A failure ends the stream. */
  settle(): Promise<Result<void>>;
}

/** Why a stream ended. */
export type StreamEnd =
  | { readonly kind: 'stopped' }
  /** The link went away in mid-stream: unplugged. */
  | { readonly kind: 'lost'; readonly failure: Failure }
  /** The receiver could not go on. */
  | { readonly kind: 'refused'; readonly failure: Failure };

/** What a recorder needs of a monitor. `monitor/monitor.ts` extends it; trace knows no monitor. */
export interface SampleSource {
  readonly clock: Clock;
  readonly streamFormat: Pick<
    TraceHeader,
    'codecId' | 'sampleRateHz' | 'rangeCount' | 'monitor' | 'moreChannels'
  >;
  /** Starts streaming into the receiver and resolves when the stream has ended and everything was delivered. */
  stream(receiver: SampleReceiver): Promise<StreamEnd>;
  /** Ends the stream; resolves when the monitor confirmed or gave up. */
  stopStream(): Promise<void>;
}
