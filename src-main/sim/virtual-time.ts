import type { Clock } from '../base/clock.ts';
import type { WorldHost } from './world-host.ts';
import type { AdvanceReply, Watch } from './world.ts';

/** Longest advance without looking back, virtual µs: keeps abort and progress responsive. On a fixed grid. */
const STRIDE_US = 1_000_000;
/** The same while somebody waits passively (a recorder), who then gets what arrived this often. */
const PASSIVE_STRIDE_US = 100_000;
/** With real pacing the world never runs further ahead of the wall clock than this. */
const PACED_STRIDE_US = 5_000;

/** Something that wants time to go on. */
interface Wait {
  readonly deadlineUs: number;
  readonly watch: Watch | null;
  /** Asked after each advance: true ends the wait. */
  readonly done: () => boolean;
  readonly resolve: () => void;
}

export interface VirtualTimeOptions {
  readonly host: WorldHost;
  readonly deliver: (reply: AdvanceReply) => void;
  readonly hasPassiveReader: () => boolean;
  /** Wall clock for pace `real`; null for `free`. */
  readonly wall: Clock | null;
  /** The worker ended or the like. */
  readonly broken: (reason: Error) => void;
}

/**
 * Moves virtual time while, and only while, somebody waits: to the earliest deadline or watched output of all
 * waits, once everything that can run without time has run (a macrotask after the last wait was made).
 */
export class VirtualTime implements Clock {
  readonly kind = 'virtual' as const;
  readonly #options: VirtualTimeOptions;
  readonly #waits = new Set<Wait>();
  #nowUs = 0;
  #pumping = false;
  #closed = false;
  #wallOriginUs: number | null = null;

  constructor(options: VirtualTimeOptions) {
    this.#options = options;
  }

  nowUs(): number {
    return this.#nowUs;
  }

  async sleepUntilUs(deadlineUs: number, signal?: AbortSignal): Promise<void> {
    const aborted = () => signal?.aborted ?? false;
    if (deadlineUs <= this.#nowUs || aborted()) return;
    const look = () => this.poke();
    signal?.addEventListener('abort', look, { once: true });
    await this.wait(deadlineUs, null, aborted);
    signal?.removeEventListener('abort', look);
  }

  /** Resolves at `deadlineUs`, or after an advance (or `poke`) after which `done()` holds. Drives time. */
  wait(deadlineUs: number, watch: Watch | null, done: () => boolean): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waits.add({ deadlineUs, watch, done, resolve });
      this.#start();
    });
  }

  /** Something changed outside the world's time (an abort, a link closed): waits look again. */
  poke(): void {
    this.#settle();
  }

  close(): void {
    this.#closed = true;
    for (const w of [...this.#waits]) this.#finish(w);
  }

  #start(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    void this.#pump();
  }

  async #pump(): Promise<void> {
    try {
      for (;;) {
        // Everything the product can do without time passing is done before time moves
        await new Promise<void>((resolve) => setImmediate(resolve));
        this.#settle();
        if (this.#waits.size === 0 || this.#closed) return;
        await this.#advance();
      }
    } catch (e) {
      this.#options.broken(e as Error);
      this.close();
    } finally {
      this.#pumping = false;
    }
  }

  async #advance(): Promise<void> {
    let deadlineUs = this.#nextGridUs();
    for (const w of this.#waits) deadlineUs = Math.min(deadlineUs, w.deadlineUs);
    const watches = [...this.#waits].flatMap((w) => (w.watch ? [w.watch] : []));
    const reply = await this.#options.host.advance({ deadlineUs, watches });
    await this.#keepPace(reply.nowUs);
    if (this.#closed) return;
    this.#nowUs = reply.nowUs;
    this.#options.deliver(reply);
    this.#settle();
  }

  #nextGridUs(): number {
    const passive = this.#options.hasPassiveReader() ? PASSIVE_STRIDE_US : STRIDE_US;
    const stride = this.#options.wall ? Math.min(passive, PACED_STRIDE_US) : passive;
    return (Math.floor(this.#nowUs / stride) + 1) * stride;
  }

  async #keepPace(us: number): Promise<void> {
    const { wall } = this.#options;
    if (!wall) return;
    this.#wallOriginUs ??= wall.nowUs() - this.#nowUs;
    await wall.sleepUntilUs(this.#wallOriginUs + us);
  }

  #settle(): void {
    for (const w of [...this.#waits]) if (w.deadlineUs <= this.#nowUs || w.done()) this.#finish(w);
  }

  #finish(w: Wait): void {
    this.#waits.delete(w);
    w.resolve();
  }
}
