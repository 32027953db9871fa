import type { StreamSignal } from '../../../src-main/contract/bench/stream-signal.ts';
import type {
  LabelledSpan,
  StreamDetectionRow,
  StreamGapDto,
  StreamWindowRow,
} from '../../../src-main/contract/index.ts';

/** A growing column of numbers; doubling keeps appending cheap. */
class Growing {
  #values: Float32Array | Uint8Array;
  length = 0;

  constructor(empty: Float32Array | Uint8Array) {
    this.#values = empty;
  }

  append(values: ArrayLike<number>): void {
    const needed = this.length + values.length;
    if (needed > this.#values.length) {
      const Type = this.#values instanceof Float32Array ? Float32Array : Uint8Array;
      const larger = new Type(Math.max(needed, 2 * this.#values.length));
      larger.set(this.#values.subarray(0, this.length));
      this.#values = larger;
    }
    this.#values.set(values, this.length);
    this.length = needed;
  }

  at(index: number): number {
    return this.#values[index]!;
  }
}

/** What a stream's picture is made of; times are µs of stream time. */
export interface StreamPlanView {
  readonly classes: readonly string[];
  readonly sampleRateHz: number;
  /** Samples from one inference to the next. */
  readonly hopSamples: number;
  readonly ignored: readonly string[];
}

/** All that is known of a stream for its picture, live or from the database. Appending copies no more than what is new. */
export class StreamPicture {
  readonly plan: StreamPlanView;
  kind: 'audio' | 'imu' | null = null;
  channels = 0;
  bins = 0;
  topHz = 0;
  columnUs = 0;
  firstColumn = 0;
  readonly windows: StreamWindowRow[] = [];
  readonly detections: StreamDetectionRow[] = [];
  readonly gaps: StreamGapDto[] = [];
  truth: readonly LabelledSpan[] = [];
  /** Largest value of each channel, and smallest. */
  readonly low: number[] = [];
  readonly high: number[] = [];
  #min = new Growing(new Float32Array(4096));
  #max = new Growing(new Float32Array(4096));
  #levels = new Growing(new Uint8Array(4096));

  constructor(plan: StreamPlanView) {
    this.plan = plan;
  }

  get columns(): number {
    return this.channels === 0 ? 0 : this.#min.length / this.channels;
  }

  /** End of what is known. */
  get endUs(): number {
    const signal = this.columnUs * (this.firstColumn + this.columns);
    const last = this.windows.at(-1);
    return Math.max(signal, last ? this.timeUs(last.lastSample + 1) : 0);
  }

  timeUs(sample: number): number {
    return (sample * 1e6) / this.plan.sampleRateHz;
  }

  append(signal: StreamSignal): void {
    if (this.kind === null) {
      this.kind = signal.kind;
      this.channels = signal.channels;
      this.columnUs = this.timeUs(signal.samplesPerColumn);
      this.firstColumn = signal.firstSample / signal.samplesPerColumn;
      this.bins = signal.spectrum?.bins ?? 0;
      this.topHz = signal.spectrum?.topHz ?? 0;
    }
    this.#min.append(signal.min);
    this.#max.append(signal.max);
    if (signal.spectrum) this.#levels.append(signal.spectrum.levels);
    for (let i = 0; i < signal.max.length; i++)
      this.#extend(i % signal.channels, signal.min[i]!, signal.max[i]!);
  }

  /** Least value of a channel in columns [from, to); NaN where all are missing. */
  min(channel: number, from: number, to: number): number {
    let least = NaN;
    for (let c = from; c < to; c++) {
      const v = this.#min.at(c * this.channels + channel);
      if (!(v >= least)) least = Number.isNaN(v) ? least : v;
    }
    return least;
  }

  max(channel: number, from: number, to: number): number {
    let most = NaN;
    for (let c = from; c < to; c++) {
      const v = this.#max.at(c * this.channels + channel);
      if (!(v <= most)) most = Number.isNaN(v) ? most : v;
    }
    return most;
  }

  level(column: number, bin: number): number {
    return this.#levels.at(column * this.bins + bin);
  }

  /** The window whose hop holds this time; null before the first and in a hole. */
  windowAt(us: number): StreamWindowRow | null {
    let low = 0;
    let high = this.windows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.timeUs(this.windows[middle]!.lastSample + 1) <= us) low = middle + 1;
      else high = middle;
    }
    const found = this.windows[low];
    return found && us >= this.#startUs(found) ? found : null;
  }

  /** A window is drawn over the hop that ends with its last sample. */
  spanUs(window: StreamWindowRow): readonly [number, number] {
    return [this.#startUs(window), this.timeUs(window.lastSample + 1)];
  }

  #startUs({ lastSample }: StreamWindowRow): number {
    return this.timeUs(lastSample + 1 - this.plan.hopSamples);
  }

  #extend(channel: number, low: number, high: number): void {
    if (!((this.low[channel] ?? Infinity) <= low) && !Number.isNaN(low)) this.low[channel] = low;
    if (!((this.high[channel] ?? -Infinity) >= high) && !Number.isNaN(high)) this.high[channel] = high;
  }
}

/** What part of a stream is seen, µs. */
export interface TimeSpan {
  readonly fromUs: number;
  readonly toUs: number;
}

/** Not closer than this, and not further than the stream with a margin. */
export const CLOSEST_US = 50_000;

/** Zooms about a time that stays where it is on the screen; factor < 1 comes closer. */
export function zoomed({ fromUs, toUs }: TimeSpan, aboutUs: number, factor: number, endUs: number): TimeSpan {
  const whole = Math.max(endUs, CLOSEST_US);
  const width = Math.min(whole, Math.max(CLOSEST_US, (toUs - fromUs) * factor));
  const share = (aboutUs - fromUs) / (toUs - fromUs);
  return inside({ fromUs: aboutUs - share * width, toUs: aboutUs + (1 - share) * width }, endUs);
}

export function panned({ fromUs, toUs }: TimeSpan, byUs: number, endUs: number): TimeSpan {
  return inside({ fromUs: fromUs + byUs, toUs: toUs + byUs }, endUs);
}

function inside({ fromUs, toUs }: TimeSpan, endUs: number): TimeSpan {
  const width = toUs - fromUs;
  const from = Math.max(0, Math.min(fromUs, Math.max(endUs, width) - width));
  return { fromUs: from, toUs: from + width };
}

/** 1, 2 or 5 times a power of ten, µs: not closer than `leastPx` on the screen. */
export function tickUs(spanUs: number, widthPx: number, leastPx: number): number {
  const least = (spanUs / widthPx) * leastPx;
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((m) => m * power).find((step) => step >= least) ?? 10 * power;
}

/** A time with the digits that its ticks need: `12.5 s`, `1:02:05`. */
export function timeText(us: number, stepUs: number): string {
  const digits = Math.max(0, Math.min(3, Math.ceil(-Math.log10(stepUs / 1e6) - 1e-9)));
  // rounded first: 119.96 s with one digit are two minutes
  const s = Math.round((us / 1e6) * 10 ** digits) / 10 ** digits;
  if (s < 60) return `${s.toFixed(digits)} s`;
  const whole = Math.floor(s / 60);
  const rest = (s - 60 * whole).toFixed(digits).padStart(digits ? 3 + digits : 2, '0');
  return whole < 60
    ? `${whole}:${rest}`
    : `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}:${rest}`;
}
