/** A voltage as a function of time: V at virtual µs. Called once a conversion, with times that do not go back. */
export type AnalogueSource = (timeUs: number) => number;

/** RP2040 data sheet 4.9.4. */
const DIODE_V_AT_27_C = 0.706;
const DIODE_V_PER_K = -0.001721;

/** What hangs on the ADC's inputs; an input with nothing on it is at 0 V. */
export class AnalogueInputs {
  readonly #sources: (AnalogueSource | null)[] = [null, null, null, null];
  /** Of the die, °C. */
  temperatureC = 27;

  /** `input` 0–3 is GPIO26–29; null takes the source away. */
  attach(input: number, source: AnalogueSource | null): void {
    this.#sources[input] = source;
  }

  voltage(input: number, timeUs: number): number {
    if (input === 4) return DIODE_V_AT_27_C + DIODE_V_PER_K * (this.temperatureC - 27);
    return this.#sources[input]?.(timeUs) ?? 0;
  }
}
