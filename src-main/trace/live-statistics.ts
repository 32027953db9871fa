import type { ChannelWriter } from './channel-writer.ts';
import { CHUNK_LEVELS } from './format.ts';
import { SpanSums } from './span-sums.ts';

/** What a recording has seen so far. */
export interface LiveFigures {
  /** Sample periods since the beginning, missing ones included. */
  readonly lengthSamples: number;
  readonly missingSamples: number;
  /** A; null while no sample has arrived. */
  readonly minA: number | null;
  readonly meanA: number | null;
  readonly maxA: number | null;
  /** Charge of the samples that are there, C. */
  readonly chargeC: number;
  /** Charge × the supply in force, J; null before a supply is known. */
  readonly energyJ: number | null;
}

/**
 * Running sums of the first channel: whole buckets of finished chunks, raw samples of the open one. The energy is summed
 * stretch by stretch of one supply voltage.
 */
export class LiveStatistics {
  readonly #channel: ChannelWriter;
  readonly #samplePeriodS: number;
  readonly #rangeCount: number;
  /** Of the present supply, up to the open chunk. */
  #stretch: SpanSums;
  /** Where in the open chunk the present supply begins. */
  #stretchFrom = 0;
  #volts: number | null = null;
  #energyJ = 0;
  #chargeC = 0;
  #min = Infinity;
  #max = -Infinity;
  #valid = 0;

  constructor(channel: ChannelWriter, rangeCount: number, samplePeriodS: number) {
    this.#channel = channel;
    this.#rangeCount = rangeCount;
    this.#samplePeriodS = samplePeriodS;
    this.#stretch = new SpanSums(rangeCount);
  }

  /** After the channel built the summary of its full chunk, before the next sample. */
  chunkClosed(summary: ChannelWriter['summary'], samples: ChannelWriter['decoded'], filled: number): void {
    if (this.#stretchFrom > 0) {
      const { amperes, logic, ranges } = samples;
      this.#stretch.addRaw(amperes, logic, ranges, this.#stretchFrom, filled);
    } else {
      const top = summary.levels[CHUNK_LEVELS]!;
      for (let i = 0; i < top.capacity; i++) this.#stretch.addBucket(top, i);
    }
    this.#stretchFrom = 0;
  }

  supplyChanged(volts: number): void {
    const sums = this.#withOpenChunk();
    this.#settle(sums);
    this.#stretch = new SpanSums(this.#rangeCount);
    this.#stretchFrom = this.#channel.filled;
    this.#volts = volts;
  }

  figures(lengthSamples: number, missingSamples: number): LiveFigures {
    const sums = this.#withOpenChunk();
    const valid = this.#valid + sums.valid;
    const chargeC = this.#chargeC + sums.sum * this.#samplePeriodS;
    return {
      lengthSamples,
      missingSamples,
      minA: valid > 0 ? Math.min(this.#min, sums.min) : null,
      meanA: valid > 0 ? chargeC / (valid * this.#samplePeriodS) : null,
      maxA: valid > 0 ? Math.max(this.#max, sums.max) : null,
      chargeC,
      energyJ: this.#volts === null ? null : this.#energyJ + sums.sum * this.#samplePeriodS * this.#volts,
    };
  }

  #settle(sums: SpanSums): void {
    const chargeC = sums.sum * this.#samplePeriodS;
    this.#chargeC += chargeC;
    this.#energyJ += chargeC * (this.#volts ?? 0);
    this.#min = Math.min(this.#min, sums.min);
    this.#max = Math.max(this.#max, sums.max);
    this.#valid += sums.valid;
  }

  #withOpenChunk(): SpanSums {
    const sums = this.#stretch.copy();
    const { amperes, logic, ranges } = this.#channel.decoded;
    sums.addRaw(amperes, logic, ranges, this.#stretchFrom, this.#channel.filled);
    return sums;
  }
}
