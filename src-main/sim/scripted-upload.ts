import { crc32 } from '../base/crc.ts';
import { FrameSplitter, type FrameEvent } from '../link/cobs.ts';

const CANCEL_SEQUENCE = 0xffff;

/** The receiving side of `mj load` (docs/mj-commands.md) for a scripted device. */
export class ScriptedUpload {
  readonly kind: string;
  readonly bytes: Uint8Array;
  readonly #frames = new FrameSplitter();
  #next = 0;
  #received = 0;
  #state: 'open' | 'complete' | 'cancelled' = 'open';

  constructor(kind: string, count: number) {
    this.kind = kind;
    this.bytes = new Uint8Array(count);
  }

  get state(): 'open' | 'complete' | 'cancelled' {
    return this.#state;
  }

  /** The lines that answer these bytes. What follows the end of the upload is dropped. */
  receive(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    for (const event of this.#frames.push(bytes))
      if (this.#state === 'open') lines.push(...this.#answer(event));
    return lines;
  }

  #answer(event: FrameEvent): string[] {
    if (event.kind === 'bad') return [`m-mj-nak-[${this.#next},${event.reason}]`];
    if (event.sequence === CANCEL_SEQUENCE) {
      this.#state = 'cancelled';
      return ['e-[mj load: cancelled]', 'm-ready'];
    }
    const ack = `m-mj-ack-[${event.sequence}]`;
    if (event.sequence === this.#next - 1) return [ack];
    if (event.sequence !== this.#next) return [`m-mj-nak-[${this.#next},seq]`];
    this.bytes.set(event.payload, this.#received);
    this.#received += event.payload.length;
    this.#next++;
    if (this.#received < this.bytes.length) return [ack];
    this.#state = 'complete';
    return [ack, `m-mj-load-done-[${hex32(crc32(this.bytes))}]`, 'm-ready'];
  }
}

/** `m-mj-out` lines of raw outputs, 32 bytes each, and their CRC. */
export function outputLines(output: Uint8Array): string[] {
  const lines: string[] = [];
  for (let i = 0; i < output.length; i += 32)
    lines.push(`m-mj-out-[${i},${Buffer.from(output.subarray(i, i + 32)).toString('hex')}]`);
  return [...lines, `m-mj-outcrc-[${hex32(crc32(output))}]`];
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, '0');
}
