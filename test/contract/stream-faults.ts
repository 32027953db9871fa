import type { Clock } from '../../src-main/base/clock.ts';
import type { Result } from '../../src-main/base/errors.ts';
import type { Link, LinkRead, ReadRequest } from '../../src-main/link/link.ts';

/** What happens to the n-th block of samples since `arm`, or to what is read; null leaves it as it is. */
export interface LineFaults {
  readonly onWrite?: (bytes: Uint8Array, write: number) => Uint8Array | null;
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

  write(bytes: Uint8Array): Promise<Result<void>> {
    if (bytes.length < LEAST_BLOCK_BYTES) return this.inner.write(bytes);
    return this.inner.write(this.#faults.onWrite?.(bytes, this.#writes++) ?? bytes);
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
