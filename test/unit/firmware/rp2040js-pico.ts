/**
 * A Pico in rp2040js that starts at the application's vector table: the package has no boot ROM and no boot2. It is
 * kinder than silicon (RP2040.md §10), so it is a second opinion here, not the judge.
 */
import { Simulator } from 'rp2040js';

const CYCLE_NS = 8;
const SIO_GPIO_OUT = 0x10;

export interface PinEvent {
  readonly timeUs: number;
  /** GPIO 0–29. */
  readonly levels: number;
}

export class Rp2040jsPico {
  readonly #simulator = new Simulator();
  readonly #clock = this.#simulator.clock;
  readonly #chip = this.#simulator.rp2040;
  readonly pinEvents: PinEvent[] = [];
  #text = '';
  #input: number[] = [];
  #nextByteNs = 0;

  /** `flash` from 0x10000000 on. */
  constructor(flash: Uint8Array) {
    this.#chip.logger = { debug() {}, warn() {}, info() {}, error() {} };
    this.#chip.flash.fill(0xff);
    this.#chip.flash.set(flash);
    const view = new DataView(flash.buffer, flash.byteOffset);
    this.#chip.core.VTOR = 0x1000_0100;
    this.#chip.core.SP = view.getUint32(0x100, true);
    this.#chip.core.PC = view.getUint32(0x104, true) & ~1;
    this.#chip.uart[0]!.onByte = (b) => (this.#text += String.fromCharCode(b));
    const write = this.#chip.sio.writeUint32.bind(this.#chip.sio);
    this.#chip.sio.writeUint32 = (offset, value) => {
      if (offset === SIO_GPIO_OUT) this.pinEvents.push({ timeUs: this.nowUs, levels: value });
      write(offset, value);
    };
  }

  get nowUs(): number {
    return this.#clock.nanos / 1000;
  }

  get asleep(): boolean {
    return this.#chip.core.waiting;
  }

  /** Bytes arrive at 115200 baud. */
  type(text: string): void {
    this.#input.push(...Buffer.from(text, 'latin1'));
  }

  /** Everything printed since the last call. */
  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  /** Runs until `done` says so of the text printed so far, or `limitUs` of the chip's time have passed. */
  runUntil(done: (text: string) => boolean, limitUs: number): boolean {
    const endNs = this.#clock.nanos + limitUs * 1000;
    let length = -1;
    while (this.#clock.nanos < endNs) {
      this.#feed();
      const core = this.#chip.core;
      // a WFI that finds an interrupt pending does not sleep (ARMv6-M B1.5.19); rp2040js sleeps for ever
      if (core.waiting && core.pendingInterrupts & core.enabledInterrupts) core.waiting = false;
      if (core.waiting) this.#clock.tick(Math.min(Math.max(this.#clock.nanosToNextAlarm, CYCLE_NS), 50_000));
      else this.#clock.tick(core.executeInstruction() * CYCLE_NS);
      if (this.#text.length === length) continue;
      length = this.#text.length;
      if (done(this.#text)) return true;
    }
    return false;
  }

  #feed(): void {
    if (this.#input.length === 0 || this.#clock.nanos < this.#nextByteNs) return;
    this.#chip.uart[0]!.feedByte(this.#input.shift()!);
    this.#nextByteNs = this.#clock.nanos + 86_806;
  }
}
