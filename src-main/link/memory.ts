import { setImmediate as nextTurn } from 'node:timers/promises';
import { ManualClock, type Clock } from '../base/clock.ts';
import { ok, type Result } from '../base/errors.ts';
import { closedFailure } from './closed.ts';
import { ByteInbox } from './inbox.ts';
import type { Link, LinkRead, ReadRequest } from './link.ts';

export interface MemoryLinkPair {
  /** The product's end. Its reads with a deadline and its clock's sleeps move time. */
  readonly near: Link;
  /** The device's end. Its reads and sleeps wait without moving time. */
  readonly far: Link;
  readonly clock: ManualClock;
}

/**
 * Two ends of a wire in memory, in virtual time, for tests: time moves only while the near side waits, and
 * then in steps to the next thing the far side has planned. Nothing takes wall time.
 */
export function memoryLinkPair(options: { address?: string; clock?: ManualClock } = {}): MemoryLinkPair {
  const address = options.address ?? 'memory:';
  const clock = options.clock ?? new ManualClock();
  const toNear = new ByteInbox();
  const toFar = new ByteInbox();
  const driver = driverOf(clock);
  const near = new MemoryEnd(`${address}near`, toNear, toFar, new DrivingClock(clock, driver), driver);
  const far = new MemoryEnd(`${address}far`, toFar, toNear, clock, undefined);
  return { near, far, clock };
}

/** Lets everything that can go on without time passing go on. */
async function settle(): Promise<void> {
  await nextTurn();
}

/**
 * Moves the clock event by event for everyone who waits on the near side. The deadlines of all of them are
 * sleepers of the clock, and after each step all get their turn before the next.
 */
class Driver {
  readonly #clock: ManualClock;
  #stepping = false;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  async drive(deadlineUs: number, done: () => boolean): Promise<void> {
    const mark = new AbortController();
    void this.#clock.sleepUntilUs(deadlineUs, mark.signal);
    const over = () => done() || this.#clock.nowUs() >= deadlineUs;
    await settle();
    while (!over()) {
      if (this.#stepping) await settle();
      else await this.#step(deadlineUs);
    }
    mark.abort();
  }

  async #step(deadlineUs: number): Promise<void> {
    this.#stepping = true;
    await this.#clock.advanceTo(Math.min(this.#clock.nextDeadlineUs(), deadlineUs));
    await settle();
    await settle();
    this.#stepping = false;
  }
}

/** One for each clock, also where several pairs share it. */
const drivers = new WeakMap<ManualClock, Driver>();

function driverOf(clock: ManualClock): Driver {
  const driver = drivers.get(clock) ?? new Driver(clock);
  drivers.set(clock, driver);
  return driver;
}

class DrivingClock implements Clock {
  readonly kind = 'virtual' as const;
  readonly #clock: ManualClock;
  readonly #driver: Driver;
  constructor(clock: ManualClock, driver: Driver) {
    this.#clock = clock;
    this.#driver = driver;
  }
  nowUs(): number {
    return this.#clock.nowUs();
  }
  sleepUntilUs(deadlineUs: number, signal?: AbortSignal): Promise<void> {
    return this.#driver.drive(deadlineUs, () => signal?.aborted ?? false);
  }
}

class MemoryEnd implements Link {
  readonly deterministic = true;
  readonly address: string;
  readonly clock: Clock;
  readonly #inbox: ByteInbox;
  readonly #peer: ByteInbox;
  readonly #driver: Driver | undefined;

  constructor(address: string, inbox: ByteInbox, peer: ByteInbox, clock: Clock, driver: Driver | undefined) {
    this.address = address;
    this.#inbox = inbox;
    this.#peer = peer;
    this.clock = clock;
    this.#driver = driver;
  }

  async write(bytes: Uint8Array): Promise<Result<void>> {
    const end = this.#inbox.ended;
    if (end) return closedFailure(this.address, end.reason, end.expected);
    this.#peer.push(bytes.slice());
    return ok();
  }

  async read(request: ReadRequest): Promise<LinkRead> {
    if (this.#driver && request.deadlineUs !== Infinity)
      await this.#driver.drive(
        request.deadlineUs,
        () => this.#inbox.queuedBytes > 0 || this.#inbox.ended !== undefined,
      );
    return this.#inbox.read(request, this.clock);
  }

  async setBaud(_baud: number): Promise<Result<void>> {
    return ok();
  }

  discardInput(): number {
    return this.#inbox.discard();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#inbox.close('closed here', true);
    this.#peer.close('closed by the far side', false);
  }
}
