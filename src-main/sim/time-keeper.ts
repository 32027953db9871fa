import { WallClock, type Clock } from '../base/clock.ts';
import type { SimulatedBench } from './simulated-bench.ts';

/** One step of virtual time tied to the wall clock: how late a byte of a client reaches the board at most. */
const REAL_STEP_US = 1_000;
/** After a pause of the computer time catches up in steps of this, with a look at the clients between them. */
const CATCH_UP_STEP_US = 10_000;
/** More than this is not caught up. */
const LARGEST_LAG_US = 1_000_000;
const FREE_STEP_US = 5_000;
/** While the board sleeps and nobody sends, free pace waits so long of wall time a step: an idle bench costs no core. */
const IDLE_WAIT_US = 2_000;
/** Free pace looks again so soon whether a client that is behind has read. */
const CONGESTED_WAIT_US = 500;

/** A wire's end towards the clients: looked at after every step of time. */
export interface Outlet {
  /** Hands on what came out of the wire. True when bytes went either way since the last call. */
  collect(): Promise<boolean>;
  /** A client reads slowly: free pace waits for it. */
  readonly congested: boolean;
}

export interface TimeKeeperOptions {
  readonly wall?: Clock;
  /** Told when the computer is too slow for real pace. */
  readonly note?: (line: string) => void;
}

/**
 * Moves the time of a bench that was opened with free pace until disposed, whether anybody reads or not: tied to the
 * wall clock (`real`) or as fast as the clients read (`free`). One a bench; the wires then have no other reader.
 */
export class TimeKeeper implements AsyncDisposable {
  readonly #bench: Pick<SimulatedBench, 'clock' | 'asleep'>;
  readonly #pace: 'free' | 'real';
  readonly #wall: Clock;
  readonly #note: (line: string) => void;
  readonly #outlets: Outlet[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** Wall time of virtual time 0. */
  #originUs = 0;

  constructor(
    bench: Pick<SimulatedBench, 'clock' | 'asleep'>,
    pace: 'free' | 'real',
    options: TimeKeeperOptions = {},
  ) {
    this.#bench = bench;
    this.#pace = pace;
    this.#wall = options.wall ?? new WallClock();
    this.#note = options.note ?? (() => undefined);
    this.#running = this.#run();
  }

  add(outlet: Outlet): void {
    this.#outlets.push(outlet);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    // The first step waits until the world's thread is there; that is no lag
    await this.#advance(REAL_STEP_US);
    this.#originUs = this.#wall.nowUs() - this.#bench.clock.nowUs();
    while (!signal.aborted) {
      if (this.#pace === 'real') await this.#realStep();
      else if (!this.#outlets.some((o) => o.congested)) await this.#advance(FREE_STEP_US);
      const traffic = await this.#collect();
      if (this.#pace === 'free') await this.#freeWait(traffic);
      // Sockets get their turn, whatever the pace
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  async #realStep(): Promise<void> {
    const dueUs = this.#originUs + this.#bench.clock.nowUs() + REAL_STEP_US;
    if (this.#wall.nowUs() < dueUs) await this.#wall.sleepUntilUs(dueUs, this.#stop.signal);
    let lagUs = this.#wall.nowUs() - this.#originUs - this.#bench.clock.nowUs();
    if (lagUs > LARGEST_LAG_US) {
      this.#note(
        `real pace was lost: this computer was ${(lagUs / 1e6).toFixed(1)} s late, which is left out`,
      );
      this.#originUs += lagUs - REAL_STEP_US;
      lagUs = REAL_STEP_US;
    }
    await this.#advance(Math.min(lagUs, CATCH_UP_STEP_US));
  }

  async #advance(byUs: number): Promise<void> {
    const { clock } = this.#bench;
    if (byUs > 0) await clock.sleepUntilUs(clock.nowUs() + byUs, this.#stop.signal);
  }

  async #collect(): Promise<boolean> {
    let traffic = false;
    for (const outlet of this.#outlets) traffic = (await outlet.collect()) || traffic;
    return traffic;
  }

  async #freeWait(traffic: boolean): Promise<void> {
    const congested = this.#outlets.some((o) => o.congested);
    if (!congested && (traffic || !this.#bench.asleep)) return;
    const waitUs = congested ? CONGESTED_WAIT_US : IDLE_WAIT_US;
    await this.#wall.sleepUntilUs(this.#wall.nowUs() + waitUs, this.#stop.signal);
  }
}
