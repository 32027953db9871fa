import type { Duplex, Readable, Writable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { ok, type Result } from '../base/errors.ts';
import { closedFailure, writeFailure } from './closed.ts';
import { ByteInbox } from './inbox.ts';
import type { Link, LinkRead, ReadRequest } from './link.ts';

export interface StreamLinkParts {
  readonly address: string;
  readonly clock: Clock;
  readonly input: Readable | Duplex;
  readonly output: Writable | Duplex;
  /** True when the owner calls `end` with a better reason than that a stream ended. */
  readonly ownerEnds?: boolean;
  readonly setBaud?: (baud: number) => Promise<Result<void>>;
  /** Ends the thing behind the streams; called once. */
  readonly dispose: () => Promise<void>;
}

/** A Link over Node streams: what TCP, child processes and serial ports share. */
export class StreamLink implements Link {
  readonly deterministic = false;
  readonly address: string;
  readonly clock: Clock;
  readonly #parts: StreamLinkParts;
  readonly #inbox: ByteInbox;
  #disposing: Promise<void> | undefined;

  constructor(parts: StreamLinkParts) {
    this.address = parts.address;
    this.clock = parts.clock;
    this.#parts = parts;
    const { input, output } = parts;
    this.#inbox = new ByteInbox({ pause: () => input.pause(), resume: () => input.resume() });
    input.on('data', (bytes: Uint8Array) => this.#inbox.push(bytes));
    const streamEnds = (reason: string) => {
      if (!parts.ownerEnds) this.end(reason);
    };
    input.on('end', () => streamEnds('the far side ended the stream'));
    for (const stream of new Set<Readable | Writable>([input, output])) {
      stream.on('error', (e: Error) => streamEnds(e.message));
      stream.on('close', () => streamEnds('the stream was closed'));
    }
  }

  /** The far side is gone; what it sent before stays readable. */
  end(reason: string): void {
    this.#inbox.close(reason, this.#disposing !== undefined);
  }

  write(bytes: Uint8Array): Promise<Result<void>> {
    const end = this.#inbox.ended;
    if (end) return Promise.resolve(closedFailure(this.address, end.reason, end.expected));
    return new Promise((resolve) => {
      // A stream that is destroyed in mid-write need not call back: its `close` settles the promise then.
      const onClose = () =>
        resolve(
          closedFailure(this.address, this.#inbox.ended?.reason ?? 'closed', this.#disposing !== undefined),
        );
      this.#parts.output.once('close', onClose);
      this.#parts.output.write(bytes, (e) => {
        this.#parts.output.off('close', onClose);
        resolve(e ? writeFailure(this.address, e.message) : ok());
      });
    });
  }

  read(request: ReadRequest): Promise<LinkRead> {
    return this.#inbox.read(request, this.clock);
  }

  setBaud(baud: number): Promise<Result<void>> {
    return this.#parts.setBaud?.(baud) ?? Promise.resolve(ok());
  }

  discardInput(): number {
    return this.#inbox.discard();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposing ??= this.#close();
    return this.#disposing;
  }

  async #close(): Promise<void> {
    this.#inbox.close('closed here', true);
    await this.#parts.dispose();
  }
}
