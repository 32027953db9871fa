/**
 * ROSC: RP2040 data sheet 2.17. Runs from power-on at about 6.5 MHz (1.8 to 11.3 over parts, voltage and
 * temperature; the model always takes 6.5). FREQA/FREQB drive strengths and PHASE are stored and change nothing; DORMANT
 * and COUNT (RP2040-E7) are named.
 */
import { Rng } from '../../../base/rng.ts';
import type { RegisterBlock } from '../chip.ts';
import { frequency, scaled, type Frequency } from '../frequency.ts';

export const ROSC_HZ = 6_500_000;
const DISABLE = 0xd1e;
const ENABLE = 0xfab;
const DEFAULT_DIVIDER = 16;

export class Rosc implements RegisterBlock {
  readonly #changed: () => void;
  #control = (ENABLE << 12) | 0xaa0;
  #frequencies = [0, 0];
  #divider = 0xaa0 + DEFAULT_DIVIDER;
  #phase = 8;
  readonly #random: Rng;

  constructor(changed: () => void, seed = 0) {
    this.#changed = changed;
    this.#random = new Rng(seed);
  }

  get output(): Frequency | null {
    if (!this.#running) return null;
    const divider = this.#divider - 0xaa0;
    return scaled(frequency(ROSC_HZ), DEFAULT_DIVIDER, divider >= 1 && divider <= 31 ? divider : 32);
  }

  get #running(): boolean {
    return this.#control >>> 12 !== DISABLE;
  }

  read(offset: number): number | undefined {
    if (offset === 0x0) return this.#control;
    if (offset === 0x4 || offset === 0x8) return this.#frequencies[(offset >> 2) - 1];
    if (offset === 0x10) return this.#divider;
    if (offset === 0x14) return this.#phase;
    // RANDOMBIT: 1 while the oscillator stands (2.17.8)
    if (offset === 0x1c) return this.#running ? this.#random.u32() & 1 : 1;
    // STABLE, DIV_RUNNING, ENABLED
    if (offset === 0x18) return this.#running ? ((1 << 31) | (1 << 16) | (1 << 12)) >>> 0 : 0;
    return undefined;
  }

  write(offset: number, value: number): boolean {
    if (offset === 0x0) this.#control = value & 0xff_ffff;
    else if (offset === 0x4 || offset === 0x8) this.#frequencies[(offset >> 2) - 1] = value;
    else if (offset === 0x10) this.#divider = value & 0xfff;
    else if (offset === 0x14) this.#phase = value & 0xfff;
    else if (offset === 0x18)
      return true; // BADWRITE is never set here
    else return false;
    this.#changed();
    return true;
  }

  reset(): void {
    this.#control = (ENABLE << 12) | 0xaa0;
    this.#frequencies = [0, 0];
    this.#divider = 0xaa0 + DEFAULT_DIVIDER;
    this.#phase = 8;
  }
}
