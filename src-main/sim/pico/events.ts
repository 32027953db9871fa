import type { Timeline } from './timeline.ts';

export interface EventSlot {
  /** Due at a clk_sys cycle. Replaces what was set before. */
  at(cycle: number): void;
  /** Due at a virtual time; follows when clk_sys changes. */
  atUs(us: number): void;
  clear(): void;
}

/**
 * Deadlines of the chip. A handful of fixed slots, one a deadline a peripheral can have; the next one is found by
 * a scan (two dozen doubles), ties go to the lower slot. Nothing is allocated after set-up.
 */
export class EventSlots {
  readonly #timeline: Timeline;
  readonly #earlier: (cycle: number) => void;
  readonly #cycles: number[] = [];
  /** Virtual time of slots set by time, else NaN. */
  readonly #us: number[] = [];
  readonly #fire: ((cycle: number) => void)[] = [];
  #next = Infinity;
  /** The cycle of the deadline that fired last. */
  lastCycle = 0;

  /** `earlier` is called when a deadline before all others was set: the running slice must end there. */
  constructor(timeline: Timeline, earlier: (cycle: number) => void) {
    this.#timeline = timeline;
    this.#earlier = earlier;
  }

  /** A new slot. `fire` gets the cycle the deadline was set for (the core may be an instruction past it). */
  slot(fire: (cycle: number) => void): EventSlot {
    const index = this.#cycles.length;
    this.#cycles.push(Infinity);
    this.#us.push(NaN);
    this.#fire.push(fire);
    return {
      at: (cycle) => this.#set(index, cycle, NaN),
      atUs: (us) => this.#set(index, this.#timeline.cycleFrom(us), us),
      clear: () => this.#set(index, Infinity, NaN),
    };
  }

  /** The earliest deadline; Infinity when there is none. */
  get next(): number {
    return this.#next;
  }

  /** Fires the earliest slot if it is due at `now`; true when one was. */
  fireDue(now: number): boolean {
    const cycle = this.#next;
    if (cycle > now) return false;
    const index = this.#cycles.indexOf(cycle);
    this.#cycles[index] = Infinity;
    this.#us[index] = NaN;
    this.#rescan();
    this.lastCycle = cycle;
    this.#fire[index]!(cycle);
    return true;
  }

  /** clk_sys changed: slots set by time get their new cycle. */
  retime(): void {
    for (let i = 0; i < this.#us.length; i++)
      if (!Number.isNaN(this.#us[i]!)) this.#cycles[i] = this.#timeline.cycleFrom(this.#us[i]!);
    this.#rescan();
    this.#earlier(this.#next);
  }

  clearAll(): void {
    this.#cycles.fill(Infinity);
    this.#us.fill(NaN);
    this.#next = Infinity;
  }

  #set(index: number, cycle: number, us: number): void {
    const before = this.#cycles[index]!;
    this.#cycles[index] = cycle;
    this.#us[index] = us;
    if (cycle === before) return;
    if (cycle < this.#next) {
      this.#next = cycle;
      this.#earlier(cycle);
    } else if (before === this.#next) {
      this.#rescan();
    }
  }

  #rescan(): void {
    let next = Infinity;
    for (let i = 0; i < this.#cycles.length; i++) if (this.#cycles[i]! < next) next = this.#cycles[i]!;
    this.#next = next;
  }
}
