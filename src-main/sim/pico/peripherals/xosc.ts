/** XOSC: RP2040 data sheet 2.16. The Pico's crystal is 12 MHz. */
import type { Chip, RegisterBlock } from '../chip.ts';
import type { EventSlot } from '../events.ts';
import { frequency, type Frequency } from '../frequency.ts';

export const CRYSTAL_HZ = 12_000_000;
const ENABLE = 0xfab;
const DISABLE = 0xd1e;
const RANGE_1_15_MHZ = 0xaa0;

export class Xosc implements RegisterBlock {
  readonly #chip: Chip;
  readonly #changed: () => void;
  readonly #stableAt: EventSlot;
  #control = 0;
  #startup = 0x00c4;
  #enabled = false;
  #stable = false;
  #badWrite = false;

  constructor(chip: Chip, changed: () => void) {
    this.#chip = chip;
    this.#changed = changed;
    this.#stableAt = chip.events.slot(() => {
      this.#stable = true;
      this.#changed();
    });
  }

  /** The output other blocks may use: null until STABLE. */
  get output(): Frequency | null {
    return this.#stable ? frequency(CRYSTAL_HZ) : null;
  }

  read(offset: number): number | undefined {
    if (offset === 0x0) return this.#control;
    if (offset === 0x4)
      return (
        ((this.#stable ? 1 << 31 : 0) | (this.#badWrite ? 1 << 24 : 0) | (this.#enabled ? 1 << 12 : 0)) >>> 0
      );
    return offset === 0xc ? this.#startup : undefined;
  }

  write(offset: number, value: number): boolean {
    if (offset === 0x0) this.#writeControl(value & 0xff_ffff);
    else if (offset === 0x4) this.#badWrite &&= (value & (1 << 24)) === 0;
    else if (offset === 0xc) this.#startup = value & 0x10_3fff;
    else return false;
    return true;
  }

  reset(): void {
    this.#stableAt.clear();
    this.#control = 0;
    this.#startup = 0x00c4;
    this.#enabled = this.#stable = this.#badWrite = false;
  }

  #writeControl(value: number): void {
    this.#control = value;
    const enable = value >>> 12;
    const range = value & 0xfff;
    if (range !== RANGE_1_15_MHZ || (enable !== ENABLE && enable !== DISABLE)) this.#badWrite = true;
    if (enable === ENABLE && !this.#enabled) {
      this.#enabled = true;
      // 2.16.3: STARTUP.DELAY counts 256 crystal cycles, four times as many with X4
      const crystalCycles = (this.#startup & 0x3fff) * 256 * (this.#startup & (1 << 20) ? 4 : 1);
      const timeline = this.#chip.timeline;
      const us = timeline.usAt(this.#chip.now()) + (crystalCycles * 1e6) / CRYSTAL_HZ;
      this.#stableAt.atUs(us);
    } else if (enable === DISABLE && this.#enabled) {
      this.#enabled = this.#stable = false;
      this.#stableAt.clear();
      this.#changed();
    }
  }
}
