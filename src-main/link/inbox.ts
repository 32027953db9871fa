import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';
import { BugError } from '../base/errors.ts';
import type { LinkRead, ReadRequest } from './link.ts';

/** Above this many unread bytes the source is asked to pause; below half of it, to go on. */
const HIGH_WATER_BYTES = 16 * 1024 * 1024;

export interface InboxSource {
  pause(): void;
  resume(): void;
}

/**
 * What every event-driven link needs: bytes pushed in by a source, pulled out by one reader with a deadline.
 * Bytes that came before the end are handed out before `closed`.
 */
export class ByteInbox {
  #chunks: Uint8Array[] = [];
  #queuedBytes = 0;
  #end: { readonly reason: string; readonly expected: boolean } | undefined;
  #wake: (() => void) | undefined;
  #reading = false;
  #paused = false;
  readonly #source: InboxSource | undefined;

  constructor(source?: InboxSource) {
    this.#source = source;
  }

  get ended(): { readonly reason: string; readonly expected: boolean } | undefined {
    return this.#end;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#end) return;
    this.#chunks.push(bytes);
    this.#queuedBytes += bytes.length;
    if (!this.#paused && this.#queuedBytes > HIGH_WATER_BYTES) {
      this.#paused = true;
      this.#source?.pause();
    }
    this.#wake?.();
  }

  /** The first reason stays: an unplugged port is not turned into an expected end by the clean-up after it. */
  close(reason: string, expected: boolean): void {
    this.#end ??= { reason, expected };
    this.#wake?.();
  }

  discard(): number {
    const count = this.#queuedBytes;
    this.#take();
    return count;
  }

  /** What is there now, else the end, else undefined. */
  poll(): LinkRead | undefined {
    if (this.#queuedBytes > 0) return { kind: 'bytes', bytes: this.#take() };
    if (this.#end) return { kind: 'closed', ...this.#end };
    return undefined;
  }

  async read(request: ReadRequest, clock: Clock): Promise<LinkRead> {
    if (this.#reading) throw new BugError('two reads at a time on one link');
    this.#reading = true;
    try {
      // A deadline that has already passed still gives the event loop one turn to deliver what the kernel holds.
      if (this.#queuedBytes === 0 && !this.#end && request.deadlineUs <= clock.nowUs()) await nextTurn();
      else if (this.#queuedBytes === 0 && !this.#end) await this.#arrival(request.deadlineUs, clock);
      return this.poll() ?? { kind: 'timeout' };
    } finally {
      this.#reading = false;
    }
  }

  async #arrival(deadlineUs: number, clock: Clock): Promise<void> {
    const arrived = new Promise<void>((resolve) => (this.#wake = resolve));
    if (deadlineUs === Infinity) await arrived;
    else {
      const stop = new AbortController();
      await Promise.race([arrived, clock.sleepUntilUs(deadlineUs, stop.signal)]);
      stop.abort();
    }
    this.#wake = undefined;
  }

  #take(): Uint8Array {
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : new Uint8Array(this.#queuedBytes);
    if (this.#chunks.length > 1) {
      let at = 0;
      for (const chunk of this.#chunks) {
        all.set(chunk, at);
        at += chunk.length;
      }
    }
    this.#chunks = [];
    this.#queuedBytes = 0;
    if (this.#paused) {
      this.#paused = false;
      this.#source?.resume();
    }
    return all;
  }
}
