import type { Clock } from '../base/clock.ts';

/** Wall seconds to the end, from what the steps of this process have taken so far. */
export class Eta {
  readonly #stopwatch: Clock;
  readonly #startUs: number;
  readonly #guessS: number | null;
  #done = 0;

  /** `guessS`: seconds a step before the first one is done, null where nobody knows (virtual time runs as it can). */
  constructor(stopwatch: Clock, guessS: number | null) {
    this.#stopwatch = stopwatch;
    this.#startUs = stopwatch.nowUs();
    this.#guessS = guessS;
  }

  stepDone(): void {
    this.#done++;
  }

  leftS(remaining: number): number | null {
    if (remaining === 0) return 0;
    if (this.#done === 0) return this.#guessS === null ? null : this.#guessS * remaining;
    return ((this.#stopwatch.nowUs() - this.#startUs) / 1e6 / this.#done) * remaining;
  }
}
