import type { Clock } from '../base/clock.ts';
import type { Link } from '../link/link.ts';

/** What waits for a client that reads slowly: 2.6 s of a PPK2's stream. */
const LIMIT_BYTES = 1 << 20;
/** From here on whoever can wait should. */
const CONGESTED_BYTES = 1 << 16;
/** A client that took nothing for so long is not waited for. */
const STALLED_US = 1_000_000;
const WRITE_BYTES = 1 << 16;

export interface BoundedWriterOptions {
  readonly client: Link;
  readonly wall: Clock;
  /** So many bytes will never be sent. */
  readonly dropped: (bytes: number) => void;
}

/**
 * Writes to a client that may stop reading, without ever waiting and without growing: beyond a limit whole chunks are
 * dropped. A chunk of a PPK2's stream holds whole samples, so that a drop is a step of the sample counter, as on
 * the real device, and never shifts the samples behind it.
 */
export class BoundedWriter {
  readonly #options: BoundedWriterOptions;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #writing = false;
  #ended = false;
  #progressUs = 0;

  constructor(options: BoundedWriterOptions) {
    this.#options = options;
  }

  /** The client is behind but still reads. */
  get congested(): boolean {
    return this.#behind && !this.stalled;
  }

  /** The client has stopped reading. */
  get stalled(): boolean {
    return this.#behind && this.#options.wall.nowUs() - this.#progressUs >= STALLED_US;
  }

  get #behind(): boolean {
    return !this.#ended && this.#waitingBytes >= CONGESTED_BYTES;
  }

  push(chunk: Uint8Array): void {
    if (this.#ended || chunk.length === 0) return;
    if (this.#waitingBytes + chunk.length > LIMIT_BYTES) {
      this.#options.dropped(chunk.length);
      return;
    }
    if (this.#waitingBytes === 0) this.#progressUs = this.#options.wall.nowUs();
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (!this.#writing) void this.#write();
  }

  /** The client went away: what waits is lost with it. */
  end(): void {
    this.#ended = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      const { ok } = await this.#options.client.write(batch);
      if (!ok) this.end();
      if (this.#ended) break;
      this.#waitingBytes -= batch.length;
      this.#progressUs = this.#options.wall.nowUs();
    }
    this.#writing = false;
  }

  #take(): Uint8Array {
    let bytes = 0;
    let count = 0;
    while (
      count < this.#waiting.length &&
      (count === 0 || bytes + this.#waiting[count]!.length <= WRITE_BYTES)
    )
      bytes += this.#waiting[count++]!.length;
    const batch = this.#waiting.splice(0, count);
    return batch.length === 1 ? batch[0]! : Buffer.concat(batch, bytes);
  }
}

/** Says on one line, and not more often than every few seconds, what clients did not read. */
export class DropReport {
  readonly #name: string;
  readonly #wall: Clock;
  readonly #note: (line: string) => void;
  #bytes = 0;
  #saidBytes = 0;
  #saidUs = -Infinity;

  constructor(name: string, wall: Clock, note: (line: string) => void) {
    this.#name = name;
    this.#wall = wall;
    this.#note = note;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#wall.nowUs() - this.#saidUs >= SAY_EVERY_US) this.say();
  }

  /** Whatever was not said yet. */
  say(): void {
    if (this.#bytes === this.#saidBytes) return;
    this.#saidBytes = this.#bytes;
    this.#saidUs = this.#wall.nowUs();
    this.#note(`${this.#name}: the client does not keep up; ${this.#bytes} bytes dropped so far`);
  }
}

const SAY_EVERY_US = 5_000_000;
