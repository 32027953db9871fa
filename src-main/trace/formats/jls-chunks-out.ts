import { crc32c } from '../../base/crc.ts';
import { ok, type Result } from '../../base/errors.ts';
import type { PlacedSink } from './exported.ts';

const IDENTIFICATION = [
  0x6a, 0x6c, 0x73, 0x66, 0x6d, 0x74, 0x0d, 0x0a, 0x20, 0x0a, 0x20, 0x1a, 0x20, 0x20, 0xb2, 0x1c,
];
const FORMAT_VERSION = 0x0100_0000;
const HEADER_BYTES = 32;
const END_TAG = 0xff;

/**
 * Chunks of a JLS v2 file one behind the other: header, payload, padding, both CRC-32C. Chunks of one list are linked
 * both ways, so each new one rewrites the header of the one before it. Layout: docs/trace-formats.md.
 */
export class JlsChunks {
  readonly #sink: PlacedSink;
  readonly #lists = new Map<string, { readonly at: number; readonly header: Uint8Array }>();
  #end = HEADER_BYTES;
  #payloadBefore = 0;

  constructor(sink: PlacedSink) {
    this.#sink = sink;
  }

  /** Where the next chunk will be. */
  get end(): number {
    return this.#end;
  }

  /** Writes a header of length 0: the mark of a file that was not closed. */
  begin(): Promise<Result<void>> {
    return this.#sink.writeAt(0, fileHeader(0));
  }

  /** Appends a chunk to a list; gives its place. */
  async add(list: string, tag: number, meta: number, payload: Uint8Array): Promise<Result<number>> {
    const at = this.#end;
    const before = this.#lists.get(list);
    if (before) {
      new DataView(before.header.buffer).setBigUint64(0, BigInt(at), true);
      const linked = await this.#sink.writeAt(before.at, sealed(before.header));
      if (!linked.ok) return linked;
    }
    const bytes = chunk(before?.at ?? 0, tag, meta, payload, this.#payloadBefore);
    const written = await this.#sink.writeAt(at, bytes);
    if (!written.ok) return written;
    this.#lists.set(list, { at, header: bytes.slice(0, HEADER_BYTES) });
    this.#end += bytes.length;
    this.#payloadBefore = payload.length;
    return ok(at);
  }

  /** Another payload of the same length in the place of an earlier one. */
  replace(at: number, payload: Uint8Array): Promise<Result<void>> {
    return this.#sink.writeAt(at + HEADER_BYTES, sealedPayload(payload));
  }

  /** The end chunk, and the length of the file in its header. */
  async close(): Promise<Result<void>> {
    const ended = await this.add('end', END_TAG, 0, new Uint8Array(0));
    return ended.ok ? this.#sink.writeAt(0, fileHeader(this.#end)) : ended;
  }
}

function fileHeader(length: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(IDENTIFICATION);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(16, BigInt(length), true);
  view.setUint32(24, FORMAT_VERSION, true);
  return sealed(bytes);
}

/** With the CRC of the first 28 bytes in the last four. */
function sealed(header: Uint8Array): Uint8Array {
  new DataView(header.buffer).setUint32(28, crc32c(header.subarray(0, 28)), true);
  return header;
}

function chunk(
  previous: number,
  tag: number,
  meta: number,
  payload: Uint8Array,
  payloadBefore: number,
): Uint8Array {
  const body = sealedPayload(payload);
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(8, BigInt(previous), true);
  view.setUint8(16, tag);
  view.setUint16(18, meta, true);
  view.setUint32(20, payload.length, true);
  view.setUint32(24, payloadBefore, true);
  sealed(bytes);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** Padded so that the CRC behind it ends at a multiple of eight; nothing at all where there is no payload. */
function sealedPayload(payload: Uint8Array): Uint8Array {
  if (payload.length === 0) return payload;
  const bytes = new Uint8Array(Math.ceil((payload.length + 4) / 8) * 8);
  bytes.set(payload);
  new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32c(payload), true);
  return bytes;
}
