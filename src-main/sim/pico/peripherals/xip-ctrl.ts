/** XIP_CTRL: RP2040 data sheet 2.6.3.6. No cache in this version: CTRL and FLUSH only, the counters stop the emulation. */
import type { RegisterBlock } from '../chip.ts';

export class XipCtrl implements RegisterBlock {
  #control = 3;

  /** CTRL.ERR_BADWRITE: writes to the no-allocate and uncached aliases are bus errors. */
  get badWriteIsError(): boolean {
    return (this.#control & 2) !== 0;
  }

  read(offset: number): number | undefined {
    if (offset === 0x00) return this.#control;
    if (offset === 0x04) return 0;
    return offset === 0x08 ? 3 : undefined; // FLUSH_READY, FIFO_EMPTY
  }

  write(offset: number, value: number): boolean {
    if (offset === 0x00) this.#control = value & 0xb;
    return offset === 0x00 || offset === 0x04;
  }

  reset(): void {
    this.#control = 3;
  }
}
