import { fail, ok, type Result } from '../base/errors.ts';
import type { Link, LinkRead, ReadRequest } from '../link/link.ts';
import { ByteQueue } from './byte-queue.ts';
import type { VirtualTime } from './virtual-time.ts';
import type { WireName } from './world.ts';

/** A read ends when so many bytes wait, whatever its hint says (Link's contract). */
const HINT_LIMIT = 4096;

export interface SimulatedLinkWiring {
  readonly address: string;
  readonly wire: WireName;
  readonly time: VirtualTime;
  readonly write: (bytes: Uint8Array) => void;
  readonly setBaud: (baud: number) => void;
}

/** The product's end of a wire into the simulated world. */
export class SimulatedLink implements Link {
  readonly address: string;
  readonly deterministic = true;
  readonly clock: VirtualTime;
  readonly #wiring: SimulatedLinkWiring;
  readonly #inbox = new ByteQueue();
  #end: { readonly reason: string; readonly expected: boolean } | null = null;
  #disposed = false;
  #passive: { readonly request: ReadRequest; readonly resolve: () => void } | null = null;

  constructor(wiring: SimulatedLinkWiring) {
    this.#wiring = wiring;
    this.address = wiring.address;
    this.clock = wiring.time;
  }

  get hasPassiveReader(): boolean {
    return this.#passive !== null;
  }

  async write(bytes: Uint8Array): Promise<Result<void>> {
    if (this.#end) return this.#closedFailure();
    this.#wiring.write(bytes.slice());
    return ok();
  }

  async read(request: ReadRequest): Promise<LinkRead> {
    if (!this.#ready(request)) {
      if (request.deadlineUs === Infinity) await this.#passively(request);
      else if (request.deadlineUs > this.clock.nowUs()) await this.#actively(request);
    }
    if (this.#inbox.length > 0) return { kind: 'bytes', bytes: this.#inbox.take() };
    return this.#end ? { kind: 'closed', ...this.#end } : { kind: 'timeout' };
  }

  async setBaud(baud: number): Promise<Result<void>> {
    if (this.#end) return this.#closedFailure();
    if (!(baud >= 50 && baud <= 12_000_000))
      return fail(
        'link.bad-baud',
        { address: this.address, baud },
        'No UART runs at this rate.',
        'Use 300 to 7 812 500.',
      );
    this.#wiring.setBaud(baud);
    return ok();
  }

  discardInput(): number {
    return this.#inbox.take().length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.close('closed here', true);
  }

  /** For the bench: bytes that came out of the world. */
  arrive(bytes: Uint8Array): void {
    if (this.#end) return;
    this.#inbox.append(bytes);
    if (this.#passive && this.#ready(this.#passive.request)) this.#passive.resolve();
  }

  /** For the bench: the far side went away. What came before it is still handed out. */
  close(reason: string, expected: boolean): void {
    this.#end ??= { reason, expected };
    this.#passive?.resolve();
    this.clock.poke();
  }

  /** For the bench: the board was programmed or reset after its emulation had stopped. Not after our own dispose. */
  reopen(): void {
    if (!this.#disposed) this.#end = null;
  }

  async #passively(request: ReadRequest): Promise<void> {
    await new Promise<void>((resolve) => (this.#passive = { request, resolve }));
    this.#passive = null;
  }

  async #actively(request: ReadRequest): Promise<void> {
    const missing = Math.max(1, wanted(request) - this.#inbox.length);
    const until = request.until === undefined ? {} : { until: request.until };
    const watch = { wire: this.#wiring.wire, atLeast: missing, ...until };
    await this.clock.wait(request.deadlineUs, watch, () => this.#ready(request));
  }

  #ready(request: ReadRequest): boolean {
    if (this.#end) return true;
    if (this.#inbox.length >= wanted(request)) return true;
    return request.until !== undefined && this.#inbox.includes(request.until);
  }

  #closedFailure(): Result<never> {
    const { reason, expected } = this.#end!;
    return fail(
      'link.closed',
      { address: this.address, reason },
      expected ? 'The link was closed on this side.' : 'The far side of the simulated wire went away.',
      'Open it again, or program the board again after a stop of the emulation.',
    );
  }
}

/** Bytes that end a read without its `until` byte. */
function wanted(request: ReadRequest): number {
  if (request.atLeast !== undefined) return Math.min(HINT_LIMIT, Math.max(1, request.atLeast));
  return request.until === undefined ? 1 : HINT_LIMIT;
}
