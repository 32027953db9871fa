import { frequency, hertz, type Frequency } from './frequency.ts';

/**
 * Maps clk_sys cycles to virtual µs and back. Each change of clk_sys starts a segment whose origin is kept as
 * an exact fraction of µs, so errors do not add up however often the clock changes; inside a segment the time of
 * a cycle is one multiplication of doubles and never depends on how the run was sliced.
 */
export class Timeline {
  #frequency: Frequency = frequency(1);
  #originCycle = 0;
  #origin = { n: 0n, d: 1n };
  #originUs = 0;
  #hz = 1;

  get frequency(): Frequency {
    return this.#frequency;
  }

  get hz(): number {
    return this.#hz;
  }

  /** Starts counting cycles at `us`: after power-on. */
  restart(us: number, cycle: number, f: Frequency): void {
    // 2^-20 µs: power comes at times the product chose, which are decimal µs at best
    this.#origin = frequency(BigInt(Math.round(us * 1048576)), 1048576n);
    this.#begin(cycle, f);
  }

  /** clk_sys runs at `f` from `cycle` on. */
  change(cycle: number, f: Frequency): void {
    const { n, d } = this.#origin;
    const cycles = BigInt(cycle - this.#originCycle);
    const spent = { n: cycles * 1_000_000n * this.#frequency.d, d: this.#frequency.n };
    this.#origin = frequency(n * spent.d + spent.n * d, d * spent.d);
    this.#begin(cycle, f);
  }

  #begin(cycle: number, f: Frequency): void {
    const { n, d } = this.#origin;
    this.#originUs = Number(n / d) + Number(n % d) / Number(d);
    this.#originCycle = cycle;
    this.#frequency = f;
    this.#hz = hertz(f);
  }

  usAt(cycle: number): number {
    return this.#originUs + ((cycle - this.#originCycle) * 1e6) / this.#hz;
  }

  /** The (fractional) cycle at `us`. */
  cycleAt(us: number): number {
    return this.#originCycle + ((us - this.#originUs) * this.#hz) / 1e6;
  }

  /** The first whole cycle at or after `us`; a millionth of a cycle is taken as rounding of doubles. */
  cycleFrom(us: number): number {
    return Math.ceil(this.cycleAt(us) - 1e-6);
  }
}
