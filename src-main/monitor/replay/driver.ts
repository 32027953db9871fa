import type { Clock } from '../../base/clock.ts';
import { fail, ok, type Result } from '../../base/errors.ts';
import type { MonitorAccuracy } from '../../trace/accuracy.ts';
import type { ChunkSource } from '../../trace/chunk-store.ts';
import { CHUNK_SAMPLES, channelsOf, type ChunkRecord, type SampleCodec } from '../../trace/format.ts';
import type { SampleReceiver, SampleSource, StreamEnd } from '../../trace/source.ts';
import { alreadyStreams } from '../failures.ts';
import { settledEnd } from '../stream-stop.ts';
import type { Monitor, MonitorDescriptor, MonitorIdentity, SupplySetting } from '../monitor.ts';

/** Samples handed over at once at `real` pace; whole chunks at `free` pace. */
const STEP_US = 20_000;

export interface ReplayOptions {
  readonly source: ChunkSource;
  /** That of the trace's first channel. */
  readonly codec: SampleCodec;
  readonly clock: Clock;
  /** `real`: as they were recorded, on the clock. `free`: as fast as they are taken. */
  readonly pace: 'real' | 'free';
  /** Bounds of the monitor that recorded it. */
  readonly accuracy: MonitorAccuracy;
  /** Where the trace shows windows; default `level`. */
  readonly windowInput?: MonitorDescriptor['windowInput'];
}

/**
 * A recorded trace as a monitor: the same words, gaps, marks and supplies in the same order. The DUT it measured is not
 * there any more: it can neither be supplied nor switched.
 */
export function openReplay(options: ReplayOptions): Result<ReplayMonitor> {
  const { source, codec } = options;
  const { codecId } = source.header;
  if (codec.id !== codecId)
    return fail(
      'trace.unknown-codec',
      { codecId, codec: codec.id },
      'This version cannot decode the samples of this trace.',
      'Update Microjoule.',
    );
  if (source.lengthSamples() === 0)
    return fail('trace.empty', {}, 'The trace holds no sample.', 'Choose another trace.');
  return ok(new ReplayMonitor(options));
}

export class ReplayMonitor implements Monitor {
  readonly descriptor: MonitorDescriptor;
  readonly identity: MonitorIdentity;
  readonly accuracy: MonitorAccuracy;
  readonly clock: Clock;
  readonly streamFormat: SampleSource['streamFormat'];
  readonly verdictUs = 0;
  readonly #options: ReplayOptions;
  #streaming = false;
  #stop = new AbortController();
  #streamDone: Promise<StreamEnd> | undefined;

  constructor(options: ReplayOptions) {
    const { header } = options.source;
    this.#options = options;
    this.clock = options.clock;
    this.accuracy = options.accuracy;
    this.streamFormat = {
      codecId: header.codecId,
      sampleRateHz: header.sampleRateHz,
      rangeCount: header.rangeCount,
      monitor: header.monitor,
      ...(header.moreChannels ? { moreChannels: header.moreChannels } : {}),
    };
    this.descriptor = {
      id: 'replay',
      name: `replay of ${header.title}`,
      usb: [],
      baud: 0,
      sampleRateHz: header.sampleRateHz,
      logicChannels: 8,
      windowInput: options.windowInput ?? 'level',
      fullScaleA: null,
      source: null,
      canMeasureInline: true,
      codec: options.codec,
    };
    this.identity = {
      kind: 'replay',
      serial: header.monitor.serial,
      hardware: header.monitor.firmware,
      calibration: {
        origin: 'device',
        remarks: [`trace ${header.traceId}`],
        hash: header.traceId.slice(0, 8),
      },
    };
  }

  /** The voltage is that of the recording: another one is refused. */
  async setSupply(setting: SupplySetting): Promise<Result<void>> {
    const supplies = this.#options.source.supplies();
    if (!supplies.ok) return supplies;
    const recordedMv = supplies.value.map((s) => Math.round(s.volts * 1000));
    if (recordedMv.includes(setting.millivolts)) return ok();
    return fail(
      'monitor.other-voltage',
      { millivolts: setting.millivolts, recordedMv },
      'A recorded trace keeps the voltage it was recorded at.',
      'Leave the voltage as recorded.',
    );
  }

  async setDutPower(_on: boolean): Promise<Result<void>> {
    return fail(
      'monitor.cannot-supply',
      { monitor: 'replay' },
      'A recorded trace supplies nothing.',
      'Use a monitor that is there.',
    );
  }

  async stream(receiver: SampleReceiver): Promise<StreamEnd> {
    if (this.#streaming) return { kind: 'refused', failure: alreadyStreams() };
    this.#streaming = true;
    this.#stop = new AbortController();
    this.#streamDone = this.#run(receiver);
    const end = await this.#streamDone;
    this.#streaming = false;
    return end;
  }

  async stopStream(): Promise<void> {
    this.#stop.abort();
    await this.#streamDone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopStream();
  }

  async #run(receiver: SampleReceiver): Promise<StreamEnd> {
    const { source, pace, clock } = this.#options;
    const channels = channelsOf(source.header).map((_, i) => source.channel(i));
    for (const [i, channel] of channels.entries()) {
      const calibration = channel.calibration(1);
      if (!calibration.ok) return { kind: 'refused', failure: calibration };
      receiver.calibration(calibration.value.json, i);
    }
    const said = sayings(source);
    if (!said.ok) return { kind: 'refused', failure: said };
    const player = new Player(receiver, said.value);
    const length = source.lengthSamples();
    const { sampleRateHz } = this.streamFormat;
    const step = Math.max(1, Math.round((STEP_US * sampleRateHz) / 1e6));
    const startUs = clock.nowUs();
    for (let index = 0; index * CHUNK_SAMPLES < length; index++) {
      const chunks: ChunkRecord[] = [];
      for (const channel of channels) {
        const chunk = channel.chunk(index);
        if (!chunk.ok) return { kind: 'refused', failure: chunk };
        chunks.push(chunk.value);
      }
      player.open(chunks);
      while (!player.done) {
        player.play(pace === 'real' ? step : CHUNK_SAMPLES);
        const settled = await receiver.settle();
        if (!settled.ok) return { kind: 'refused', failure: settled };
        if (pace === 'real')
          await clock.sleepUntilUs(startUs + (player.position * 1e6) / sampleRateHz, this.#stop.signal);
        if (this.#stop.signal.aborted) return { kind: 'stopped' };
      }
    }
    player.finish();
    return settledEnd(receiver, null);
  }
}

interface Saying {
  readonly sample: number;
  readonly say: (receiver: SampleReceiver) => void;
}

/** Marks and supplies in the order of their samples; gaps come with their cause. */
function sayings(source: ChunkSource): Result<{ readonly said: Saying[]; readonly causes: GapCauses }> {
  const supplies = source.supplies();
  if (!supplies.ok) return supplies;
  const marks = source.marks(0, Infinity);
  if (!marks.ok) return marks;
  const gaps = source.gaps(0, Infinity);
  if (!gaps.ok) return gaps;
  const said: Saying[] = [
    ...supplies.value.map(({ sample, ...supply }) => ({
      sample,
      say: (r: SampleReceiver) => r.supply(supply),
    })),
    ...marks.value
      // what the recorder found it finds again
      .filter((m) => !m.kind.startsWith('trace.'))
      .map((m) => ({ sample: m.sample, say: (r: SampleReceiver) => r.mark(m.kind, m.detail) })),
  ];
  said.sort((a, b) => a.sample - b.sample);
  return ok({ said, causes: gaps.value });
}

type GapCauses = Extract<ReturnType<ChunkSource['gaps']>, { ok: true }>['value'];

/** Plays one chunk after the other, in pieces. */
class Player {
  readonly #receiver: SampleReceiver;
  readonly #said: readonly Saying[];
  readonly #gaps: GapCauses;
  #nextSaying = 0;
  #nextGap = 0;
  #gapLeft = 0;
  #chunks: readonly ChunkRecord[] = [];
  #length = 0;
  #word = 0;
  #chunkBase = 0;
  position = 0;

  constructor(
    receiver: SampleReceiver,
    { said, causes }: { readonly said: readonly Saying[]; readonly causes: GapCauses },
  ) {
    this.#receiver = receiver;
    this.#said = said;
    this.#gaps = causes;
  }

  /** One chunk of each channel, over the same sample periods. */
  open(chunks: readonly ChunkRecord[]): void {
    this.#chunks = chunks;
    this.#length = chunks[0]!.length;
    this.#word = 0;
    this.#chunkBase = this.position;
  }

  get done(): boolean {
    return this.position - this.#chunkBase >= this.#length;
  }

  /** At most so many samples of the open chunk, missing ones included. A gap is told once, as it was recorded. */
  play(samples: number): void {
    const end = Math.min(this.position + samples, this.#chunkBase + this.#length);
    while (this.position < end) {
      this.#say();
      if (this.#gapLeft > 0) {
        const n = Math.min(this.#gapLeft, this.#chunkBase + this.#length - this.position);
        this.#gapLeft -= n;
        this.position += n;
        continue;
      }
      const gap = this.#gaps[this.#nextGap];
      if (gap && gap.firstSample <= this.position) {
        this.#receiver.gap(gap.missing, gap.cause);
        this.#gapLeft = gap.missing;
        this.#nextGap++;
        continue;
      }
      const until = Math.min(end, gap?.firstSample ?? end, this.#said[this.#nextSaying]?.sample ?? end);
      const n = until - this.position;
      for (const [channel, { words }] of this.#chunks.entries())
        this.#receiver.words(words, this.#word, this.#word + n, channel);
      this.#word += n;
      this.position += n;
    }
  }

  /** What was said behind the last sample. */
  finish(): void {
    for (; this.#nextSaying < this.#said.length; this.#nextSaying++)
      this.#said[this.#nextSaying]!.say(this.#receiver);
  }

  #say(): void {
    for (; (this.#said[this.#nextSaying]?.sample ?? Infinity) <= this.position; this.#nextSaying++)
      this.#said[this.#nextSaying]!.say(this.#receiver);
  }
}
