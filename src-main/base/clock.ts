/**
 * Time as the measuring code sees it. Everything that measures takes a Clock by constructor; nothing in the
 * core reads the computer's clock by itself. All times are µs since the clock's own origin, as doubles
 * (2^53 µs = 285 years; the simulated world's resolution is finer and kept in cycles on its side).
 */
export interface Clock {
  /** `virtual` clocks stand still while the product computes and move only while it awaits. */
  readonly kind: 'wall' | 'virtual';
  nowUs(): number;
  /** Resolves at or after `deadlineUs`. Resolves early, without error, when the signal aborts. */
  sleepUntilUs(deadlineUs: number, signal?: AbortSignal): Promise<void>;
}

/** The computer's monotonic clock. */
export class WallClock implements Clock {
  readonly kind = 'wall' as const;
  readonly #originMs = performance.now();

  nowUs(): number {
    return (performance.now() - this.#originMs) * 1000;
  }

  sleepUntilUs(deadlineUs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wait = () => {
        const leftMs = (deadlineUs - this.nowUs()) / 1000;
        if (leftMs <= 0 || signal?.aborted) {
          signal?.removeEventListener('abort', onAbort);
          resolve();
          return;
        }
        // setTimeout takes at most 2^31−1 ms
        timer = setTimeout(wait, Math.min(leftMs, 2_000_000_000));
      };
      let timer: ReturnType<typeof setTimeout> | undefined;
      const onAbort = () => {
        clearTimeout(timer);
        resolve();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      wait();
    });
  }
}

/** A clock that a test moves by hand. Sleepers wake in order of their deadlines. */
export class ManualClock implements Clock {
  readonly kind = 'virtual' as const;
  #nowUs = 0;
  #sleepers: { deadlineUs: number; wake: () => void }[] = [];

  nowUs(): number {
    return this.#nowUs;
  }

  sleepUntilUs(deadlineUs: number, signal?: AbortSignal): Promise<void> {
    if (deadlineUs <= this.#nowUs || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { deadlineUs, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener(
        'abort',
        () => {
          this.#sleepers = this.#sleepers.filter((s) => s !== sleeper);
          resolve();
        },
        { once: true },
      );
    });
  }

  /** When the next sleeper wakes; `Infinity` when nobody sleeps. For whatever drives this clock. */
  nextDeadlineUs(): number {
    return this.#sleepers.reduce((least, s) => Math.min(least, s.deadlineUs), Infinity);
  }

  async advanceTo(us: number): Promise<void> {
    for (;;) {
      this.#sleepers.sort((a, b) => a.deadlineUs - b.deadlineUs);
      const first = this.#sleepers[0];
      if (!first || first.deadlineUs > us) break;
      this.#sleepers.shift();
      this.#nowUs = first.deadlineUs;
      first.wake();
      await Promise.resolve();
    }
    this.#nowUs = Math.max(this.#nowUs, us);
  }
}
