import type { Failure, Result } from '../base/errors.ts';
import { fail, ok } from '../base/errors.ts';
import type { ChunkStore } from './chunk-store.ts';
import type { EdgeRecord, SampleCodec } from './format.ts';
import type { LiveFigures } from './live-statistics.ts';
import { ChunkWriter, type ChunkWriterOptions } from './recorder.ts';
import { SampleLimit } from './sample-limit.ts';
import type { SampleSource, StreamEnd } from './source.ts';
import { Trace } from './trace.ts';
import { windowsOf, type TraceWindow } from './windows.ts';

/** How a recording ended and what is safe. */
export interface RecordingEnd {
  /** `failed`: the sink could not go on; what was committed stays readable. */
  readonly kind: 'complete' | 'monitor-lost' | 'failed';
  readonly failure: Failure | null;
  readonly committedSamples: number;
  readonly missingSamples: number;
}

export interface RecordingOptions extends Omit<ChunkWriterOptions, 'clock'> {
  /** The logic channel whose high level is a window. */
  readonly windowChannel?: number;
  /** Stops by itself after exactly so many sample periods. */
  readonly maxSamples?: number;
}

/** What can be said of a recording while it goes on. */
export interface RecordingStatus extends LiveFigures {
  readonly committedSamples: number;
  /** Sample periods that arrived a second, on the monitor's clock; null at the very beginning. */
  readonly samplesPerS: number | null;
  /** The most bytes that ever waited for the disk. */
  readonly ringPeakBytes: number;
}

/** Time between two looks for an edge, on the monitor's clock. */
const LOOK_US = 20_000;

/**
 * Records a monitor's stream into a store until stopped. `recording.trace` reads what was committed; `sync()` commits
 * all that arrived first.
 */
export class Recording implements AsyncDisposable {
  readonly trace: Trace;
  readonly ended: Promise<RecordingEnd>;
  readonly #source: SampleSource;
  readonly #writer: ChunkWriter;
  readonly #windowChannel: number;
  readonly #windowEdges: EdgeRecord[] = [];
  readonly #maxSamples: number;
  readonly #beganUs: number;
  #sourceEnded = false;
  #finished = false;

  constructor(source: SampleSource, store: ChunkStore, codec: SampleCodec, options: RecordingOptions = {}) {
    this.#source = source;
    this.#writer = new ChunkWriter(store.header, store, codec, { ...options, clock: source.clock });
    this.#windowChannel = options.windowChannel ?? 0;
    this.#maxSamples = options.maxSamples ?? Infinity;
    this.#beganUs = source.clock.nowUs();
    this.#writer.edges.onEdge((e) => {
      if (e.channel === this.#windowChannel) this.#windowEdges.push(e);
    });
    this.trace = new Trace(store, codec);
    this.ended = this.#run(store);
  }

  /** Sample periods that have arrived, missing ones included. */
  get lengthSamples(): number {
    return this.#writer.lengthSamples;
  }

  /** Nothing comes any more; `ended` resolves as soon as what came is stored. */
  get sourceEnded(): boolean {
    return this.#sourceEnded;
  }

  /** Running figures of the first channel. */
  status(): RecordingStatus {
    const elapsedUs = this.#source.clock.nowUs() - this.#beganUs;
    const { lengthSamples } = this;
    return {
      ...this.#writer.live(),
      committedSamples: this.#writer.committedSamples,
      samplesPerS: elapsedUs > 0 && lengthSamples > 0 ? (lengthSamples / elapsedUs) * 1e6 : null,
      ringPeakBytes: this.#writer.ringPeakBytes,
    };
  }

  /** Windows that have closed so far. */
  windows(): TraceWindow[] {
    return windowsOf(this.#windowEdges);
  }

  /** Makes everything that arrived readable through `trace`. */
  async sync(): Promise<Result<void>> {
    return this.#finished ? ok() : this.#writer.sync();
  }

  /**
   * Waits until window `ordinal` has closed, and commits it. Moves a simulated world's time in small steps.
   * `trace.no-window` after the deadline, `trace.recording-ended` when the recording ended before.
   */
  async waitForWindow(ordinal: number, deadlineUs: number): Promise<Result<TraceWindow>> {
    for (;;) {
      const window = this.windows()[ordinal];
      if (window) {
        const synced = await this.sync();
        return synced.ok ? ok(window) : synced;
      }
      if (this.#finished) {
        const end = await this.ended;
        return (
          end.failure ??
          fail(
            'trace.recording-ended',
            { ordinal },
            'The recording ended before this window closed.',
            'Record again and let the window finish.',
          )
        );
      }
      const now = this.#source.clock.nowUs();
      if (now >= deadlineUs)
        return fail(
          'trace.no-window',
          {
            ordinal,
            channel: this.#windowChannel,
            windowsSeen: this.windows().length,
            lengthSamples: this.lengthSamples,
          },
          'The window channel did not show this window: the wire to D0 is missing or loose, or the target did not run.',
          'Check the wire from the target’s window pin to the monitor’s D0 and that both share ground.',
        );
      await this.#source.clock.sleepUntilUs(Math.min(deadlineUs, now + LOOK_US));
    }
  }

  async stop(): Promise<RecordingEnd> {
    await this.#source.stopStream();
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(store: ChunkStore): Promise<RecordingEnd> {
    const receiver = new SampleLimit(this.#writer, this.#maxSamples, () => void this.#source.stopStream());
    const end = await this.#source.stream(receiver);
    this.#sourceEnded = true;
    const written = await this.#writer.sync();
    const failure = end.kind === 'stopped' ? (written.ok ? null : written) : end.failure;
    const kind =
      end.kind === 'refused' || !written.ok ? 'failed' : end.kind === 'lost' ? 'monitor-lost' : 'complete';
    const closed = await store.finish(kind === 'complete' ? 'complete' : 'stopped-by-failure', describe(end));
    this.#finished = true;
    return {
      kind: closed.ok ? kind : 'failed',
      failure: failure ?? (closed.ok ? null : closed),
      committedSamples: this.#writer.committedSamples,
      missingSamples: this.#writer.missingSamples,
    };
  }
}

function describe(end: StreamEnd): string {
  return end.kind === 'stopped' ? 'stopped' : end.failure.id;
}

/** Starts recording. The store's header must come from the same source (`newTraceHeader`). */
export function recordTrace(
  source: SampleSource,
  store: ChunkStore,
  codec: SampleCodec,
  options: RecordingOptions = {},
): Recording {
  return new Recording(source, store, codec, options);
}
