/**
 * IO_BANK0: RP2040 data sheet 2.19. Routes SIO, UART and I2C to the pads and back; other functions may be selected but
 * drive nothing. Interrupts of core 0; those of core 1 and of dormant wake are not modelled. Levels from outside have
 * passed the synchroniser when they come here; what the chip drives itself reads back at once.
 */
import type { Chip, RegisterBlock } from '../chip.ts';
import { PAD_IE, PAD_OD, PAD_PDE, PAD_PUE, type Pads } from './pads.ts';

export const FUNCTION_UART = 2;
export const FUNCTION_I2C = 3;
export const FUNCTION_SIO = 5;
export const FUNCTION_USB = 9;
const PIN_COUNT = 30;
const ALL_PINS = 0x3fff_ffff;
const IO_IRQ_BANK0 = 13;
/** Four bits a pin; the last word has six pins. */
const PINS_OF_WORD = [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0x00ff_ffff];
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
  readonly #inOverride = new Override();
  readonly #irqOverride = new Override();
  #outputDisabled = 0;
  #inputEnabled = 0;
  #pulledUp = 0;
  #pulledDown = 0;
  /** Levels put on the pins from outside, and which of them are driven. */
  #external = 0;
  #driven = 0;
  #levels = 0;
  /** What the interrupt logic sees of the pins. */
  #watched = 0;
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

  /** What the input path delivers after INOVER: 0 from the pad where its IE is off. */
  get inputs(): number {
    return this.#inOverride.apply(this.#levels & this.#inputEnabled) & ALL_PINS;
  }

  /** Is the pin's input buffer on? */
  hears(pin: number): boolean {
    return ((this.#inputEnabled >> pin) & 1) === 1;
  }

  /** Does something hold the pin high while nobody pulls it low: its pad, or the board? */
  isPulledUp(pin: number): boolean {
    return ((((this.#pulledUp & ~this.#pulledDown) | (this.#driven & this.#external)) >> pin) & 1) === 1;
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
    this.#levels = levels;
    this.#detectEdges();
    if (levels === before) return;
    this.#wiring.changed();
  }

  /** Of what goes to the interrupts, after IRQOVER (2.19.3). */
  #detectEdges(): void {
    const before = this.#watched;
    const watched = this.#irqOverride.apply(this.#levels & this.#inputEnabled) & ALL_PINS;
    if (watched === before) return;
    this.#watched = watched;
    for (let changed = watched ^ before; changed !== 0; changed &= changed - 1) {
      const pin = 31 - Math.clz32(changed & -changed);
      this.#edges[pin >> 3]! |= ((watched >> pin) & 1 ? 8 : 4) << (4 * (pin & 7));
    }
    this.#interrupt();
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
    else if (offset >= 0x100 && offset < 0x110) this.#enable[word] = value & PINS_OF_WORD[word]!;
    else if (offset >= 0x110 && offset < 0x120) this.#force[word] = value & PINS_OF_WORD[word]!;
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
    this.#edges.fill(0);
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
    this.#inOverride.set(pin, (control >> 16) & 3);
    this.#irqOverride.set(pin, (control >> 28) & 3);
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

  /** OUTFROMPERI, OUTTOPAD, OEFROMPERI, OETOPAD, INFROMPAD, INTOPERI, IRQFROMPAD, IRQTOPROC: 2.19.6.1. */
  #status(pin: number): number {
    const bit = (word: number, at: number): number => ((word >> pin) & 1) << at;
    const fromPad = this.#levels & this.#inputEnabled;
    return (
      bit((this.#wiring.sioOut() & this.#bySio) | this.#byUart, 8) |
      bit(this.#output(), 9) |
      bit((this.#wiring.sioEnable() & this.#bySio) | this.#byUart, 12) |
      bit(this.#outputEnabled(), 13) |
      bit(fromPad, 17) |
      bit(this.inputs, 19) |
      bit(fromPad, 24) |
      bit(this.#interruptOf(pin), 26)
    );
  }

  /** 1 << pin while one of the pin's interrupts goes to core 0. */
  #interruptOf(pin: number): number {
    const word = pin >> 3;
    const status = (this.#raw(word) & this.#enable[word]!) | this.#force[word]!;
    return (status >>> (4 * (pin & 7))) & 15 ? 1 << pin : 0;
  }

  #raw(word: number): number {
    const pins = (this.#watched >>> (8 * word)) & 0xff;
    return (this.#edges[word]! | (LEVEL_BITS[pins]! & PINS_OF_WORD[word]!)) >>> 0;
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
