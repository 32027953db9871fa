/** RESETS: RP2040 data sheet 2.14. Everything listed is held in reset after power-on. */
import type { RegisterBlock } from '../chip.ts';

export const RESET_BIT = {
  ADC: 0, BUSCTRL: 1, DMA: 2, I2C0: 3, I2C1: 4, IO_BANK0: 5, IO_QSPI: 6, JTAG: 7, PADS_BANK0: 8, PADS_QSPI: 9,
  PIO0: 10, PIO1: 11, PLL_SYS: 12, PLL_USB: 13, PWM: 14, RTC: 15, SPI0: 16, SPI1: 17, SYSCFG: 18, SYSINFO: 19,
  TBMAN: 20, TIMER: 21, UART0: 22, UART1: 23, USBCTRL: 24,
} as const; // prettier-ignore

export const ALL_RESETS = 0x01ff_ffff;

/** 2.15.1: what runs from clk_peri, clk_usb, clk_adc or clk_rtc. */
const OWN_CLOCK = (['ADC', 'RTC', 'SPI0', 'SPI1', 'UART0', 'UART1', 'USBCTRL'] as const).map(
  (name) => RESET_BIT[name],
);

/** Blocks with a clock of their own leave reset only while it runs (2.14: a synchronised reset). */
export type OwnClock = (bit: number) => boolean;

export class Resets implements RegisterBlock {
  #held = ALL_RESETS;
  #watchdogSelect = 0;
  readonly #onAssert: (bit: number) => void;
  readonly #clockRuns: OwnClock;

  constructor(onAssert: (bit: number) => void, clockRuns: OwnClock) {
    this.#onAssert = onAssert;
    this.#clockRuns = clockRuns;
  }

  isHeld(bit: number): boolean {
    return (this.#held >>> bit) % 2 === 1;
  }

  get watchdogSelect(): number {
    return this.#watchdogSelect;
  }

  /** Holds these blocks in reset (bit mask) besides those held already, or lets exactly others go. */
  setHeld(mask: number): void {
    const newly = mask & ~this.#held;
    this.#held = mask & ALL_RESETS;
    for (let bit = 0; bit <= 24; bit++) if ((newly >>> bit) & 1) this.#onAssert(bit);
  }

  get held(): number {
    return this.#held;
  }

  read(offset: number): number | undefined {
    if (offset === 0) return this.#held;
    if (offset === 4) return this.#watchdogSelect;
    return offset === 8 ? this.#done() : undefined;
  }

  write(offset: number, value: number): boolean {
    if (offset === 0) this.setHeld(value & ALL_RESETS);
    else if (offset === 4) this.#watchdogSelect = value & ALL_RESETS;
    return offset <= 8;
  }

  reset(): void {
    this.#watchdogSelect = 0;
    this.setHeld(ALL_RESETS);
  }

  #done(): number {
    let done = ~this.#held & ALL_RESETS;
    for (const bit of OWN_CLOCK) if ((done >>> bit) & 1 && !this.#clockRuns(bit)) done &= ~(1 << bit);
    return done >>> 0;
  }
}
