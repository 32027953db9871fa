/** Blocks of few registers: IO_QSPI, SYSCFG, SYSINFO, PSM, VREG_AND_CHIP_RESET, each with its data-sheet section. */
import type { RegisterBlock } from '../chip.ts';

const QSPI_SS = 1;

/**
 * IO_QSPI (2.19): the flash's pins in the order SCLK, SS, SD0–3. CTRL is kept; overrides of SS reach the flash's CS#
 * and what is read of it, other overrides and functions than XIP have no effect. No interrupts.
 */
export class IoQspi implements RegisterBlock {
  readonly #control = new Uint32Array(6);
  readonly #chipSelect: (override: number) => void;
  /** The button between SS and ground, which wins only while nothing drives SS. */
  bootselPressed = false;

  /** `chipSelect` is told OUTOVER of SS. */
  constructor(chipSelect: (override: number) => void = () => undefined) {
    this.#chipSelect = chipSelect;
    this.#control.fill(0x1f);
  }

  read(offset: number): number | undefined {
    if (offset >= 0x30) return undefined;
    if (offset & 4) return this.#control[offset >> 3];
    const level = (this.inputs >> (offset >> 3)) & 1;
    return level * ((1 << 17) | (1 << 19));
  }

  /** SCLK, SS, SD0–3 as SIO's GPIO_HI_IN has them, between accesses to the flash: all high but the clock. */
  get inputs(): number {
    const floating = ((this.#control[QSPI_SS]! >> 12) & 3) === 2;
    return floating && this.bootselPressed ? 0x3c : 0x3e;
  }

  write(offset: number, value: number): boolean {
    if (offset >= 0x30 || !(offset & 4)) return false;
    this.#control[offset >> 3] = value & 0x3003_331f;
    if (offset >> 3 === QSPI_SS) this.#chipSelect((value >> 8) & 3);
    return true;
  }

  reset(): void {
    this.#control.fill(0x1f);
    this.#chipSelect(0);
  }

  /** The boot ROM muxes all six to the XIP function. */
  selectXip(): void {
    this.#control.fill(0);
    this.#chipSelect(0);
  }
}

/** SYSCFG (2.20.1). The NMI mask of core 1 and powering memories down are named; the debug bits change nothing. */
export class Syscfg implements RegisterBlock {
  readonly #words = new Uint32Array(7);
  readonly #nmiMaskChanged: (mask: number) => void;

  constructor(nmiMaskChanged: (mask: number) => void) {
    this.#nmiMaskChanged = nmiMaskChanged;
  }

  read(offset: number): number | undefined {
    return this.#words[offset >> 2];
  }

  write(offset: number, value: number): boolean {
    if (offset >= 0x1c || ((offset === 4 || offset === 0x18) && value !== 0)) return false;
    this.#words[offset >> 2] = value;
    if (offset === 0) this.#nmiMaskChanged(value);
    return true;
  }

  reset(): void {
    this.#words.fill(0);
    this.#nmiMaskChanged(0);
  }
}

/** SYSINFO (2.20.2): an RP2040 B2 made as an ASIC. */
export class Sysinfo implements RegisterBlock {
  read(offset: number): number | undefined {
    if (offset === 0x00) return 0x2000_2927;
    if (offset === 0x04) return 2;
    return offset === 0x40 ? 0 : undefined;
  }

  write(): boolean {
    return false;
  }

  reset(): void {
    // read-only
  }
}

/** PSM (2.13). Forcing core 1 off is what start-up code does; forcing anything else is not modelled. */
export class Psm implements RegisterBlock {
  #forceOn = 0;
  #forceOff = 0;
  watchdogSelect = 0;

  read(offset: number): number | undefined {
    if (offset === 0x00) return this.#forceOn;
    if (offset === 0x04) return this.#forceOff;
    if (offset === 0x08) return this.watchdogSelect;
    return offset === 0x0c ? 0x1_ffff & ~this.#forceOff : undefined;
  }

  write(offset: number, value: number): boolean {
    if (offset === 0x00) this.#forceOn = value & 0x1_ffff;
    else if (offset === 0x04) this.#forceOff = value & 0x1_ffff;
    else if (offset === 0x08) this.watchdogSelect = value & 0x1_ffff;
    else return false;
    return offset !== 0x04 || (value & 0xffff) === 0;
  }

  reset(): void {
    this.#forceOn = this.#forceOff = this.watchdogSelect = 0;
  }
}

/** VREG_AND_CHIP_RESET (2.10, 2.12): the voltage follows at once, brown-out is not modelled. */
export class Vreg implements RegisterBlock {
  #vreg = 0xb1;
  #bod = 0x91;
  /** HAD_POR, HAD_RUN, HAD_PSM_RESTART as the last reset left them. */
  chipReset = 1 << 8;

  read(offset: number): number | undefined {
    if (offset === 0x0) return this.#vreg | (1 << 12);
    if (offset === 0x4) return this.#bod;
    return offset === 0x8 ? this.chipReset : undefined;
  }

  write(offset: number, value: number): boolean {
    if (offset === 0x0) this.#vreg = value & 0xf3;
    else if (offset === 0x4) this.#bod = value & 0xf1;
    else if (offset === 0x8) this.chipReset &= ~(value & (1 << 24));
    else return false;
    return true;
  }

  reset(): void {
    this.#vreg = 0xb1;
    this.#bod = 0x91;
  }
}
