/** Behind what was last read, as a share of the time between two looks: so a picture never waits for samples. */
const BEHIND = 1.3;

/** Ten seconds of them. */
const RATE_LOOKS = 40;

/**
 * The end of a growing trace as it is shown. What can be read grows in steps; the picture goes on evenly behind it, and
 * never beyond what is there.
 */
export class FollowClock {
  #length = 0;
  #atMs = 0;
  #rate = 0;
  #betweenMs = 250;
  #shown = 0;
  #shownMs = 0;
  /** Looks of the last seconds, for a rate that is calm enough to read. */
  readonly #looks: { readonly atMs: number; readonly length: number }[] = [];

  /** The trace was found to be so long. */
  grew(length: number, nowMs: number): void {
    if (length <= this.#length) return;
    if (this.#length > 0) {
      const elapsed = Math.max(1, nowMs - this.#atMs);
      const rate = (length - this.#length) / elapsed;
      this.#rate = this.#rate === 0 ? rate : this.#rate + 0.3 * (rate - this.#rate);
      this.#betweenMs += 0.3 * (Math.min(2000, elapsed) - this.#betweenMs);
    } else {
      this.#shown = length;
      this.#shownMs = nowMs;
    }
    this.#length = length;
    this.#atMs = nowMs;
    this.#looks.push({ atMs: nowMs, length });
    if (this.#looks.length > RATE_LOOKS) this.#looks.shift();
  }

  /** Samples a ms over the last looks. */
  get longRate(): number {
    const first = this.#looks[0];
    const last = this.#looks.at(-1);
    return first && last && last.atMs > first.atMs
      ? (last.length - first.length) / (last.atMs - first.atMs)
      : 0;
  }

  /** Samples a ms at which it grows. */
  get rate(): number {
    return this.#rate;
  }

  /** The end to show now. Never goes back. */
  end(nowMs: number): number {
    const elapsed = Math.max(0, nowMs - this.#shownMs);
    this.#shownMs = nowMs;
    const wanted = this.#length + this.#rate * (nowMs - this.#atMs - BEHIND * this.#betweenMs);
    // towards where it should be within a second or so, on top of the even pace
    const correction = (wanted - this.#rate * elapsed - this.#shown) * Math.min(1, elapsed / 600);
    const next = this.#shown + this.#rate * elapsed + correction;
    this.#shown = Math.min(this.#length, Math.max(this.#shown, next));
    return this.#shown;
  }

  /** Nothing comes any more: the whole trace can be shown. */
  finish(length: number): void {
    this.#length = length;
    this.#shown = length;
    this.#rate = 0;
  }
}
