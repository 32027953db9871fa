import type { Clock } from '../../../src-main/base/clock.ts';
import { ok, type Failure, type Result } from '../../../src-main/base/errors.ts';
import type { StreamRunPlan } from '../../../src-main/contract/index.ts';
import { blockEnd, type SampleFormat, type StreamBlock } from '../../../src-main/stream/sample-block.ts';
import type { StreamSource } from '../../../src-main/stream/source.ts';
import type {
  StreamCounters,
  StreamListener,
  StreamPlan,
  StreamSession,
  StreamSummary,
} from '../../../src-main/stream/stream-session.ts';

export const AUDIO: SampleFormat = { kind: 'audio', channels: 1, sampleRateHz: 1000 };

/** A clock that stands unless somebody pumps. */
class PumpedClock implements Clock {
  readonly kind = 'virtual' as const;
  us = 5_000_000;
  nowUs = () => this.us;
  async sleepUntilUs(deadlineUs: number): Promise<void> {
    this.us = Math.max(this.us, deadlineUs);
  }
}

export interface FakeDevice {
  /** Outputs of the window that ends with this sample. */
  readonly outputs: (lastSample: number) => readonly number[];
  readonly windowSamples?: number;
  readonly hopSamples?: number;
  /** From the last sample until the result is here. */
  readonly latencyUs?: number;
  /** Which pushes fail, by the block's first sample. */
  readonly failAt?: { readonly sample: number; readonly failure: Failure; readonly times?: number };
  /** Indices of windows that the device skips, or whose results the line loses. */
  readonly drops?: readonly number[];
  readonly loses?: readonly number[];
}

/** A device that answers every hop samples with what a function says, a window after the last gap. */
export class FakeSession implements StreamSession {
  readonly clock = new PumpedClock();
  readonly plan: StreamPlan;
  readonly pushed: StreamBlock[] = [];
  aborted = false;
  resumed = 0;
  readonly #device: FakeDevice;
  readonly #listener: StreamListener;
  readonly #gaps: { firstSample: number; sampleCount: number; cause: 'source' | 'line' }[] = [];
  #end = 0;
  #failures = 0;
  #index = 0;
  #windows = 0;
  #nextLast: number;

  constructor(device: FakeDevice, listener: StreamListener) {
    this.#device = device;
    this.#listener = listener;
    const windowSamples = device.windowSamples ?? 100;
    const hopSamples = device.hopSamples ?? 50;
    this.#nextLast = windowSamples - 1;
    this.plan = {
      format: AUDIO,
      frontEnd: 'device',
      encoding: 'int16',
      reason: 'fake',
      baud: null,
      lineBytesPerS: 2000,
      lineCapacityBytesPerS: null,
      windowSamples,
      hopSamples,
      ringBytes: 0,
      classes: device.outputs(0).length,
    };
  }

  get counters(): StreamCounters {
    return {
      samplesPushed: this.#end,
      samplesTaken: this.#end,
      windows: this.#windows,
      windowsEqual: this.#windows,
      windowsDifferent: 0,
      windowsUnknown: 0,
      windowsLost: this.#device.loses?.length ?? 0,
      windowsDropped: this.#device.drops?.length ?? 0,
      detections: 0,
      gaps: this.#gaps.length,
      gapSamples: this.#gaps.reduce((n, g) => n + g.sampleCount, 0),
      underruns: 0,
      overruns: 0,
      badFramesDevice: 0,
      badFramesHost: 0,
      creditWaits: 0,
    };
  }

  async push(block: StreamBlock): Promise<Result<void>> {
    const { failAt } = this.#device;
    if (failAt && block.firstSample >= failAt.sample && this.#failures++ < (failAt.times ?? Infinity))
      return failAt.failure;
    this.pushed.push(block);
    if (block.firstSample > this.#end) this.#gap(this.#end, block.firstSample - this.#end, 'line');
    if (block.type === 'gap') this.#gap(block.firstSample, block.sampleCount, 'source');
    this.#end = blockEnd(block);
    while (this.#nextLast < this.#end) this.#window();
    return ok();
  }

  #gap(firstSample: number, sampleCount: number, cause: 'source' | 'line'): void {
    const gap = { firstSample, sampleCount, cause };
    this.#gaps.push(gap);
    this.#listener({ kind: 'gap', ...gap });
    this.#nextLast = firstSample + sampleCount + this.plan.windowSamples - 1;
  }

  #window(): void {
    const lastSample = this.#nextLast;
    this.#nextLast += this.plan.hopSamples;
    const index = this.#index++;
    const { drops, loses, outputs, latencyUs = 3000 } = this.#device;
    if (drops?.includes(index)) return this.#listener({ kind: 'dropped', index, lastSample });
    if (loses?.includes(index)) return;
    this.#windows++;
    const takenUs = 5_000_000 + ((lastSample + 1) * 1e6) / AUDIO.sampleRateHz;
    this.#listener({
      kind: 'window',
      index,
      lastSample,
      outputQ: new Int8Array(this.plan.classes),
      probabilities: Float32Array.from(outputs(lastSample)),
      frontEndCycles: 1000,
      inferenceCycles: 2000,
      frontEndUs: 10,
      inferenceUs: 20,
      queuedBytes: 0,
      deviceLatencyUs: 25,
      pushedUs: this.clock.nowUs(),
      receivedUs: takenUs + latencyUs,
      twin: 'equal',
    });
  }

  /** What a device with the rule of the plan would say. */
  detect(classIndex: number, lastSample: number, latencyUs = 3000): void {
    this.#listener({
      kind: 'detection',
      classIndex,
      score: 1,
      windowIndex: this.#index,
      lastSample,
      receivedUs: 5_000_000 + ((lastSample + 1) * 1e6) / AUDIO.sampleRateHz + latencyUs,
      twin: 'equal',
    });
  }

  async pump(untilUs: number): Promise<Result<void>> {
    await this.clock.sleepUntilUs(untilUs);
    return ok();
  }

  async finish(): Promise<Result<StreamSummary>> {
    return ok({
      counters: this.counters,
      gaps: this.#gaps,
      frontEndDuty: 0.1,
      inferenceDuty: 0.2,
      realTimeFactor: 0.3,
      maxQueuedBytes: 7,
    });
  }

  async resume(): Promise<Result<void>> {
    this.resumed++;
    return ok();
  }

  async abort(): Promise<void> {
    this.aborted = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

export function planFor(classes: readonly string[], session: FakeSession): StreamRunPlan {
  return {
    model: { name: 'm', sha256: 'ab'.repeat(32), path: null },
    targetId: 'fake',
    source: { kind: 'generator', name: 'x', sha256: null, details: [] },
    sampleKind: 'audio',
    channels: 1,
    sampleRateHz: AUDIO.sampleRateHz,
    classes: [...classes],
    frontEnd: 'device',
    encoding: 'int16',
    reason: 'fake',
    baud: null,
    lineBytesPerS: 2000,
    lineCapacityBytesPerS: null,
    windowSamples: session.plan.windowSamples,
    hopSamples: session.plan.hopSamples,
    detection: { smoothingWindows: 1, threshold: 0.5, refractorySamples: 0, ignored: ['silence'] },
  };
}

/** A source from a list; a failure among the blocks is where it breaks. */
export function listSource(
  blocks: readonly (StreamBlock | Failure)[],
  extra: Partial<Pick<StreamSource, 'live' | 'truth' | 'notes' | 'format'>> = {},
): StreamSource {
  let at = 0;
  return {
    format: extra.format ?? AUDIO,
    origin: { kind: 'generator', name: 'list', sha256: null, details: [] },
    live: extra.live ?? false,
    frameCount: null,
    async next() {
      const item = blocks[at++];
      return item === undefined ? ok(null) : 'ok' in item ? item : ok(item);
    },
    truth: extra.truth ?? (() => null),
    notes: extra.notes ?? (() => []),
    async [Symbol.asyncDispose]() {},
  };
}

/** `count` samples of value `value` from `firstSample` on. */
export function samples(firstSample: number, count: number, value = 1): StreamBlock {
  return {
    type: 'samples',
    format: AUDIO,
    firstSample,
    timeUs: (firstSample * 1e6) / AUDIO.sampleRateHz,
    samples: new Int16Array(count).fill(value),
  };
}

export function gap(firstSample: number, sampleCount: number): StreamBlock {
  return {
    type: 'gap',
    format: AUDIO,
    firstSample,
    timeUs: (firstSample * 1e6) / AUDIO.sampleRateHz,
    sampleCount,
    reason: 'test',
  };
}
