import FFT from 'fft.js';
import type { StreamSignal } from '../contract/bench/stream-signal.ts';
import { blockEnd, blockLength, type SampleFormat, type StreamBlock } from './sample-block.ts';
import { unitsPerCount } from './source.ts';

/** Of the spectrum on screen; the features of a model come from the engine, not from here. */
const FFT_POINTS = 512;
const BINS = 64;
const FLOOR_DB = -100;

/**
 * Samples of a stream as columns for a screen. A column holds `samplesPerColumn` samples; with `spectrum` it also holds
 * the levels of the last 512 of them, Hann window, in 64 bands of equal width up to half the rate.
 */
export class SignalView {
  readonly #format: SampleFormat;
  readonly #perColumn: number;
  readonly #spectrum: Spectrum | null;
  #nextSample = 0;
  #column: Column;
  #done: DoneColumns;

  constructor(format: SampleFormat, samplesPerColumn: number, spectrum: boolean) {
    this.#format = format;
    this.#perColumn = samplesPerColumn;
    this.#spectrum = spectrum && format.kind === 'audio' ? new Spectrum() : null;
    this.#column = new Column(format.channels);
    this.#done = { first: 0, min: [], max: [], levels: [] };
  }

  /** Blocks in the order of the stream; what lies between two of them is missing. */
  push(block: StreamBlock): void {
    this.#skip(block.firstSample - this.#nextSample);
    if (block.type === 'gap') return this.#skip(blockLength(block));
    const { channels } = this.#format;
    const { samples } = block;
    for (let i = 0; i < samples.length; i += channels) {
      this.#column.take(samples, i);
      this.#spectrum?.take(samples[i]!);
      this.#nextSample++;
      if (this.#nextSample % this.#perColumn === 0) this.#endColumn();
    }
    this.#nextSample = blockEnd(block);
  }

  /** The whole columns since the last call; null where there is none. */
  take(): StreamSignal | null {
    const { first, min, max, levels } = this.#done;
    if (min.length === 0) return null;
    const { kind, channels, sampleRateHz } = this.#format;
    this.#done = { first: first + min.length / channels, min: [], max: [], levels: [] };
    return {
      kind,
      channels,
      firstSample: first * this.#perColumn,
      samplesPerColumn: this.#perColumn,
      min: Float32Array.from(min),
      max: Float32Array.from(max),
      spectrum: this.#spectrum
        ? { bins: BINS, topHz: sampleRateHz / 2, levels: Uint8Array.from(levels) }
        : null,
    };
  }

  #skip(samples: number): void {
    for (let left = samples; left > 0;) {
      const step = Math.min(left, this.#perColumn - (this.#nextSample % this.#perColumn));
      this.#column.miss();
      this.#spectrum?.forget();
      this.#nextSample += step;
      left -= step;
      if (this.#nextSample % this.#perColumn === 0) this.#endColumn();
    }
  }

  #endColumn(): void {
    const { min, max, levels } = this.#done;
    for (let c = 0; c < this.#format.channels; c++) {
      const scale = this.#format.kind === 'audio' ? 1 / 32768 : unitsPerCount(c);
      min.push(this.#column.missing ? NaN : this.#column.min[c]! * scale);
      max.push(this.#column.missing ? NaN : this.#column.max[c]! * scale);
    }
    if (this.#spectrum) for (const level of this.#spectrum.levels()) levels.push(level);
    this.#column.clear();
  }
}

interface DoneColumns {
  /** Number of the first of them. */
  readonly first: number;
  readonly min: number[];
  readonly max: number[];
  readonly levels: number[];
}

class Column {
  readonly min: Float64Array;
  readonly max: Float64Array;
  missing = false;

  constructor(channels: number) {
    this.min = new Float64Array(channels);
    this.max = new Float64Array(channels);
    this.clear();
  }

  take(samples: Int16Array, at: number): void {
    for (let c = 0; c < this.min.length; c++) {
      const v = samples[at + c]!;
      if (v < this.min[c]!) this.min[c] = v;
      if (v > this.max[c]!) this.max[c] = v;
    }
  }

  miss(): void {
    this.missing = true;
  }

  clear(): void {
    this.min.fill(Infinity);
    this.max.fill(-Infinity);
    this.missing = false;
  }
}

class Spectrum {
  readonly #fft = new FFT(FFT_POINTS);
  readonly #window = Float64Array.from(
    { length: FFT_POINTS },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / FFT_POINTS),
  );
  readonly #ring = new Float64Array(FFT_POINTS);
  readonly #in = new Array<number>(FFT_POINTS).fill(0);
  readonly #out = this.#fft.createComplexArray() as number[];
  readonly #levels = new Uint8Array(BINS);
  #at = 0;
  #held = 0;

  take(sample: number): void {
    this.#ring[this.#at] = sample / 32768;
    this.#at = (this.#at + 1) % FFT_POINTS;
    this.#held = Math.min(FFT_POINTS, this.#held + 1);
  }

  /** No spectrum over a hole. */
  forget(): void {
    this.#held = 0;
  }

  /** Of the newest 512 samples; all 0 before there are so many. */
  levels(): Uint8Array {
    if (this.#held < FFT_POINTS) return this.#levels.fill(0);
    for (let i = 0; i < FFT_POINTS; i++)
      this.#in[i] = this.#ring[(this.#at + i) % FFT_POINTS]! * this.#window[i]!;
    this.#fft.realTransform(this.#out, this.#in);
    const width = FFT_POINTS / 2 / BINS;
    for (let b = 0; b < BINS; b++) {
      let power = 0;
      for (let k = b * width; k < (b + 1) * width; k++)
        power = Math.max(power, this.#out[2 * k]! ** 2 + this.#out[2 * k + 1]! ** 2);
      // a sine of full scale stands at N/4 behind a Hann window: 0 dB
      const db = 10 * Math.log10(power / (FFT_POINTS / 4) ** 2);
      this.#levels[b] = Math.round(255 * Math.max(0, Math.min(1, 1 - db / FLOOR_DB)));
    }
    return this.#levels;
  }
}
