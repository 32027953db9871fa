/** SIO: RP2040 data sheet 2.3.1, core 0's view. The mailbox to core 1 and the interpolators are not modelled. */
import type { Chip, RegisterBlock } from '../chip.ts';
import { Divider } from './divider.ts';

const PINS = 0x3fff_ffff;

export interface SioWiring {
  /** Levels of GPIO0–29 as the input path sees them. */
  readonly inputs: () => number;
  /** Levels of the flash's pins: SCLK, SS, SD0–3. */
  readonly qspiInputs?: () => number;
  readonly outputsChanged: () => void;
}

export class Sio implements RegisterBlock {
  readonly #wiring: SioWiring;
  readonly #divider: Divider;
  #out = 0;
  #enable = 0;
  #locks = 0;

  constructor(chip: Chip, wiring: SioWiring) {
    this.#wiring = wiring;
    this.#divider = new Divider(chip);
  }

  get out(): number {
    return this.#out;
  }

  get outputEnable(): number {
    return this.#enable;
  }

  read(offset: number): number | undefined {
    if (offset >= 0x60 && offset <= 0x78) return this.#divider.read(offset);
    if (offset >= 0x100 && offset <= 0x17c) return this.#claim((offset - 0x100) >> 2);
    switch (offset) {
      case 0x00:
        return 0; // core 0
      case 0x04:
        return this.#wiring.inputs();
      case 0x08:
        return this.#wiring.qspiInputs?.() ?? 0x3e;
      case 0x10:
        return this.#out;
      case 0x20:
        return this.#enable;
      case 0x50:
        return 2; // FIFO_ST: nothing received, room to send
      case 0x5c:
        return this.#locks >>> 0;
      default:
        return undefined;
    }
  }

  write(offset: number, value: number): boolean {
    if (offset >= 0x60 && offset <= 0x74) {
      this.#divider.write(offset, value);
      return true;
    }
    if (offset >= 0x100 && offset <= 0x17c) {
      this.#locks &= ~(1 << ((offset - 0x100) >> 2));
      return true;
    }
    if (offset === 0x50) return true;
    if (offset >= 0x10 && offset <= 0x1c) this.#out = modified(this.#out, value & PINS, offset - 0x10);
    else if (offset >= 0x20 && offset <= 0x2c)
      this.#enable = modified(this.#enable, value & PINS, offset - 0x20);
    else return false;
    this.#wiring.outputsChanged();
    return true;
  }

  reset(): void {
    this.#out = this.#enable = this.#locks = 0;
    this.#divider.reset();
  }

  #claim(lock: number): number {
    const bit = (1 << lock) >>> 0;
    if (((this.#locks >>> lock) & 1) === 1) return 0;
    this.#locks |= bit;
    return bit;
  }
}

/** Plain, set, clear and toggle registers lie side by side. */
function modified(was: number, value: number, offset: number): number {
  if (offset === 0) return value;
  if (offset === 4) return was | value;
  return offset === 8 ? was & ~value : was ^ value;
}
