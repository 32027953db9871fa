/**
 * BUSCTRL and TBMAN: RP2040 data sheet 2.1.5, 2.22. The priorities are kept and change nothing. Of the performance
 * counters' events the accesses to XIP are counted; another event is named when its counter is read.
 */
import type { RegisterBlock } from '../chip.ts';

const EVENT_XIP_ALL = 0x11;
const NO_EVENT = 0x1f;
const COUNTER_MAX = 0xff_ffff;

export class Busctrl implements RegisterBlock {
  readonly #xipAccesses: () => number;
  readonly #select = new Uint8Array(4).fill(NO_EVENT);
  readonly #from = new Float64Array(4);
  #priority = 0;

  /** `xipAccesses`: accesses through the XIP port since the world began. */
  constructor(xipAccesses: () => number) {
    this.#xipAccesses = xipAccesses;
  }

  read(offset: number): number | undefined {
    if (offset === 0x00) return this.#priority;
    if (offset === 0x04) return 1; // arbiters have taken the priorities
    if (offset > 0x24) return undefined;
    const n = (offset - 0x08) >> 3;
    return offset & 4 ? this.#select[n] : this.#count(n);
  }

  write(offset: number, value: number): boolean {
    if (offset === 0x00) this.#priority = value & 0x1111;
    else if (offset < 0x08 || offset > 0x24) return false;
    else {
      const n = (offset - 0x08) >> 3;
      if (offset & 4) this.#select[n] = value & 0x1f;
      this.#from[n] = this.#xipAccesses();
    }
    return true;
  }

  reset(): void {
    this.#priority = 0;
    this.#select.fill(NO_EVENT);
    this.#from.fill(0);
  }

  #count(n: number): number | undefined {
    const event = this.#select[n]!;
    if (event === NO_EVENT) return 0;
    if (event !== EVENT_XIP_ALL) return undefined;
    return Math.min(COUNTER_MAX, this.#xipAccesses() - this.#from[n]!);
  }
}

/** TBMAN: what start-up code asks whether it runs on an FPGA; this is an ASIC. */
export class Tbman implements RegisterBlock {
  read(offset: number): number | undefined {
    return offset === 0 ? 1 : undefined;
  }

  write(): boolean {
    return false;
  }

  reset(): void {
    // read-only
  }
}
