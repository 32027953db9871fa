import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';
import { fail, ok, type Result } from '../base/errors.ts';
import type { Link, LinkRead, ReadRequest } from '../link/link.ts';
import { createLoadPlayer, type LoadPlayer, type LoadStep } from './monitors/load-file.ts';
import type { Ppk2Twin } from './monitors/ppk2-twin.ts';

/** Virtual time a read of a running stream takes: 2000 samples. */
const STEP_US = 20_000;

/**
 * The product's end of an emulated PPK2 without a board, in virtual time that only its reads and sleeps move: as fast as
 * the reader reads, and no byte is made before it is asked for. The load is played again and again, from its beginning
 * whenever a stream begins. With `pace` a stream is no faster than that clock.
 */
export function pulledPpk2(twin: Ppk2Twin, steps: readonly LoadStep[], pace?: Clock): Link {
  return new PulledPpk2(twin, steps, pace);
}

class PulledPpk2 implements Link {
  readonly address = 'emulated';
  readonly deterministic = true;
  readonly clock: Clock;
  readonly #twin: Ppk2Twin;
  readonly #steps: readonly LoadStep[];
  readonly #pace: Clock | undefined;
  /** Of `pace` at time 0 of the running stream. */
  #paceOriginUs = 0;
  #load: LoadPlayer | null = null;
  #nowUs = 0;
  #closed = false;
  #waiting: Uint8Array | null = null;
  #wake: (() => void) | null = null;

  constructor(twin: Ppk2Twin, steps: readonly LoadStep[], pace?: Clock) {
    this.#twin = twin;
    this.#steps = steps;
    this.#pace = pace;
    this.clock = {
      kind: 'virtual',
      nowUs: () => this.#nowUs,
      sleepUntilUs: async (deadlineUs, signal) => {
        while (this.#nowUs < deadlineUs && !signal?.aborted) {
          // a recording beside us takes what comes; without one it is kept for the next read
          this.#advance(Math.min(deadlineUs, this.#nowUs + STEP_US));
          await nextTurn();
        }
      },
    };
  }

  async write(bytes: Uint8Array): Promise<Result<void>> {
    if (this.#closed)
      return fail(
        'link.closed',
        { address: this.address },
        'The link was closed on this side.',
        'Open it again.',
      );
    const idle = !this.#twin.streaming;
    this.#twin.receive(bytes);
    if (idle && this.#twin.streaming) this.#beginLoad();
    this.#collect();
    this.#wake?.();
    return ok();
  }

  async read(request: ReadRequest): Promise<LinkRead> {
    // what else waits for the event loop gets its turn between two steps
    await nextTurn();
    for (;;) {
      if (this.#waiting) return this.#take();
      if (this.#closed) return { kind: 'closed', reason: 'closed here', expected: true };
      if (request.deadlineUs <= this.#nowUs) return { kind: 'timeout' };
      if (this.#twin.streaming) {
        const toUs = Math.min(request.deadlineUs, this.#nowUs + STEP_US);
        await this.#pace?.sleepUntilUs(this.#paceOriginUs + toUs);
        if (toUs > this.#nowUs) this.#advance(toUs);
      } else if (request.deadlineUs === Infinity)
        await new Promise<void>((resolve) => (this.#wake = resolve));
      else this.#advance(request.deadlineUs);
    }
  }

  async setBaud(): Promise<Result<void>> {
    return ok();
  }

  discardInput(): number {
    const count = this.#waiting?.length ?? 0;
    this.#waiting = null;
    return count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#wake?.();
  }

  #beginLoad(): void {
    this.#paceOriginUs = (this.#pace?.nowUs() ?? 0) - this.#nowUs;
    this.#load = createLoadPlayer(this.#steps, { repeat: true, startUs: this.#nowUs });
    this.#load.connect(this.#twin);
    this.#load.advanceTo(this.#nowUs);
  }

  #advance(toUs: number): void {
    this.#nowUs = toUs;
    this.#load?.advanceTo(toUs);
    this.#twin.advanceTo(toUs);
    this.#collect();
  }

  #collect(): void {
    const out = this.#twin.takeOutput();
    if (!out) return;
    const before = this.#waiting;
    if (!before) {
      this.#waiting = out;
      return;
    }
    this.#waiting = new Uint8Array(before.length + out.length);
    this.#waiting.set(before);
    this.#waiting.set(out, before.length);
  }

  #take(): LinkRead {
    const bytes = this.#waiting!;
    this.#waiting = null;
    return { kind: 'bytes', bytes };
  }
}
