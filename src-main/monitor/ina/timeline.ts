/** How fast the place of a reading follows the sketch's loop, which never keeps its rate exactly. */
const FOLLOW = 0.1;

/** What to do with a reading: samples missing before it, and whether it has a place of its own. */
export interface Placed {
  readonly missing: number;
  readonly keep: boolean;
}

/**
 * Readings → sample periods of a timeline, by the time that the sketch prints with them. A slow drift is the sketch's own
 * rate and is followed; a jump of more than half a period and what whole milliseconds can hide is a loss.
 */
export class InaTimeline {
  readonly #rateHz: number;
  readonly #slack: number;
  #startMs = NaN;
  #count = 0;
  #lastMs = 0;

  constructor(rateHz: number) {
    this.#rateHz = rateHz;
    this.#slack = 0.55 + (0.5 * rateHz) / 1000;
  }

  place(ms: number): Placed {
    // a time that runs back: the sketch began anew, or its counter wrapped
    if (Number.isNaN(this.#startMs) || ms < this.#lastMs)
      this.#startMs = ms - (this.#count * 1000) / this.#rateHz;
    this.#lastMs = ms;
    const off = ((ms - this.#startMs) * this.#rateHz) / 1000 - this.#count;
    const missing = off >= this.#slack ? Math.round(off) : 0;
    // where the sketch is faster than its rate says, a reading falls into the period of the one before
    const keep = off > -this.#slack;
    this.#startMs += (FOLLOW * (off - missing) * 1000) / this.#rateHz;
    this.#count += missing + (keep ? 1 : 0);
    return { missing, keep };
  }
}
