/**
 * IO_BANK0: RP2040 data sheet 2.19. Routes SIO and UART to the pads and back; other functions may be selected but
 * drive nothing. The two cycles of the input synchroniser are not modelled.
 */
import type { Chip, RegisterBlock } from '../chip.ts';
import { PAD_IE, PAD_OD, PAD_PDE, PAD_PUE, type Pads } from './pads.ts';

export const FUNCTION_UART = 2;
export const FUNCTION_SIO = 5;
const PIN_COUNT = 30;
const IO_IRQ_BANK0 = 13;

export interface IoWiring {
  readonly pads: () => Pads;
  readonly sioOut: () => number;
  readonly sioEnable: () => number;
  readonly changed: () => void;
}

export class IoBank0 implements RegisterBlock {
  readonly #chip: Chip;
  readonly #wiring: IoWiring;
  readonly #control = new Uint32Array(PIN_COUNT);
  /** Levels put on the pins from outside, and which of them are driven. */
  #external = 0;
  #driven = 0;
  #levels = 0;
  readonly #edges = new Uint32Array(4);
  readonly #enable = new Uint32Array(4);
  readonly #force = new Uint32Array(4);

  constructor(chip: Chip, wiring: IoWiring) {
    this.#chip = chip;
    this.#wiring = wiring;
    this.#control.fill(0x1f);
  }

  functionOf(pin: number): number {
    return this.#control[pin]! & 0x1f;
  }

  /** Levels of GPIO0–29 as the outside sees them. */
  get levels(): number {
    return this.#levels;
  }

  /** What the input path delivers: 0 where the pad's IE is off. */
  get inputs(): number {
    let enabled = 0;
    for (let pin = 0; pin < PIN_COUNT; pin++) if (this.#wiring.pads().pad(pin) & PAD_IE) enabled |= 1 << pin;
    return this.#levels & enabled;
  }

  /** The world drives a pin, or lets it go (null). */
  drive(pin: number, level: boolean | null): void {
    const bit = 1 << pin;
    this.#driven = level === null ? this.#driven & ~bit : this.#driven | bit;
    this.#external = level ? this.#external | bit : this.#external & ~bit;
    this.update();
  }

  /** Recomputes all pins after outputs, pads or functions changed. */
  update(): void {
    const before = this.#levels;
    let levels = 0;
    for (let pin = 0; pin < PIN_COUNT; pin++) if (this.#level(pin)) levels |= 1 << pin;
    this.#levels = levels;
    if (levels === before) return;
    for (let pin = 0; pin < PIN_COUNT; pin++) {
      if (!(((levels ^ before) >> pin) & 1)) continue;
      this.#edges[pin >> 3]! |= ((levels >> pin) & 1 ? 8 : 4) << (4 * (pin & 7));
    }
    this.#interrupt();
    this.#wiring.changed();
  }

  read(offset: number): number | undefined {
    if (offset < 0xf0) return offset & 4 ? this.#control[offset >> 3] : this.#status(offset >> 3);
    const word = (offset >> 2) & 3;
    if (offset <= 0xfc) return this.#raw(word);
    if (offset >= 0x100 && offset < 0x110) return this.#enable[word];
    if (offset >= 0x110 && offset < 0x120) return this.#force[word];
    if (offset >= 0x120 && offset < 0x130)
      return ((this.#raw(word) & this.#enable[word]!) | this.#force[word]!) >>> 0;
    return undefined;
  }

  write(offset: number, value: number): boolean {
    const word = (offset >> 2) & 3;
    if (offset < 0xf0 && offset & 4) {
      this.#control[offset >> 3] = value & 0x3003_331f;
      this.update();
      this.#wiring.changed();
    } else if (offset >= 0xf0 && offset <= 0xfc) this.#edges[word]! &= ~value;
    else if (offset >= 0x100 && offset < 0x110) this.#enable[word] = value;
    else if (offset >= 0x110 && offset < 0x120) this.#force[word] = value;
    else return false;
    this.#interrupt();
    return true;
  }

  reset(): void {
    this.#control.fill(0x1f);
    this.#edges.fill(0);
    this.#enable.fill(0);
    this.#force.fill(0);
    this.update();
    this.#interrupt();
    this.#wiring.changed();
  }

  /** Output enable and level after the overrides, from what the selected function asks for. */
  #output(pin: number): { level: boolean; enabled: boolean } {
    const control = this.#control[pin]!;
    const select = control & 0x1f;
    let level = select === FUNCTION_SIO && ((this.#wiring.sioOut() >> pin) & 1) === 1;
    let enabled = select === FUNCTION_SIO && ((this.#wiring.sioEnable() >> pin) & 1) === 1;
    // A UART's TX idles high; its bits travel over the serial line model, not over pin edges
    if (select === FUNCTION_UART && (pin & 3) === 0) level = enabled = true;
    level = overridden(level, (control >> 8) & 3);
    enabled = overridden(enabled, (control >> 12) & 3);
    if (this.#wiring.pads().pad(pin) & PAD_OD) enabled = false;
    return { level, enabled };
  }

  #level(pin: number): boolean {
    const { level, enabled } = this.#output(pin);
    if (enabled) return level;
    if ((this.#driven >> pin) & 1) return ((this.#external >> pin) & 1) === 1;
    const pad = this.#wiring.pads().pad(pin);
    // Bus keeper (both pulls on) holds the last level
    if ((pad & (PAD_PUE | PAD_PDE)) === (PAD_PUE | PAD_PDE)) return ((this.#levels >> pin) & 1) === 1;
    return (pad & PAD_PUE) !== 0;
  }

  #status(pin: number): number {
    const { level, enabled } = this.#output(pin);
    const input = (this.#levels >> pin) & 1;
    return ((level ? 3 << 8 : 0) | (enabled ? 3 << 12 : 0) | (input ? (1 << 17) | (1 << 19) : 0)) >>> 0;
  }

  #raw(word: number): number {
    let raw = this.#edges[word]!;
    for (let i = 0; i < 8 && word * 8 + i < PIN_COUNT; i++)
      raw |= ((this.#levels >> (word * 8 + i)) & 1 ? 2 : 1) << (4 * i);
    return raw >>> 0;
  }

  #interrupt(): void {
    let any = 0;
    for (let word = 0; word < 4; word++) any |= (this.#raw(word) & this.#enable[word]!) | this.#force[word]!;
    this.#chip.setInterrupt(IO_IRQ_BANK0, any !== 0);
  }
}

/** Override fields: 0 as it is, 1 inverted, 2 low (disabled), 3 high (enabled). */
function overridden(value: boolean, override: number): boolean {
  if (override === 0) return value;
  return override === 1 ? !value : override === 3;
}
