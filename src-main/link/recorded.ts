import type { Clock } from '../base/clock.ts';
import type { Result } from '../base/errors.ts';
import type { Link, LinkRead, ReadRequest } from './link.ts';

export interface LinkRecord {
  /** On the link's clock. */
  readonly timeUs: number;
  readonly direction: 'out' | 'in' | 'note';
  readonly bytes: Uint8Array;
}

/**
 * A link that remembers what went over it, both ways, with times: for diagnostics, and for replay. Keeps the
 * last `keptBytes` and counts what it had to forget.
 */
export class RecordedLink implements Link {
  readonly #inner: Link;
  readonly #keptBytes: number;
  #records: LinkRecord[] = [];
  #bytes = 0;
  #forgotten = 0;

  constructor(inner: Link, keptBytes = 1024 * 1024) {
    this.#inner = inner;
    this.#keptBytes = keptBytes;
  }

  get address(): string {
    return this.#inner.address;
  }
  get clock(): Clock {
    return this.#inner.clock;
  }
  get deterministic(): boolean {
    return this.#inner.deterministic;
  }
  get records(): readonly LinkRecord[] {
    return this.#records;
  }
  get forgottenBytes(): number {
    return this.#forgotten;
  }

  write(bytes: Uint8Array): Promise<Result<void>> {
    this.#keep('out', bytes);
    return this.#inner.write(bytes);
  }

  async read(request: ReadRequest): Promise<LinkRead> {
    const read = await this.#inner.read(request);
    if (read.kind === 'bytes') this.#keep('in', read.bytes);
    if (read.kind === 'closed') this.#keep('note', Buffer.from(`closed: ${read.reason}`));
    return read;
  }

  setBaud(baud: number): Promise<Result<void>> {
    this.#keep('note', Buffer.from(`baud ${baud}`));
    return this.#inner.setBaud(baud);
  }

  discardInput(): number {
    return this.#inner.discardInput();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#inner[Symbol.asyncDispose]());
  }

  #keep(direction: LinkRecord['direction'], bytes: Uint8Array): void {
    this.#records.push({ timeUs: this.#inner.clock.nowUs(), direction, bytes: bytes.slice() });
    this.#bytes += bytes.length;
    let drop = 0;
    while (this.#bytes > this.#keptBytes && drop < this.#records.length - 1) {
      this.#bytes -= this.#records[drop]!.bytes.length;
      this.#forgotten += this.#records[drop]!.bytes.length;
      drop++;
    }
    if (drop > 0) this.#records = this.#records.slice(drop);
  }
}

/** `    12.345 ms > name%`: one record a line, control characters escaped. */
export function recordText(records: readonly LinkRecord[]): string {
  const sign = { out: '>', in: '<', note: '#' };
  return records
    .map((r) => `${(r.timeUs / 1000).toFixed(3).padStart(12)} ms ${sign[r.direction]} ${escaped(r.bytes)}\n`)
    .join('');
}

function escaped(bytes: Uint8Array): string {
  let text = '';
  for (const b of bytes) {
    if (b === 0x0d) text += '\\r';
    else if (b === 0x0a) text += '\\n';
    else if (b === 0x5c) text += '\\\\';
    else text += b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : `\\x${b.toString(16).padStart(2, '0')}`;
  }
  return text;
}
