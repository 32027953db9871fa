const EVERY_MS = 5000;

/** Says the newest text, at most every five seconds: a live region that is told more often is noise. */
export class Announcer {
  readonly #say: (text: string) => void;
  #waiting: string | null = null;
  #last = '';
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  announce(text: string): void {
    if (text === '' || text === this.#last) {
      this.#waiting = null;
      return;
    }
    if (this.#timer !== null) {
      this.#waiting = text;
      return;
    }
    this.#last = text;
    this.#say(text);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const next = this.#waiting;
      this.#waiting = null;
      if (next !== null) this.announce(next);
    }, EVERY_MS);
  }
}
