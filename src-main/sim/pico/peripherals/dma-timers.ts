/** The DMA's four pacing timers: RP2040 data sheet 2.5.3.1. X/Y requests a clk_sys cycle, at most one. */

export const FIRST_TIMER_DREQ = 59;
/** TREQ_SEL: as fast as the bus allows. */
export const UNPACED = 63;

export class DmaTimers {
  readonly #word = new Uint32Array(4);
  /** Cycle each timer counts from: its last write. */
  readonly #from = [0, 0, 0, 0];

  read(n: number): number {
    return this.#word[n]!;
  }

  write(n: number, value: number, cycle: number): void {
    this.#word[n] = value;
    this.#from[n] = cycle;
  }

  reset(): void {
    this.#word.fill(0);
    this.#from.fill(0);
  }

  /** Requests made by `cycle`. Whole rounds of Y cycles are taken out, so products stay exact. */
  ticksAt(n: number, cycle: number): number {
    const y = this.#word[n]! & 0xffff;
    const x = Math.min(this.#word[n]! >>> 16, y);
    if (x === 0) return 0;
    const elapsed = cycle - this.#from[n]!;
    const rounds = Math.floor(elapsed / y);
    return rounds * x + Math.floor(((elapsed - rounds * y) * x) / y);
  }

  /** The cycle of request number `tick`; Infinity while the timer stands. */
  cycleOf(n: number, tick: number): number {
    const y = this.#word[n]! & 0xffff;
    const x = Math.min(this.#word[n]! >>> 16, y);
    if (x === 0) return Infinity;
    const rounds = Math.floor(tick / x);
    return this.#from[n]! + rounds * y + Math.ceil(((tick - rounds * x) * y) / x);
  }
}
