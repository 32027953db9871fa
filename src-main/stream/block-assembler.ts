import { Resampler } from './resample.ts';
import type { SampleFormat, StreamBlock } from './sample-block.ts';
import { blockFrames } from './source.ts';

/** Rates are compared and resampled in mHz: sensors do not run at whole hertz. */
const milli = (hz: number) => Math.round(hz * 1000);

/**
 * Sample after sample, with gaps, into blocks at the format's rate. Where the samples come at another rate each channel is
 * resampled; a gap begins the filter anew, for nothing is known of what was in it.
 */
export class BlockAssembler {
  readonly #format: SampleFormat;
  readonly #fromHz: number;
  readonly #blockFrames: number;
  readonly #resamplers: readonly Resampler[] | null;
  readonly #chunk: readonly Float64Array[];
  #chunkLength = 0;
  readonly #ready: StreamBlock[] = [];
  readonly #block: Int16Array;
  #blockLength = 0;
  /** Input samples so far, missing ones included. */
  #taken = 0;
  /** Output samples so far, missing ones included, without those in #block. */
  #given = 0;
  clipped = 0;

  constructor(format: SampleFormat, fromHz: number) {
    this.#format = format;
    this.#fromHz = fromHz;
    this.#blockFrames = blockFrames(format);
    this.#block = new Int16Array(this.#blockFrames * format.channels);
    const same = milli(fromHz) === milli(format.sampleRateHz);
    const each = <T>(make: () => T) => Array.from({ length: format.channels }, make);
    this.#resamplers = same ? null : each(() => new Resampler(milli(fromHz), milli(format.sampleRateHz)));
    this.#chunk = each(() => new Float64Array(this.#blockFrames));
  }

  /** One sample frame in counts. */
  sample(values: Float64Array): void {
    for (let c = 0; c < values.length; c++) this.#chunk[c]![this.#chunkLength] = values[c]!;
    this.#chunkLength++;
    this.#taken++;
    if (this.#chunkLength === this.#blockFrames) this.#pass();
  }

  gap(count: number, reason: string): void {
    this.#finish();
    this.#taken += count;
    const upTo = Math.round((this.#taken * this.#format.sampleRateHz) / this.#fromHz);
    const sampleCount = upTo - this.#given;
    if (sampleCount <= 0) return;
    this.#ready.push({ type: 'gap', ...this.#place(), sampleCount, reason });
    this.#given = upTo;
  }

  /** What is left over becomes a short block. */
  end(): void {
    this.#finish();
  }

  next(): StreamBlock | undefined {
    return this.#ready.shift();
  }

  #place() {
    const { sampleRateHz } = this.#format;
    return {
      format: this.#format,
      firstSample: this.#given,
      timeUs: (this.#given * 1e6) / sampleRateHz,
    };
  }

  #finish(): void {
    this.#pass();
    if (this.#resamplers) this.#store(this.#resamplers.map((r) => r.flush()));
    this.#close();
  }

  #pass(): void {
    const parts = this.#chunk.map((c) => c.subarray(0, this.#chunkLength));
    this.#chunkLength = 0;
    this.#store(this.#resamplers ? parts.map((p, c) => this.#resamplers![c]!.push(p)) : parts);
  }

  #store(parts: readonly Float64Array[]): void {
    const { channels } = this.#format;
    for (let i = 0; i < parts[0]!.length; i++) {
      for (let c = 0; c < channels; c++) {
        const v = Math.round(parts[c]![i]!);
        if (v > 32767 || v < -32768) this.clipped++;
        this.#block[this.#blockLength * channels + c] = Math.max(-32768, Math.min(32767, v));
      }
      if (++this.#blockLength === this.#blockFrames) this.#close();
    }
  }

  #close(): void {
    if (this.#blockLength === 0) return;
    const samples = this.#block.slice(0, this.#blockLength * this.#format.channels);
    this.#ready.push({ type: 'samples', ...this.#place(), samples });
    this.#given += this.#blockLength;
    this.#blockLength = 0;
  }
}
