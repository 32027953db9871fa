/**
 * Numbered pulses of the DUT's timestamp pin → level of a window: each pair of pulses bounds one. Pulses are told apart
 * only by their order, so after a lost one, and before the first `arm`, none opens a window.
 */
export class WindowEvents {
  #last = -1;
  #armed = true;
  /** 1 between the two pulses of a window. */
  level: 0 | 1 = 0;

  /** Whatever came before, the next pulse opens a window. */
  arm(): void {
    this.#armed = true;
    this.level = 0;
  }

  /** A pulse. False when numbers were left out before it. */
  event(number: number): boolean {
    const follows = this.#last < 0 || number === this.#last + 1;
    this.#last = number;
    if (!follows) {
      this.level = 0;
      this.#armed = false;
    } else if (this.#armed) this.level = this.level === 0 ? 1 : 0;
    return follows;
  }
}
