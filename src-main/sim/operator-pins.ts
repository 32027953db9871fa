import type { BoardDescriptor } from '../board/board.ts';

/** What the operator pins of a board say (docs/adr/0002-pins.md): is a window open, and how many boundaries passed in it. */
export class OperatorPins {
  readonly #pins: BoardDescriptor['pins'];
  #gray = 0;
  inWindow = false;
  /** Boundaries since the window opened; counts on through its inferences. */
  counter = 0;

  constructor(pins: BoardDescriptor['pins']) {
    this.#pins = pins;
  }

  /** New levels of the GPIOs, bit n = GPIO n. The Gray code on three pins steps by one for each boundary. */
  update(levels: number): void {
    const inWindow = ((levels >>> this.#pins.window.gpio) & 1) === 1;
    let code = 0;
    for (let n = 0; n < this.#pins.operator.length; n++)
      code |= ((levels >>> this.#pins.operator[n]!.gpio) & 1) << n;
    const gray = code ^ (code >> 1) ^ (code >> 2);
    if (inWindow && !this.inWindow) this.counter = gray;
    else this.counter += (gray - this.#gray) & 7;
    this.inWindow = inWindow;
    this.#gray = gray;
  }
}
