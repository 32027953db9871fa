import { crc16 } from '../base/crc.ts';

/**
 * Consistent Overhead Byte Stuffing (Cheshire & Baker 1999): the result has no 0x00 and is at most
 * 1 + ⌊n/254⌋ bytes longer. Zero-length input gives one byte.
 */
export function encodeCobs(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + 1 + Math.floor(bytes.length / 254));
  let codeAt = 0;
  let at = 1;
  let code = 1;
  for (let i = 0; i < bytes.length; i++) {
    const b = bytes[i]!;
    if (b !== 0) {
      out[at++] = b;
      code++;
    }
    if (b === 0 || (code === 0xff && i + 1 < bytes.length)) {
      out[codeAt] = code;
      codeAt = at++;
      code = 1;
    }
  }
  out[codeAt] = code;
  return out.subarray(0, at);
}

/** Inverse of `encodeCobs`; null when the bytes are no COBS (a zero inside, or a code that points outside). */
export function decodeCobs(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length === 0) return null;
  const out = new Uint8Array(bytes.length);
  let at = 0;
  let i = 0;
  while (i < bytes.length) {
    const code = bytes[i++]!;
    if (code === 0 || i + code - 1 > bytes.length) return null;
    for (let k = 1; k < code; k++) {
      const b = bytes[i++]!;
      if (b === 0) return null;
      out[at++] = b;
    }
    if (code !== 0xff && i < bytes.length) out[at++] = 0;
  }
  return out.subarray(0, at);
}

export interface BulkFrame {
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/**
 * One frame of a checked upload: COBS(sequence u16 LE ‖ payload ‖ CRC-16/CCITT-FALSE of both, u16 LE) between
 * 0x00 bytes. The leading 0x00 ends whatever noise stood on the line before it.
 */
export function encodeFrame(frame: BulkFrame): Uint8Array {
  const body = new Uint8Array(frame.payload.length + 4);
  body[0] = frame.sequence & 0xff;
  body[1] = (frame.sequence >> 8) & 0xff;
  body.set(frame.payload, 2);
  const crc = crc16(body.subarray(0, body.length - 2));
  body[body.length - 2] = crc & 0xff;
  body[body.length - 1] = crc >> 8;
  const stuffed = encodeCobs(body);
  const wire = new Uint8Array(stuffed.length + 2);
  wire.set(stuffed, 1);
  return wire;
}

export type FrameEvent =
  | ({ readonly kind: 'frame' } & BulkFrame)
  | { readonly kind: 'bad'; readonly reason: 'too-long' | 'not-cobs' | 'too-short' | 'crc' };

/** Cuts a byte stream into frames, whatever the chunks. Empty frames (two delimiters in a row) are nothing. */
export class FrameSplitter {
  readonly #maxBytes: number;
  readonly #buffer: Uint8Array;
  #length = 0;
  #overflow = false;

  constructor(maxBytes = 2048) {
    this.#maxBytes = maxBytes;
    this.#buffer = new Uint8Array(maxBytes);
  }

  push(bytes: Uint8Array): FrameEvent[] {
    const events: FrameEvent[] = [];
    for (const b of bytes) {
      if (b !== 0) {
        if (this.#length < this.#maxBytes) this.#buffer[this.#length++] = b;
        else this.#overflow = true;
        continue;
      }
      const event = this.#finish();
      if (event) events.push(event);
    }
    return events;
  }

  #finish(): FrameEvent | undefined {
    const stuffed = this.#buffer.subarray(0, this.#length);
    const overflow = this.#overflow;
    this.#length = 0;
    this.#overflow = false;
    if (overflow) return { kind: 'bad', reason: 'too-long' };
    if (stuffed.length === 0) return undefined;
    const body = decodeCobs(stuffed);
    if (!body) return { kind: 'bad', reason: 'not-cobs' };
    if (body.length < 4) return { kind: 'bad', reason: 'too-short' };
    const end = body.length - 2;
    if (crc16(body.subarray(0, end)) !== (body[end]! | (body[end + 1]! << 8)))
      return { kind: 'bad', reason: 'crc' };
    return { kind: 'frame', sequence: body[0]! | (body[1]! << 8), payload: body.slice(2, end) };
  }
}
