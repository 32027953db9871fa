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
  const near = new MemoryEnd(`${address}near`, toNear, toFar, new DrivingClock(clock), clock);
  const far = new MemoryEnd(`${address}far`, toFar, toNear, clock, undefined);
  return { near, far, clock };
}

/** Lets everything that can go on without time passing go on. */
async function settle(): Promise<void> {
  await nextTurn();
}

/** Moves the clock event by event until `done()` or the deadline; the far side's work runs between the steps. */
async function drive(clock: ManualClock, deadlineUs: number, done: () => boolean): Promise<void> {
  for (;;) {
    await settle();
    if (done() || clock.nowUs() >= deadlineUs) return;
    await clock.advanceTo(Math.min(clock.nextDeadlineUs(), deadlineUs));
  }
}

class DrivingClock implements Clock {
  readonly kind = 'virtual' as const;
  readonly #clock: ManualClock;
  constructor(clock: ManualClock) {
    this.#clock = clock;
  }
  nowUs(): number {
    return this.#clock.nowUs();
  }
  sleepUntilUs(deadlineUs: number, signal?: AbortSignal): Promise<void> {
    return drive(this.#clock, deadlineUs, () => signal?.aborted ?? false);
  }
}

class MemoryEnd implements Link {
  readonly deterministic = true;
  readonly address: string;
  readonly clock: Clock;
  readonly #inbox: ByteInbox;
  readonly #peer: ByteInbox;
  readonly #driven: ManualClock | undefined;

  constructor(address: string, inbox: ByteInbox, peer: ByteInbox, clock: Clock, driven: ManualClock | undefined) {
    this.address = address;
    this.#inbox = inbox;
    this.#peer = peer;
    this.clock = clock;
    this.#driven = driven;
  }

  async write(bytes: Uint8Array): Promise<Result<void>> {
    const end = this.#inbox.ended;
    if (end) return closedFailure(this.address, end.reason, end.expected);
    this.#peer.push(bytes.slice());
    return ok();
  }

  async read(request: ReadRequest): Promise<LinkRead> {
    if (this.#driven && request.deadlineUs !== Infinity)
      await drive(this.#driven, request.deadlineUs, () => this.#inbox.queuedBytes > 0 || this.#inbox.ended !== undefined);
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
