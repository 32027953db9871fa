/**
 * Carries the wires of a simulated bench to third-party clients over TCP or a pseudo-terminal: `microjoule emulate`.
 * Time then runs by itself, tied to the wall clock (`real`) or as fast as the board has something to do (`free`).
 */
import { WallClock, type Clock } from '../base/clock.ts';
import { ok, type Result } from '../base/errors.ts';
import type { Link } from '../link/link.ts';
import { openPty } from '../link/pty.ts';
import { listenTcp } from '../link/tcp.ts';
import type { SimulatedBench } from './simulated-bench.ts';

/** One step of virtual time between two looks at the clients. */
const STEP_US = 5_000;
/** While the board sleeps and nobody sends, free pace waits so long of wall time a step: an idle bench costs no core. */
const IDLE_WAIT_US = 2_000;

export interface Carrier extends AsyncDisposable {
  /** What a client opens: `tcp://127.0.0.1:7070` or a path. */
  readonly address: string;
}

/**
 * Keeps virtual time going until disposed. One for each bench with carriers; with pace `real` the bench itself must
 * have been opened with it.
 */
export class TimeKeeper implements AsyncDisposable {
  readonly #bench: SimulatedBench;
  readonly #pace: 'free' | 'real';
  readonly #wall: Clock;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #trafficSeen = false;

  constructor(bench: SimulatedBench, pace: 'free' | 'real', wall: Clock = new WallClock()) {
    this.#bench = bench;
    this.#pace = pace;
    this.#wall = wall;
    this.#running = this.#run();
  }

  /** Bytes went either way: free pace goes on without a wait. */
  traffic(): void {
    this.#trafficSeen = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock } = this.#bench;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#trafficSeen = false;
      await clock.sleepUntilUs(clock.nowUs() + STEP_US, signal);
      // Sockets get their turn, whatever the pace
      await new Promise<void>((resolve) => setImmediate(resolve));
      const idle = this.#bench.asleep && !this.#trafficSeen;
      if (this.#pace === 'free' && idle)
        await this.#wall.sleepUntilUs(this.#wall.nowUs() + IDLE_WAIT_US, signal);
    }
  }
}

/** Lets TCP clients talk to `wire`, one at a time: a new connection takes over from the one before. */
export async function carryOverTcp(
  wire: Link,
  keeper: TimeKeeper,
  options: { readonly port: number; readonly host?: string },
): Promise<Result<Carrier>> {
  const outlet = new Outlet(wire, keeper);
  const listening = await listenTcp({ ...options, clock: new WallClock() }, (client) =>
    outlet.connect(client),
  );
  if (!listening.ok) return listening;
  const listener = listening.value;
  return ok({
    address: `tcp://${options.host ?? '127.0.0.1'}:${listener.port}`,
    [Symbol.asyncDispose]: async () => {
      await listener[Symbol.asyncDispose]();
      await outlet.close();
    },
  });
}

/** Lets serial programs open `wire` as a pseudo-terminal at `path` (or a temporary one). Needs socat. */
export async function carryOverPty(wire: Link, keeper: TimeKeeper, path?: string): Promise<Result<Carrier>> {
  const opened = await openPty(new WallClock(), path);
  if (!opened.ok) return opened;
  const pty = opened.value;
  const outlet = new Outlet(wire, keeper);
  outlet.connect(pty.link);
  return ok({
    address: pty.path,
    [Symbol.asyncDispose]: async () => {
      await outlet.close();
      await pty[Symbol.asyncDispose]();
    },
  });
}

/** The one reader of a wire, with whoever is connected at the moment; what comes while nobody is, is lost. */
class Outlet {
  readonly #wire: Link;
  readonly #keeper: TimeKeeper;
  #client: Link | null = null;

  constructor(wire: Link, keeper: TimeKeeper) {
    this.#wire = wire;
    this.#keeper = keeper;
    void this.#outward();
  }

  connect(client: Link): void {
    void this.#client?.[Symbol.asyncDispose]();
    this.#client = client;
    void this.#inward(client);
  }

  async close(): Promise<void> {
    await this.#client?.[Symbol.asyncDispose]();
    this.#client = null;
  }

  async #outward(): Promise<void> {
    for (;;) {
      const read = await this.#wire.read({ deadlineUs: Infinity });
      if (read.kind !== 'bytes') break;
      this.#keeper.traffic();
      await this.#client?.write(read.bytes);
    }
    await this.close();
  }

  async #inward(client: Link): Promise<void> {
    for (;;) {
      const read = await client.read({ deadlineUs: Infinity });
      if (read.kind !== 'bytes') break;
      this.#keeper.traffic();
      await this.#wire.write(read.bytes);
    }
    if (this.#client === client) this.#client = null;
  }
}
