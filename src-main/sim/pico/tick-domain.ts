/**
 * Counts ticks of a slower clock in terms of clk_sys cycles: exact while the ratio holds. When either clock
 * changes, the part of a tick that had passed is carried over, rounded down to a clk_sys cycle.
 */
export class TickDomain {
  #ticks = 0;
  #cycle = 0;
  /** Ticks per cycle = n / d; n = 0 while stopped. */
  #n = 0;
  #d = 1;
  /** Part of a tick at `#cycle`, in 1/d ticks. */
  #phase = 0;

  get running(): boolean {
    return this.#n > 0;
  }

  /** Whole ticks at `cycle`. Products stay below 2^53 because whole periods of d cycles are taken out first. */
  ticksAt(cycle: number): number {
    if (this.#n === 0) return this.#ticks;
    const elapsed = cycle - this.#cycle;
    const periods = Math.floor(elapsed / this.#d);
    const rest = elapsed - periods * this.#d;
    return this.#ticks + periods * this.#n + Math.floor((rest * this.#n + this.#phase) / this.#d);
  }

  /** The first cycle at which ticksAt() is `tick` or more; Infinity while stopped. */
  cycleOf(tick: number): number {
    if (this.#n === 0) return Infinity;
    const missing = tick - this.#ticks;
    if (missing <= 0) return this.#cycle;
    const periods = Math.floor(missing / this.#n);
    const rest = missing - periods * this.#n;
    return this.#cycle + periods * this.#d + Math.ceil((rest * this.#d - this.#phase) / this.#n);
  }

  /** From `cycle` on: `ratio` ticks per clk_sys cycle, or stopped (null). */
  setRatio(cycle: number, ratio: { readonly n: number; readonly d: number } | null): void {
    const ticks = this.ticksAt(cycle);
    let part = 0;
    if (this.#n > 0) {
      const elapsed = cycle - this.#cycle;
      part = (((elapsed % this.#d) * this.#n + this.#phase) % this.#d) / this.#d || 0;
    }
    this.#ticks = ticks;
    this.#cycle = cycle;
    this.#n = ratio?.n ?? 0;
    this.#d = ratio?.d ?? 1;
    this.#phase = Math.floor(part * this.#d);
  }

  /** Sets the count; the phase stays. */
  setTicks(cycle: number, ticks: number): void {
    this.#ticks += ticks - this.ticksAt(cycle);
  }
}
