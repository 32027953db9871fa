import type { Clock } from '../base/clock.ts';
import type { Result } from '../base/errors.ts';
import type { FeatureRecipe, WindowShape } from '../engine/feature-recipe.ts';
import type { Link } from '../link/link.ts';
import type { SampleFormat, StreamBlock } from './sample-block.ts';

/**
 * A stream into a device, as the run logic and its callers see it. Nothing happens in the background: link and events
 * are served inside `push`, `pump` and `finish`, so that in the simulated world everything is repeatable. All
 * times are µs on `clock`, all sample indices are those of the source.
 */
export interface StreamSession extends AsyncDisposable {
  readonly plan: StreamPlan;
  readonly clock: Clock;
  /** As of the last event; a copy. */
  readonly counters: StreamCounters;
  /**
   * Sends a block, in order of the sample index; waits for credits, serving the link meanwhile. Fails with
   * `stream.wrong-format`, `stream.out-of-order`, `stream.stalled`, `link.closed`… A source's gap block becomes a gap
   * on both sides.
   */
  push(block: StreamBlock): Promise<Result<void>>;
  /** Serves the link until `untilUs`: for waits between blocks. */
  pump(untilUs: number): Promise<Result<void>>;
  /** Lets the device finish what it has, leaves stream mode, and gives the final counters. The session is then over. */
  finish(): Promise<Result<StreamSummary>>;
  /**
   * After `link.closed`: goes on over the link opened again, if the device still waits in its stream; what did not arrive
   * is a gap. Fails with `device.stream-lost` when it does not: then a new stream must begin. After it `finish` leaves
   * finding the dialect to a new session.
   */
  resume(link: Link): Promise<Result<void>>;
  /** Gives up on what is under way and leaves the device in its dialect; without an answer it goes back by itself. */
  abort(): Promise<void>;
}

/** Called inside `push`, `pump` and `finish`, in the order of arrival. */
export type StreamListener = (event: StreamEvent) => void;

export type SampleEncodingName = 'int16' | 'mu-law' | 'features';
export type FrontEndPlace = 'device' | 'host';

/** What was agreed before the first sample. */
export interface StreamPlan {
  readonly format: SampleFormat;
  readonly frontEnd: FrontEndPlace;
  readonly encoding: SampleEncodingName;
  /** Why this encoding and place, for the user: `int16 takes 35 % of 921600 baud`. */
  readonly reason: string;
  readonly baud: number | null;
  /** Bytes a second the samples take on the line, frames included, and what the line can carry. */
  readonly lineBytesPerS: number;
  readonly lineCapacityBytesPerS: number | null;
  /** First to last sample of a window, and from one window to the next, in sample frames. */
  readonly windowSamples: number;
  readonly hopSamples: number;
  /** The device's receive ring. */
  readonly ringBytes: number;
  readonly classes: number;
}

/** One inference of the device. */
export interface StreamWindow {
  /** Counted by the device from 0, skipped ones included. */
  readonly index: number;
  /** Sample index of the window's last sample. */
  readonly lastSample: number;
  /** The output tensor as it is, and as real numbers. */
  readonly outputQ: Int8Array;
  readonly probabilities: Float32Array;
  /** Device time: all front-end work since the window before, and the inference. */
  readonly frontEndCycles: number;
  readonly inferenceCycles: number;
  readonly frontEndUs: number;
  readonly inferenceUs: number;
  /** Bytes that waited in the device's receive ring when the inference began. */
  readonly queuedBytes: number;
  /** From the decoding of the block with the last sample to the result, on the device's clock, µs. */
  readonly deviceLatencyUs: number;
  /** When its last sample was handed to `push`, and when the result was there. */
  readonly pushedUs: number;
  readonly receivedUs: number;
  /** The host twin's verdict, bit for bit; `unknown` where the samples are (a lost gap message). */
  readonly twin: 'equal' | 'differs' | 'unknown';
}

export interface StreamDetection {
  readonly classIndex: number;
  /** Mean of the smoothed outputs, as a real number. */
  readonly score: number;
  /** Of the window that completed it. */
  readonly windowIndex: number;
  readonly lastSample: number;
  readonly receivedUs: number;
  readonly twin: 'equal' | 'differs' | 'unknown';
}

export type GapCause = 'line' | 'source' | 'reconnect';

/** Samples that the device never used; both sides have the same list. */
export interface StreamGap {
  readonly firstSample: number;
  readonly sampleCount: number;
  readonly cause: GapCause;
}

export type StreamEvent =
  | ({ readonly kind: 'window' } & StreamWindow)
  | ({ readonly kind: 'detection' } & StreamDetection)
  | ({ readonly kind: 'gap' } & StreamGap)
  /** A window was due but the device was too far behind: it was not computed. */
  | { readonly kind: 'dropped'; readonly index: number; readonly lastSample: number }
  /** The device waited for samples longer than it should have. */
  | { readonly kind: 'underrun'; readonly total: number };

export interface StreamCounters {
  readonly samplesPushed: number;
  /** Sample frames the device has taken in, gaps not counted. */
  readonly samplesTaken: number;
  readonly windows: number;
  readonly windowsEqual: number;
  readonly windowsDifferent: number;
  readonly windowsUnknown: number;
  /** Results that the device sent and the line lost. */
  readonly windowsLost: number;
  readonly windowsDropped: number;
  readonly detections: number;
  readonly gaps: number;
  readonly gapSamples: number;
  readonly underruns: number;
  /** Bytes the device's UART or ring lost. */
  readonly overruns: number;
  /** Frames with a wrong CRC or length, as the device saw them, and as this side did. */
  readonly badFramesDevice: number;
  readonly badFramesHost: number;
  /** Times `push` had to wait for a credit. */
  readonly creditWaits: number;
}

export interface StreamSummary {
  readonly counters: StreamCounters;
  readonly gaps: readonly StreamGap[];
  /** Device time over time of the signal. */
  readonly frontEndDuty: number;
  readonly inferenceDuty: number;
  /** Sum of both: below 1 the device keeps up. */
  readonly realTimeFactor: number;
  readonly maxQueuedBytes: number;
}

export interface DetectionRule {
  /** Windows the outputs are averaged over, 1 … 32. */
  readonly smoothingWindows: number;
  /** Mean output from which a class counts, as a real number. */
  readonly threshold: number;
  /** Samples after a detection in which there is no other. */
  readonly refractorySamples: number;
  /** Classes that never count (silence, unknown). */
  readonly ignoredClasses: readonly number[];
}

export interface StreamOptions {
  readonly format: SampleFormat;
  /** The Program on the device, for the host twin; its hash must be the device's. */
  readonly program: Uint8Array;
  readonly features: FeatureRecipe;
  readonly window: WindowShape;
  /** `auto`: on the device where the line carries the samples. Default `auto`. */
  readonly frontEnd?: FrontEndPlace | 'auto';
  /** Default: the best the line carries. */
  readonly encoding?: SampleEncodingName;
  readonly detection?: DetectionRule;
  /** `bytes`: windows come with their features (default where the line has room), `crc`: with a CRC-32 of them. */
  readonly compareFeatures?: 'bytes' | 'crc';
  /** Skips windows rather than fall behind for good when more than this waits in the ring; 0 never. */
  readonly dropBacklogBytes?: number;
  /** How long the device waits for a frame before it goes back to its dialect. Default 3 s. */
  readonly silenceUs?: number;
  /** How long `push` and `finish` wait for a sign of life. Default 5 s. */
  readonly stallUs?: number;
  readonly onEvent: StreamListener;
}
