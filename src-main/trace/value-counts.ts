import { CHUNK_SAMPLES } from './format.ts';

/**
 * How often each value came, in bins that are fixed for all traces: the first 14 bits of the value as IEEE 754 single
 * precision (sign, exponent, 5 bits of mantissa), 32 bins an octave. A value is known to its bin, at most 1/32 wide
 * against its lower edge. Missing samples (NaN) are not counted.
 */
export const VALUE_BINS = 1 << 14;
/** Widest bin against its edge nearer to zero, normal numbers. */
export const VALUE_BIN_REL = 1 / 32;
const SHIFT = 18;
const NAN_BINS_FROM = 0x7f80 >>> 2;
const SIGN = VALUE_BINS >>> 1;

/** Chunks under one stored block, by level. */
export const VALUE_COUNT_CHUNKS: readonly number[] = [1, 16, 256, 4096];

export class ValueCounts {
  readonly counts = new Float64Array(VALUE_BINS);

  clear(): void {
    this.counts.fill(0);
  }

  addAll(other: ValueCounts): void {
    for (let i = 0; i < VALUE_BINS; i++) this.counts[i]! += other.counts[i]!;
  }

  /** A stored block: u32 n, u32 counts[n], u16 bins[n], little-endian. False where the bytes are no such block. */
  addBytes(bytes: Uint8Array): boolean {
    if (bytes.length < 4) return false;
    const v = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const n = v.getUint32(0, true);
    if (n > VALUE_BINS || bytes.length !== 4 + 6 * n) return false;
    for (let i = 0; i < n; i++) {
      const bin = v.getUint16(4 + 4 * n + 2 * i, true);
      if (bin >= VALUE_BINS) return false;
      this.counts[bin]! += v.getUint32(4 + 4 * i, true);
    }
    return true;
  }

  toBytes(): Uint8Array {
    let n = 0;
    for (let i = 0; i < VALUE_BINS; i++) if (this.counts[i]! > 0) n++;
    const bytes = new Uint8Array(4 + 6 * n);
    const v = new DataView(bytes.buffer);
    v.setUint32(0, n, true);
    let at = 0;
    for (let bin = 0; bin < VALUE_BINS; bin++) {
      if (this.counts[bin] === 0) continue;
      v.setUint32(4 + 4 * at, this.counts[bin]!, true);
      v.setUint16(4 + 4 * n + 2 * at, bin, true);
      at++;
    }
    return bytes;
  }
}

/** Puts samples into bins. Hot: nothing is allocated. */
export class ValueCounter {
  readonly #single = new Float32Array(CHUNK_SAMPLES);
  readonly #bits = new Uint32Array(this.#single.buffer);
  readonly #counts = new Uint32Array(VALUE_BINS);

  /** Adds `values[from, to)`, at most a chunk of them. */
  addTo(target: ValueCounts, values: Float64Array, from: number, to: number): void {
    const n = to - from;
    const bits = this.#bits;
    const counts = this.#counts;
    counts.fill(0);
    this.#single.set(from === 0 && to === values.length ? values : values.subarray(from, to));
    for (let i = 0; i < n; i++) counts[bits[i]! >>> SHIFT]!++;
    const sums = target.counts;
    for (let b = 0; b < NAN_BINS_FROM; b++) sums[b]! += counts[b]!;
    for (let b = SIGN; b < SIGN + NAN_BINS_FROM; b++) sums[b]! += counts[b]!;
  }
}

const single = new Float32Array(1);
const bitsOfSingle = new Uint32Array(single.buffer);

function edge(bits: number): number {
  bitsOfSingle[0] = bits << SHIFT;
  return single[0]!;
}

/** Lower edge (included above zero) and upper edge of a bin; for negative ones the edge nearer to zero is included. */
export function valueBinEdges(bin: number): { readonly low: number; readonly high: number } {
  const magnitude = bin & (SIGN - 1);
  const near = edge(magnitude);
  // the edge after the largest finite numbers is infinity
  const far = edge(magnitude + 1);
  return bin < SIGN ? { low: near, high: far } : { low: -far, high: -near };
}

/** Bins in ascending order of their values. */
export function ascendingValueBins(counts: Float64Array): number[] {
  const bins: number[] = [];
  for (let b = VALUE_BINS - 1; b >= SIGN; b--) if (counts[b]! > 0) bins.push(b);
  for (let b = 0; b < SIGN; b++) if (counts[b]! > 0) bins.push(b);
  return bins;
}

/**
 * The blocks of value counts above the chunk's, fed one finished chunk after the other; a block is handed out when it is
 * complete and never changes.
 */
export class ValueCountLevels {
  readonly #open = VALUE_COUNT_CHUNKS.slice(1).map(() => new ValueCounts());
  #chunks = 0;

  add(chunk: ValueCounts): { level: number; block: number; bytes: Uint8Array }[] {
    this.#open[0]!.addAll(chunk);
    this.#chunks++;
    const done: { level: number; block: number; bytes: Uint8Array }[] = [];
    for (let i = 0; i < this.#open.length; i++) {
      const size = VALUE_COUNT_CHUNKS[i + 1]!;
      if (this.#chunks % size !== 0) break;
      const open = this.#open[i]!;
      this.#open[i + 1]?.addAll(open);
      done.push({ level: i + 1, block: this.#chunks / size - 1, bytes: open.toBytes() });
      open.clear();
    }
    return done;
  }
}
