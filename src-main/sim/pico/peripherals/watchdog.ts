/** WATCHDOG and the tick generator: RP2040 data sheet 4.7. RP2040-E1: the counter drops by two a tick. */
import type { Chip, RegisterBlock } from '../chip.ts';
import type { EventSlot } from '../events.ts';
import { hertz, ratio, scaled, type Frequency } from '../frequency.ts';
import { TickDomain } from '../tick-domain.ts';

const ENABLE = 1 << 30;
const TICK_ENABLE = 1 << 9;
const TICK_RUNNING = 1 << 10;

export interface WatchdogWiring {
  /** The tick against clk_sys for TIMER and SysTick; null while it stands. */
  readonly tickChanged: (ratio: { n: number; d: number } | null) => void;
  readonly bite: () => void;
}

export class Watchdog implements RegisterBlock {
  readonly #chip: Chip;
  readonly #wiring: WatchdogWiring;
  readonly #ticks = new TickDomain();
  readonly #biteAt: EventSlot;
  readonly scratch = new Uint32Array(8);
  #control = 0x0700_0000;
  #tick = TICK_ENABLE;
  /** Counter value at tick `#loadedTick`. */
  #loaded = 0;
  #loadedTick = 0;
  #reason = 0;
  #ref: Frequency | null = null;
  #sys: Frequency | null = null;

  constructor(chip: Chip, wiring: WatchdogWiring) {
    this.#chip = chip;
    this.#wiring = wiring;
    this.#biteAt = chip.events.slot(() => {
      this.#reason = 1;
      this.#wiring.bite();
    });
  }

  /** The last bite came because the count ran out, not from CTRL.TRIGGER. */
  get bitByTime(): boolean {
    return this.#reason === 1;
  }

  setClocks(ref: Frequency | null, sys: Frequency | null): void {
    this.#ref = ref;
    this.#sys = sys;
    this.#retick();
  }

  read(offset: number): number | undefined {
    if (offset === 0x00) return (this.#control | this.#timeLeft()) >>> 0;
    if (offset === 0x04) return 0; // write-only
    if (offset === 0x08) return this.#reason;
    if (offset >= 0x0c && offset <= 0x28) return this.scratch[(offset - 0x0c) >> 2];
    if (offset === 0x2c)
      return this.#tick | (this.#running() ? TICK_RUNNING | (this.#toNextTick() << 11) : 0);
    return undefined;
  }

  write(offset: number, value: number): boolean {
    if (offset === 0x00) {
      if (value >>> 31) {
        this.#reason = 2;
        this.#wiring.bite();
        return true;
      }
      const left = this.#timeLeft();
      this.#control = value & 0x4700_0000;
      this.#load(left);
    } else if (offset === 0x04) this.#load(value & 0xff_ffff);
    else if (offset >= 0x0c && offset <= 0x28) this.scratch[(offset - 0x0c) >> 2] = value;
    else if (offset === 0x2c) {
      this.#tick = value & 0x3ff;
      this.#retick();
    } else return false;
    return true;
  }

  /** Chip power-on; a watchdog reset leaves scratch and reason. */
  powerOn(): void {
    this.scratch.fill(0);
    this.#reason = 0;
    this.reset();
  }

  reset(): void {
    this.#control = 0x0700_0000;
    this.#tick = TICK_ENABLE;
    this.#biteAt.clear();
    this.#loaded = 0;
    this.#retick();
  }

  /** TICK.COUNT: clk_ref cycles until the next tick. */
  #toNextTick(): number {
    const now = this.#chip.now();
    const cycles = this.#ticks.cycleOf(this.#ticks.ticksAt(now) + 1) - now;
    return Math.min(0x1ff, Math.ceil((cycles * hertz(this.#ref!)) / hertz(this.#sys!)));
  }

  #running(): boolean {
    return (this.#tick & TICK_ENABLE) !== 0 && (this.#tick & 0x1ff) !== 0 && this.#ref !== null;
  }

  #retick(): void {
    const tick = this.#running() ? ratio(scaled(this.#ref!, 1, this.#tick & 0x1ff), this.#sys!) : null;
    this.#ticks.setRatio(this.#chip.now(), tick);
    this.#wiring.tickChanged(tick);
    this.#schedule();
  }

  #timeLeft(): number {
    if (!(this.#control & ENABLE)) return this.#loaded;
    return Math.max(0, this.#loaded - 2 * (this.#ticks.ticksAt(this.#chip.now()) - this.#loadedTick));
  }

  #load(value: number): void {
    this.#loaded = value;
    this.#loadedTick = this.#ticks.ticksAt(this.#chip.now());
    this.#schedule();
  }

  #schedule(): void {
    this.#biteAt.clear();
    if (!(this.#control & ENABLE)) return;
    const cycle = this.#ticks.cycleOf(this.#loadedTick + Math.ceil(this.#loaded / 2));
    if (cycle !== Infinity) this.#biteAt.at(Math.max(cycle, this.#chip.now()));
  }
}
