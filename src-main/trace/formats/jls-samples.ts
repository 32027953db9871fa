import { ok, type Result } from '../../base/errors.ts';
import type { PlacedBytes } from './imported.ts';
import { jlsPayload, viewOf, type JlsBlock, type JlsSignal } from './jls-walk.ts';

const TIMED_BYTES = 16;
/** A block of JLS's writer has at most 65 536 samples; a file that claims more is not believed. */
const MOST_BLOCK_SAMPLES = 2 ** 24;

/** Whether the samples are of a form that can be read here. */
export function isReadable({ kind, base, bits }: JlsSignal): boolean {
  if (kind !== 'fixed') return false;
  if (base === 'float') return bits === 32 || bits === 64;
  if (base === 'uint' && bits === 1) return true;
  return (base === 'int' || base === 'uint') && [4, 8, 16, 24, 32, 64].includes(bits);
}

/** Reads the samples of one signal block by block. */
export class JlsSamples {
  readonly #bytes: PlacedBytes;
  readonly #signal: JlsSignal;
  #values = new Float64Array(0);
  #loaded: JlsBlock | null = null;
  #next = 0;

  constructor(bytes: PlacedBytes, signal: JlsSignal) {
    this.#bytes = bytes;
    this.#signal = signal;
  }

  /**
   * The samples of a block in the signal's unit, NaN where one is missing; valid until the next call. `sound` is false
   * where the block is damaged: all of it is missing then.
   */
  block(block: JlsBlock): Result<{ readonly values: Float64Array; readonly sound: boolean }> {
    const { count } = block;
    if (count > MOST_BLOCK_SAMPLES) return ok({ values: new Float64Array(0), sound: false });
    if (this.#values.length < count) this.#values = new Float64Array(count);
    const values = this.#values.subarray(0, count);
    values.fill(NaN);
    const place = block.place ?? block.summary;
    const payload = place ? jlsPayload(this.#bytes, place) : ok(null);
    if (!payload.ok) return payload;
    if (!payload.value) return ok({ values, sound: false });
    if (block.place) decode(payload.value, this.#signal, values);
    else fromSummary(payload.value, this.#signal, block.firstId, values);
    return ok({ values, sound: true });
  }

  /**
   * Raises bit `channel` of `out[i]` where sample `fromId + i` is not 0; false where a block that begins to be read here
   * is damaged. Calls must go forward.
   */
  bits(fromId: number, out: Uint8Array, length: number, channel: number): Result<boolean> {
    const { blocks } = this.#signal;
    const toId = fromId + length;
    let sound = true;
    while (this.#next < blocks.length) {
      const block = blocks[this.#next]!;
      if (block.firstId >= toId) return ok(sound);
      if (block.firstId + block.count > fromId) {
        const raised = this.#raise(block, fromId, toId, out, channel);
        if (!raised.ok) return raised;
        sound &&= raised.value;
        if (block.firstId + block.count > toId) return ok(sound);
      }
      this.#next++;
    }
    return ok(sound);
  }

  #raise(block: JlsBlock, fromId: number, toId: number, out: Uint8Array, channel: number): Result<boolean> {
    let sound = true;
    if (this.#loaded !== block) {
      const loaded = this.block(block);
      if (!loaded.ok) return loaded;
      ({ sound } = loaded.value);
      this.#loaded = block;
    }
    const end = Math.min(toId, block.firstId + Math.min(block.count, this.#values.length));
    for (let id = Math.max(fromId, block.firstId); id < end; id++)
      if (this.#values[id - block.firstId]! > 0) out[id - fromId]! |= 1 << channel;
    return ok(sound);
  }
}

function decode(payload: Uint8Array, { base, bits, fractionBits }: JlsSignal, out: Float64Array): void {
  const view = viewOf(payload);
  const scale = base === 'float' ? 1 : 2 ** -fractionBits;
  const value = reader(view, base, bits);
  for (let i = 0; i < out.length; i++) out[i] = value(i) * scale;
}

/** Sample i of a payload. Signed values of 4 and 24 bits are in two's complement. */
function reader(view: DataView, base: JlsSignal['base'], bits: number): (i: number) => number {
  const at = TIMED_BYTES;
  const signed = base === 'int';
  if (base === 'float')
    return bits === 32 ? (i) => view.getFloat32(at + 4 * i, true) : (i) => view.getFloat64(at + 8 * i, true);
  switch (bits) {
    case 1:
      return (i) => (view.getUint8(at + (i >> 3)) >> (i & 7)) & 1;
    case 4:
      return (i) => {
        const n = (view.getUint8(at + (i >> 1)) >> (4 * (i & 1))) & 15;
        return signed && n > 7 ? n - 16 : n;
      };
    case 8:
      return signed ? (i) => view.getInt8(at + i) : (i) => view.getUint8(at + i);
    case 16:
      return signed ? (i) => view.getInt16(at + 2 * i, true) : (i) => view.getUint16(at + 2 * i, true);
    case 24:
      return (i) => {
        const low = view.getUint16(at + 3 * i, true);
        return low + 65_536 * (signed ? view.getInt8(at + 3 * i + 2) : view.getUint8(at + 3 * i + 2));
      };
    case 32:
      return signed ? (i) => view.getInt32(at + 4 * i, true) : (i) => view.getUint32(at + 4 * i, true);
    default:
      return signed
        ? (i) => Number(view.getBigInt64(at + 8 * i, true))
        : (i) => Number(view.getBigUint64(at + 8 * i, true));
  }
}

/** Samples that were left out: known where least and greatest are the same, else missing. */
function fromSummary(payload: Uint8Array, signal: JlsSignal, firstId: number, out: Float64Array): void {
  const view = viewOf(payload);
  if (payload.length < TIMED_BYTES || signal.samplesPerEntry === 0) return;
  const summaryId = Number(view.getBigInt64(0, true));
  const wide = view.getUint16(12, true) === 256;
  const entries = Math.floor((payload.length - TIMED_BYTES) / (wide ? 32 : 16));
  const figure = (entry: number, k: number) =>
    wide
      ? view.getFloat64(TIMED_BYTES + 32 * entry + 8 * k, true)
      : view.getFloat32(TIMED_BYTES + 16 * entry + 4 * k, true);
  for (let i = 0; i < out.length; i++) {
    const entry = Math.floor((firstId + i - summaryId) / signal.samplesPerEntry);
    if (entry < 0 || entry >= entries) continue;
    const low = figure(entry, 2);
    if (low === figure(entry, 3)) out[i] = low;
  }
}
