import type { Channel } from '../../contract/bench/messages.ts';

class End implements Channel {
  other: End | null = null;
  readonly #messages: ((message: unknown) => void)[] = [];
  readonly #closes: (() => void)[] = [];
  #closed = false;

  get waitingBytes(): number {
    return 0;
  }

  send(message: unknown): void {
    const { other } = this;
    if (this.#closed || !other) return;
    const copy = structuredClone(message);
    queueMicrotask(() => other.deliver(copy));
  }

  deliver(message: unknown): void {
    if (!this.#closed) for (const listener of this.#messages) listener(message);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#messages.push(listener);
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
export function channelPair(): readonly [Channel, Channel] {
  const a = new End();
  const b = new End();
  a.other = b;
  b.other = a;
  return [a, b];
}
