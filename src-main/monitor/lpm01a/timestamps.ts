/** The device stamps its stream once in so many samples. */
export const STAMP_SAMPLES = 1000;
/** A longer step is no step: the number was read wrong, or the device was started anew. */
const LONGEST_STEPS = 100_000;

/** How many samples there must have been since the last stamp; `null` where the stamp makes no sense. */
export class TimestampCheck {
  readonly #rateHz: number;
  #lastMs = 0;

  constructor(rateHz: number) {
    this.#rateHz = rateHz;
  }

  /** The stream's time begins at 0 with its first sample. A multiple of 1000: the milliseconds alone are too coarse. */
  expected(ms: number, counted: number): number | null {
    const steps = Math.round(((ms - this.#lastMs) * this.#rateHz) / 1e3 / STAMP_SAMPLES);
    this.#lastMs = ms;
    if (steps === 0 && counted === 0) return 0;
    return steps >= 1 && steps <= LONGEST_STEPS ? steps * STAMP_SAMPLES : null;
  }
}
