/**
 * Cuts a current into sample periods and gives the exact mean of each, with the logic levels in the middle of it. For
 * twins that sample slowly; the PPK2's has its own, faster one.
 */
export class PeriodMeans {
  readonly #periodUs: number;
  readonly #emit: (meanA: number, logic: number) => void;
  #fromUs: number;
  #startUs: number;
  #chargeAUs = 0;
  #middleLogic = 0;

  /** The first period begins at `startUs`. */
  constructor(periodUs: number, startUs: number, emit: (meanA: number, logic: number) => void) {
    this.#periodUs = periodUs;
    this.#emit = emit;
    this.#fromUs = startUs;
    this.#startUs = startUs;
  }

  /** This current and these levels held since the last call, until `toUs`. */
  hold(currentA: number, logic: number, toUs: number): void {
    while (this.#fromUs < toUs) {
      const middleUs = this.#startUs + this.#periodUs / 2;
      const endUs = this.#startUs + this.#periodUs;
      if (this.#fromUs <= middleUs && toUs > middleUs) this.#middleLogic = logic;
      const untilUs = Math.min(endUs, toUs);
      this.#chargeAUs += currentA * (untilUs - this.#fromUs);
      this.#fromUs = untilUs;
      if (untilUs < endUs) return;
      const mean = this.#chargeAUs / this.#periodUs;
      this.#chargeAUs = 0;
      this.#startUs = endUs;
      this.#emit(mean, this.#middleLogic);
    }
  }
}
