import { ok, type Failure, type Result } from '../base/errors.ts';
import type { ChunkSink, TraceBatch } from './chunk-store.ts';

/** About 3 s of two channels at 2 Msps: a disk that stalls for a quarter of a second is not felt. */
export const RING_BYTES = 64 * 1024 * 1024;
/** Of a source that can be held back: it would only fill more memory, however much there is. */
export const HELD_BACK_RING_BYTES = 8 * 1024 * 1024;

/**
 * The ring before a sink: batches wait here while the sink is busy, one after the other, at most `capacityBytes` of them.
 * Who fills it looks at `full` and either waits for room or leaves samples out and says so.
 */
export class CommitRing {
  readonly #sink: ChunkSink;
  readonly #capacityBytes: number;
  #waitingBytes = 0;
  #peakBytes = 0;
  #committed = 0;
  #failure: Failure | undefined;
  #last: Promise<Result<void>> = Promise.resolve(ok());
  #onRoom: (() => void)[] = [];

  constructor(sink: ChunkSink, capacityBytes = RING_BYTES) {
    this.#sink = sink;
    this.#capacityBytes = capacityBytes;
  }

  get full(): boolean {
    return this.#waitingBytes >= this.#capacityBytes;
  }

  /** The most that ever waited. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  get committedSamples(): number {
    return this.#committed;
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Resolves when this batch was committed, or the sink has failed. */
  push(batch: TraceBatch): Promise<Result<void>> {
    const bytes = bytesOf(batch);
    this.#waitingBytes += bytes;
    this.#peakBytes = Math.max(this.#peakBytes, this.#waitingBytes);
    const done = this.#last.then(async () => {
      const result = this.#failure ?? (await this.#sink.commit(batch));
      this.#waitingBytes -= bytes;
      if (result.ok) this.#committed = batch.lengthSamples;
      else this.#failure ??= result;
      if (!this.full || this.#failure) for (const wake of this.#onRoom.splice(0)) wake();
      return result;
    });
    this.#last = done;
    return done;
  }

  /** Resolves when all that was pushed is committed. */
  drained(): Promise<Result<void>> {
    return this.#last;
  }

  /** Resolves when it is not full any more or the sink has failed. */
  async room(): Promise<void> {
    while (this.full && !this.#failure) await new Promise<void>((resolve) => this.#onRoom.push(resolve));
  }
}

function bytesOf(batch: TraceBatch): number {
  let bytes = 0;
  for (const c of batch.chunks) bytes += c.words.byteLength;
  for (const s of batch.summaries) bytes += s.bytes.byteLength;
  for (const v of batch.valueCounts) bytes += v.bytes.byteLength;
  return bytes;
}
