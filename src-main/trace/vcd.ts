/**
 * Value change dump (IEEE 1364-2005, clause 18): digital levels over time as logic analysers and wave viewers read them.
 * One wire a pin, 1 ns resolution. Text comes back in pieces, to be written in order.
 */
export class VcdWriter {
  readonly #pins: readonly number[];
  #levels: number | null = null;
  #timeNs = -1;

  /** `pins`: GPIO numbers, each one wire named GPIOn. */
  constructor(pins: readonly number[]) {
    this.#pins = pins;
  }

  /** The declarations. */
  header(): string {
    const wires = this.#pins.map((pin, i) => `$var wire 1 ${identifier(i)} GPIO${pin} $end`);
    return ['$timescale 1 ns $end', '$scope module pico $end', ...wires, '$upscope $end', '$enddefinitions $end', '']
      .join('\n'); // prettier-ignore
  }

  /** Levels (bit n = GPIO n) from `timeUs` on; times never go back. '' when nothing changed. */
  change(timeUs: number, levels: number): string {
    const first = this.#levels === null;
    const changed = (pin: number) => first || ((levels ^ this.#levels!) >>> pin) & 1;
    const values = this.#pins.flatMap((pin, i) =>
      changed(pin) ? [`${(levels >>> pin) & 1}${identifier(i)}`] : [],
    );
    this.#levels = levels;
    if (values.length === 0) return '';
    const timeNs = Math.max(this.#timeNs, Math.round(timeUs * 1000));
    const stamp = timeNs === this.#timeNs ? [] : [`#${timeNs}`];
    this.#timeNs = timeNs;
    return [...stamp, ...(first ? ['$dumpvars', ...values, '$end'] : values), ''].join('\n');
  }

  /** The last time stamp: how long the last levels held. */
  end(timeUs: number): string {
    const timeNs = Math.round(timeUs * 1000);
    return timeNs > this.#timeNs ? `#${timeNs}\n` : '';
  }
}

/** Printable characters from `!` on: 94 wires with one character, which is more than a chip has pins. */
function identifier(n: number): string {
  return String.fromCharCode(33 + n);
}
