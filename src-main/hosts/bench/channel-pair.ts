import type { PacedChannel } from '../../contract/bench/messages.ts';
import { approximateBytes } from '../../contract/bench/port-frames.ts';

class End implements PacedChannel {
  other: End | null = null;
  readonly #messages: ((message: unknown) => void)[] = [];
  readonly #closes: (() => void)[] = [];
  readonly #progress: (() => void)[] = [];
  #closed = false;
  #waitingBytes = 0;

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  send(message: unknown): void {
    const { other } = this;
    if (this.#closed || !other) return;
    const copy = structuredClone(message);
    const bytes = approximateBytes(copy);
    this.#waitingBytes += bytes;
    queueMicrotask(() => {
      other.deliver(copy);
      this.#waitingBytes -= bytes;
      for (const listener of this.#progress) listener();
    });
  }

  deliver(message: unknown): void {
    if (!this.#closed) for (const listener of this.#messages) listener(message);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#messages.push(listener);
  }

  onProgress(listener: () => void): void {
    this.#progress.push(listener);
  }

  onClose(listener: () => void): void {
    this.#closes.push(listener);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const listener of this.#closes) listener();
    const { other } = this;
    if (other) queueMicrotask(() => other.close());
  }
}

/** Two ends of a channel in one process: what one sends the other gets as a copy, later, in order. */
export function channelPair(): readonly [PacedChannel, PacedChannel] {
  const a = new End();
  const b = new End();
  a.other = b;
  b.other = a;
  return [a, b];
}
