/**
 * IO_BANK0: RP2040 data sheet 2.19. Routes SIO and UART to the pads and back; other functions may be selected but
 * drive nothing. The two cycles of the input synchroniser are not modelled.
 */
import type { Chip, RegisterBlock } from '../chip.ts';
import { PAD_IE, PAD_OD, PAD_PDE, PAD_PUE, type Pads } from './pads.ts';

export const FUNCTION_UART = 2;
export const FUNCTION_SIO = 5;
const PIN_COUNT = 30;
const ALL_PINS = 0x3fff_ffff;
const IO_IRQ_BANK0 = 13;
/** Of eight pins' levels: bit 0 (LEVEL_LOW) or bit 1 (LEVEL_HIGH) of each pin's nibble. */
const LEVEL_BITS = Uint32Array.from({ length: 256 }, (_, pins) => {
  let bits = 0;
  for (let i = 0; i < 8; i++) bits |= ((pins >> i) & 1 ? 2 : 1) << (4 * i);
  return bits;
});

export interface IoWiring {
  readonly pads: () => Pads;
  readonly sioOut: () => number;
  readonly sioEnable: () => number;
  readonly changed: () => void;
}

export class IoBank0 implements RegisterBlock {
  readonly #chip: Chip;
  readonly #wiring: IoWiring;
  readonly #control = new Uint32Array(PIN_COUNT).fill(0x1f);
  // What controls and pads say, as one bit a pin, so that an output changes all pins in a few operations
  #bySio = 0;
  /** A UART's TX idles high; its bits travel over the serial line model, not over pin edges. */
  #byUart = 0;
  readonly #outOverride = new Override();
  readonly #enableOverride = new Override();
  #outputDisabled = 0;
  #inputEnabled = 0;
  #pulledUp = 0;
  #pulledDown = 0;
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
    this.#controlsChanged();
    for (let pin = 0; pin < PIN_COUNT; pin++) this.#readPad(pin);
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
    return this.#levels & this.#inputEnabled;
  }

  /** The world drives a pin, or lets it go (null). */
  drive(pin: number, level: boolean | null): void {
    const bit = 1 << pin;
    this.#driven = level === null ? this.#driven & ~bit : this.#driven | bit;
    this.#external = level ? this.#external | bit : this.#external & ~bit;
    this.update();
  }

  /** Recomputes all pins after SIO's outputs changed. Nothing allocated: firmware may toggle pins in a tight loop. */
  update(): void {
    const before = this.#levels;
    const enabled = this.#outputEnabled();
    const undriven = ~(enabled | this.#driven);
    // Bus keeper (both pulls on) holds the last level
    const pulled = this.#pulledUp & (~this.#pulledDown | before);
    const levels =
      ((this.#output() & enabled) | (this.#external & this.#driven & ~enabled) | (pulled & undriven)) &
      ALL_PINS;
    if (levels === before) return;
    this.#levels = levels;
    for (let changed = levels ^ before; changed !== 0; changed &= changed - 1) {
      const pin = 31 - Math.clz32(changed & -changed);
      this.#edges[pin >> 3]! |= ((levels >> pin) & 1 ? 8 : 4) << (4 * (pin & 7));
    }
    this.#interrupt();
    this.#wiring.changed();
  }

  /** A pad's register changed; pads above GPIO29 are SWD's. */
  padChanged(pin: number): void {
    if (pin >= PIN_COUNT) return;
    this.#readPad(pin);
    this.update();
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
      this.#controlChanged(offset >> 3);
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
    this.#controlsChanged();
    this.update();
    this.#interrupt();
    this.#wiring.changed();
  }

  #controlsChanged(): void {
    for (let pin = 0; pin < PIN_COUNT; pin++) this.#controlChanged(pin);
  }

  #controlChanged(pin: number): void {
    const control = this.#control[pin]!;
    const select = control & 0x1f;
    this.#bySio = withBit(this.#bySio, pin, select === FUNCTION_SIO);
    this.#byUart = withBit(this.#byUart, pin, select === FUNCTION_UART && (pin & 3) === 0);
    this.#outOverride.set(pin, (control >> 8) & 3);
    this.#enableOverride.set(pin, (control >> 12) & 3);
  }

  #readPad(pin: number): void {
    const pad = this.#wiring.pads().pad(pin);
    this.#outputDisabled = withBit(this.#outputDisabled, pin, (pad & PAD_OD) !== 0);
    this.#inputEnabled = withBit(this.#inputEnabled, pin, (pad & PAD_IE) !== 0);
    this.#pulledUp = withBit(this.#pulledUp, pin, (pad & PAD_PUE) !== 0);
    this.#pulledDown = withBit(this.#pulledDown, pin, (pad & PAD_PDE) !== 0);
  }

  /** Levels after the overrides, from what the selected functions ask for. */
  #output(): number {
    return this.#outOverride.apply((this.#wiring.sioOut() & this.#bySio) | this.#byUart);
  }

  #outputEnabled(): number {
    const asked = (this.#wiring.sioEnable() & this.#bySio) | this.#byUart;
    return this.#enableOverride.apply(asked) & ~this.#outputDisabled;
  }

  #status(pin: number): number {
    const bit = (word: number): number => (word >> pin) & 1;
    return (
      (bit(this.#output()) * (3 << 8)) |
      (bit(this.#outputEnabled()) * (3 << 12)) |
      (bit(this.#levels) * ((1 << 17) | (1 << 19)))
    );
  }

  #raw(word: number): number {
    const pins = (this.#levels >>> (8 * word)) & 0xff;
    return (this.#edges[word]! | (LEVEL_BITS[pins]! & (word === 3 ? 0x00ff_ffff : 0xffff_ffff))) >>> 0;
  }

  #interrupt(): void {
    let any = 0;
    for (let word = 0; word < 4; word++) {
      const enable = this.#enable[word]!;
      any |= (enable === 0 ? 0 : this.#raw(word) & enable) | this.#force[word]!;
    }
    this.#chip.setInterrupt(IO_IRQ_BANK0, any !== 0);
  }
}

/** An override field for all pins: 0 as it is, 1 inverted, 2 low (disabled), 3 high (enabled). */
class Override {
  #inverted = 0;
  #low = 0;
  #high = 0;

  set(pin: number, field: number): void {
    this.#inverted = withBit(this.#inverted, pin, field === 1);
    this.#low = withBit(this.#low, pin, field === 2);
    this.#high = withBit(this.#high, pin, field === 3);
  }

  apply(word: number): number {
    return ((word ^ this.#inverted) & ~this.#low) | this.#high;
  }
}

function withBit(word: number, pin: number, on: boolean): number {
  return on ? word | (1 << pin) : word & ~(1 << pin);
}
