import type { Clock } from '../base/clock.ts';

/** A stream that pauses so long is marked: the host or the monitor stood still. */
const MARK_US = 1_000_000;
/** And after so long it is given up. */
const GIVE_UP_US = 5_000_000;
const LOOK_US = 500_000;

/**
 * Watches a stream for pauses. On the wall clock a read wakes up now and then to see that nothing comes; in virtual
 * time a recorder must not move time (its reads are passive), and only what comes late is seen.
 */
export class SilenceWatch {
  readonly #clock: Clock;
  #heardUs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#heardUs = clock.nowUs();
  }

  /** For the next passive read. */
  get deadlineUs(): number {
    return this.#clock.kind === 'wall' ? this.#clock.nowUs() + LOOK_US : Infinity;
  }

  /** Bytes came: how long nothing had, ms, where that is worth a mark; else null. */
  heard(): number | null {
    const now = this.#clock.nowUs();
    const pauseUs = now - this.#heardUs;
    this.#heardUs = now;
    return pauseUs >= MARK_US ? Math.round(pauseUs / 1000) : null;
  }

  /** Nothing came: seconds of silence once it has lasted too long; else null. */
  missed(): number | null {
    const silentUs = this.#clock.nowUs() - this.#heardUs;
    return this.#clock.kind === 'wall' && silentUs >= GIVE_UP_US ? silentUs / 1e6 : null;
  }
}
