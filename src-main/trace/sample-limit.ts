import { ok, type Result } from '../base/errors.ts';
import type { GapCause, SupplyRecord } from './format.ts';
import type { ChunkWriter } from './recorder.ts';
import type { SampleReceiver } from './source.ts';

/** Lets exactly so many sample periods through to a writer, then asks once for the end and drops what still comes. */
export class SampleLimit implements SampleReceiver {
  readonly #writer: ChunkWriter;
  readonly #maxSamples: number;
  readonly #reached: () => void;
  #told = false;

  constructor(writer: ChunkWriter, maxSamples: number, reached: () => void) {
    this.#writer = writer;
    this.#maxSamples = maxSamples;
    this.#reached = reached;
  }

  words(words: Uint32Array, from: number, to: number, channel = 0): void {
    const room = this.#maxSamples - this.#writer.channelSamples(channel);
    this.#writer.words(words, from, Math.min(to, from + room), channel);
  }

  gap(missing: number, cause: GapCause): void {
    this.#writer.gap(Math.min(missing, this.#maxSamples - this.#writer.lengthSamples), cause);
  }

  mark(kind: string, detail: string): void {
    if (!this.#told) this.#writer.mark(kind, detail);
  }

  supply(supply: Omit<SupplyRecord, 'sample'>): void {
    if (!this.#told) this.#writer.supply(supply);
  }

  calibration(json: string, channel?: number): void {
    this.#writer.calibration(json, channel);
  }

  async settle(): Promise<Result<void>> {
    if (this.#told) return ok();
    if (this.#writer.lengthSamples >= this.#maxSamples) {
      this.#told = true;
      this.#reached();
    }
    return this.#writer.settle();
  }
}
