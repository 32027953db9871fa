export interface BucketSize {
  readonly perSecond: number;
  readonly burst: number;
}

/** A rate limit: `burst` at once, `perSecond` for ever. */
export class TokenBucket {
  readonly #size: BucketSize;
  readonly #nowMs: () => number;
  #tokens: number;
  #filledMs: number;

  constructor(size: BucketSize, nowMs: () => number) {
    this.#size = size;
    this.#nowMs = nowMs;
    this.#tokens = size.burst;
    this.#filledMs = nowMs();
  }

  /** False when there are not so many left; nothing is taken then. */
  take(count: number): boolean {
    const now = this.#nowMs();
    const { perSecond, burst } = this.#size;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledMs) / 1000) * perSecond);
    this.#filledMs = now;
    if (count > this.#tokens) return false;
    this.#tokens -= count;
    return true;
  }
}
