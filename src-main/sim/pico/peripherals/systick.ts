/** SysTick: ARMv6-M ARM B3.3, RP2040 data sheet 2.4.5.1.1. Counts clk_sys or the watchdog's 1 µs tick. */
import type { Chip } from '../chip.ts';
import type { EventSlot } from '../events.ts';
import { TickDomain } from '../tick-domain.ts';

const ENABLE = 1;
const TICKINT = 2;
const CLKSOURCE = 4;
const COUNTFLAG = 1 << 16;
const ONE_A_CYCLE = { n: 1, d: 1 };

export class SysTick {
  readonly #chip: Chip;
  readonly #pend: () => void;
  readonly #zeroAt: EventSlot;
  readonly #counts = new TickDomain();
  #tickRatio: { n: number; d: number } | null = null;
  #control = 0;
  #reload = 0;
  /** Counter value at count `#from`; zeros after count `#seen` are not yet reported by COUNTFLAG. */
  #value = 0;
  #from = 0;
  #seen = 0;
  /** A zero that was reached before `#from` and not read yet. */
  #countFlag = false;

  constructor(chip: Chip, pend: () => void) {
    this.#chip = chip;
    this.#pend = pend;
    this.#zeroAt = chip.events.slot(() => {
      this.#pend();
      this.#schedule();
    });
  }

  setTick(ratio: { n: number; d: number } | null): void {
    this.#tickRatio = ratio;
    this.#rerate();
  }

  read(offset: number): number | undefined {
    if (offset === 0x10) {
      const flag = this.#crossed() ? COUNTFLAG : 0;
      this.#seen = this.#now();
      this.#countFlag = false;
      return this.#control | flag;
    }
    if (offset === 0x14) return this.#reload;
    if (offset === 0x18) return this.#current();
    return offset === 0x1c ? 0 : undefined;
  }

  write(offset: number, value: number): boolean {
    if (offset === 0x10) {
      this.#settle();
      this.#control = value & 7;
      this.#rerate();
    } else if (offset === 0x14) {
      this.#settle();
      this.#reload = value & 0xff_ffff;
      this.#schedule();
    } else if (offset === 0x18) {
      this.#value = 0;
      this.#countFlag = false;
      this.#from = this.#seen = this.#now();
      this.#schedule();
    } else return offset === 0x1c;
    return true;
  }

  reset(): void {
    this.#control = this.#reload = this.#value = 0;
    this.#countFlag = false;
    this.#from = this.#seen = this.#now();
    this.#rerate();
  }

  #now(): number {
    return this.#counts.ticksAt(this.#chip.now());
  }

  /** Counts down to 0, then the next count loads the reload value: period = reload + 1. */
  #current(): number {
    const passed = this.#now() - this.#from;
    if (passed <= this.#value) return this.#value - passed;
    return this.#reload === 0 ? 0 : this.#reload - ((passed - this.#value - 1) % (this.#reload + 1));
  }

  /** Counts after `#from` at which the counter reaches 0 for the first time after `passed`. */
  #nextZero(passed: number): number {
    if (passed < this.#value) return this.#value;
    if (this.#reload === 0) return Infinity;
    const period = this.#reload + 1;
    return this.#value + (Math.floor((passed - this.#value) / period) + 1) * period;
  }

  #crossed(): boolean {
    return this.#countFlag || this.#nextZero(this.#seen - this.#from) <= this.#now() - this.#from;
  }

  /** Takes the present value as the new starting point; a crossing not yet read stays visible. */
  #settle(): void {
    this.#countFlag = this.#crossed();
    this.#value = this.#current();
    this.#from = this.#seen = this.#now();
  }

  #rerate(): void {
    const source = this.#control & CLKSOURCE ? ONE_A_CYCLE : this.#tickRatio;
    this.#counts.setRatio(this.#chip.now(), this.#control & ENABLE ? source : null);
    this.#schedule();
  }

  #schedule(): void {
    this.#zeroAt.clear();
    if ((this.#control & (ENABLE | TICKINT)) !== (ENABLE | TICKINT)) return;
    const zero = this.#nextZero(this.#now() - this.#from);
    const cycle = zero === Infinity ? Infinity : this.#counts.cycleOf(this.#from + zero);
    if (cycle !== Infinity) this.#zeroAt.at(Math.max(cycle, this.#chip.now()));
  }
}
