/** PADS_BANK0 and PADS_QSPI: RP2040 data sheet 2.19.6. */
import type { RegisterBlock } from '../chip.ts';

export const PAD_OD = 1 << 7;
export const PAD_IE = 1 << 6;
export const PAD_PUE = 1 << 3;
export const PAD_PDE = 1 << 2;

export class Pads implements RegisterBlock {
  readonly #defaults: readonly number[];
  readonly #changed: (n: number) => void;
  readonly #pads: Uint8Array;
  #voltage = 0;

  /** `defaults`: reset value of each pad register from offset 4 on. `changed` gets the pad's number. */
  constructor(defaults: readonly number[], changed: (n: number) => void) {
    this.#defaults = defaults;
    this.#changed = changed;
    this.#pads = Uint8Array.from(defaults);
  }

  pad(n: number): number {
    return this.#pads[n]!;
  }

  setPad(n: number, value: number): void {
    this.#pads[n] = value;
    this.#changed(n);
  }

  read(offset: number): number | undefined {
    return offset === 0 ? this.#voltage : this.#pads[(offset >> 2) - 1];
  }

  write(offset: number, value: number): boolean {
    const n = (offset >> 2) - 1;
    if (n >= this.#pads.length) return false;
    if (n < 0) this.#voltage = value & 1;
    else {
      this.#pads[n] = value & 0xff;
      this.#changed(n);
    }
    return true;
  }

  reset(): void {
    this.#pads.set(this.#defaults);
    this.#voltage = 0;
    for (let n = 0; n < this.#pads.length; n++) this.#changed(n);
  }
}

/** 30 GPIOs, then SWCLK and SWD. */
export const BANK0_DEFAULTS = [...Array<number>(30).fill(0x56), 0xda, 0x5a];
/** SCLK, SD0–3, SS. */
export const QSPI_DEFAULTS = [0x56, 0x52, 0x52, 0x52, 0x52, 0x5a];
