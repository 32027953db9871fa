/**
 * The SIO's integer divider: RP2040 data sheet 2.3.1.5. A result is valid 8 cycles after the last operand was
 * written; the core is not stalled, so reading earlier is a mistake and stops the emulation.
 */
import type { Chip } from '../chip.ts';

const LATENCY_CYCLES = 8;

export class Divider {
  readonly #chip: Chip;
  #dividend = 0;
  #divisor = 0;
  #quotient = 0;
  #remainder = 0;
  #readyAt = 0;
  #dirty = false;

  constructor(chip: Chip) {
    this.#chip = chip;
  }

  read(offset: number): number {
    switch (offset) {
      case 0x60:
      case 0x68:
        return this.#dividend;
      case 0x64:
      case 0x6c:
        return this.#divisor;
      case 0x70:
        this.#checkReady();
        this.#dirty = false;
        return this.#quotient;
      case 0x74:
        this.#checkReady();
        return this.#remainder;
      default:
        return (this.#dirty ? 2 : 0) | (this.#ready() ? 1 : 0);
    }
  }

  write(offset: number, value: number): void {
    if (offset === 0x70 || offset === 0x74) {
      if (offset === 0x70) this.#quotient = value;
      else this.#remainder = value;
      this.#readyAt = 0;
      this.#dirty = true;
      return;
    }
    if (offset === 0x60 || offset === 0x68) this.#dividend = value;
    else if (offset === 0x64 || offset === 0x6c) this.#divisor = value;
    else return;
    this.#calculate(offset >= 0x68);
    // The write itself takes effect at the end of its cycle
    this.#readyAt = this.#chip.now() + 1 + LATENCY_CYCLES;
    this.#dirty = true;
  }

  reset(): void {
    this.#dividend = this.#divisor = this.#quotient = this.#remainder = this.#readyAt = 0;
    this.#dirty = false;
  }

  #ready(): boolean {
    return this.#chip.now() >= this.#readyAt;
  }

  #checkReady(): void {
    if (this.#ready()) return;
    this.#chip.stop(
      'sim.fault.divider-not-ready',
      { cyclesEarly: this.#readyAt - this.#chip.now() },
      'A divider result was read before its 8 cycles were over; on silicon it is undefined.',
      'Wait 8 cycles after the last operand or poll CSR.READY.',
    );
  }

  #calculate(signed: boolean): void {
    const [p, q] = signed ? [this.#dividend | 0, this.#divisor | 0] : [this.#dividend, this.#divisor];
    if (q === 0) {
      // Not in the data sheet: what the vendor's own divider test expects
      this.#quotient = signed && p < 0 ? 1 : 0xffff_ffff;
      this.#remainder = p >>> 0;
      return;
    }
    this.#quotient = Math.trunc(p / q) >>> 0;
    this.#remainder = (p % q) >>> 0;
  }
}
