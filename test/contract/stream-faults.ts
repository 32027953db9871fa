import type { Clock } from '../../src-main/base/clock.ts';
import type { Result } from '../../src-main/base/errors.ts';
import type { Link, LinkRead, ReadRequest } from '../../src-main/link/link.ts';

/** What happens to the n-th block of samples since `arm`, or to what is read; null leaves it as it is. */
export interface LineFaults {
  readonly onWrite?: (bytes: Uint8Array, write: number) => Uint8Array | null;
  /** This block is sent in two halves, so long apart. */
  readonly pause?: { readonly write: number; readonly us: number };
  readonly onRead?: (bytes: Uint8Array, read: number) => Uint8Array | null;
}

/** Shorter writes are probes and questions. */
const LEAST_BLOCK_BYTES = 40;

/** A link with a bad cable. Every frame of a stream is one write. */
export class FaultyLink implements Link {
  readonly inner: Link;
  #faults: LineFaults = {};
  #writes = 0;
  #reads = 0;

  constructor(inner: Link) {
    this.inner = inner;
  }

  arm(faults: LineFaults): void {
    this.#faults = faults;
    this.#writes = 0;
    this.#reads = 0;
  }

  get address(): string {
    return this.inner.address;
  }
  get clock(): Clock {
    return this.inner.clock;
  }
  get deterministic(): boolean {
    return this.inner.deterministic;
  }

  async write(bytes: Uint8Array): Promise<Result<void>> {
    if (bytes.length < LEAST_BLOCK_BYTES) return this.inner.write(bytes);
    const write = this.#writes++;
    const { pause, onWrite } = this.#faults;
    if (pause?.write !== write) return this.inner.write(onWrite?.(bytes, write) ?? bytes);
    const half = bytes.length >> 1;
    const begun = await this.inner.write(bytes.subarray(0, half));
    if (!begun.ok) return begun;
    await this.clock.sleepUntilUs(this.clock.nowUs() + pause.us);
    return this.inner.write(bytes.subarray(half));
  }

  async read(request: ReadRequest): Promise<LinkRead> {
    const read = await this.inner.read(request);
    if (read.kind !== 'bytes') return read;
    return { kind: 'bytes', bytes: this.#faults.onRead?.(read.bytes, this.#reads++) ?? read.bytes };
  }

  setBaud(baud: number): Promise<Result<void>> {
    return this.inner.setBaud(baud);
  }
  discardInput(): number {
    return this.inner.discardInput();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.inner[Symbol.asyncDispose]());
  }
}
