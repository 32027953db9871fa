import { BugError } from '../base/errors.ts';
import {
  CHUNK_LEVELS,
  CHUNK_LEVELS_V1,
  CHUNK_SAMPLES,
  HIGH_BLOCK_BUCKETS,
  LEVEL_SAMPLES,
  type DecodedSamples,
} from './format.ts';

/**
 * Buckets of one pyramid level as columns over one buffer, so that a row on disk is the buffer itself.
 * Layout (little-endian, `n` = capacity, `R` = ranges): f64 min[n], max[n], sum[n], m2[n]; from level 1 on also
 * f64 within[n], shift[n], rangeSum[R·n]; u32 valid[n]; from level 1 on u32 rangeCount[R·n]; u8 or[n], and[n].
 * A, and A² for m2 and within. An empty bucket has valid = 0, min = +∞, max = −∞, or = 0, and = 255.
 */
export class Buckets {
  readonly level: number;
  readonly capacity: number;
  readonly rangeCount: number;
  readonly bytes: Uint8Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly sum: Float64Array;
  /** Squared deviations about the bucket's own mean, merged after Chan, Golub & LeVeque 1979. */
  readonly m2: Float64Array;
  /** Sum of the m2 of the ÷64 buckets below: the noise without slow changes. */
  readonly within: Float64Array;
  /** Sum of what the decoder's filter added. */
  readonly shift: Float64Array;
  readonly rangeSum: Float64Array;
  readonly valid: Uint32Array;
  readonly rangeSamples: Uint32Array;
  readonly or: Uint8Array;
  readonly and: Uint8Array;

  constructor(level: number, capacity: number, rangeCount: number, bytes?: Uint8Array) {
    const size = bucketBytes(level, capacity, rangeCount);
    if (bytes && bytes.byteLength !== size)
      throw new BugError(`bucket row of ${bytes.byteLength} bytes, expected ${size}`);
    const own = new Uint8Array(size);
    if (bytes) own.set(bytes);
    this.level = level;
    this.capacity = capacity;
    this.rangeCount = rangeCount;
    this.bytes = own;
    const rich = level > 0;
    let at = 0;
    const f64 = (n: number) => {
      const a = new Float64Array(own.buffer, at, n);
      at += 8 * n;
      return a;
    };
    const u32 = (n: number) => {
      const a = new Uint32Array(own.buffer, at, n);
      at += 4 * n;
      return a;
    };
    this.min = f64(capacity);
    this.max = f64(capacity);
    this.sum = f64(capacity);
    this.m2 = f64(capacity);
    this.within = f64(rich ? capacity : 0);
    this.shift = f64(rich ? capacity : 0);
    this.rangeSum = f64(rich ? capacity * rangeCount : 0);
    this.valid = u32(capacity);
    this.rangeSamples = u32(rich ? capacity * rangeCount : 0);
    this.or = new Uint8Array(own.buffer, at, capacity);
    this.and = new Uint8Array(own.buffer, at + capacity, capacity);
    if (!bytes) this.clear();
  }

  clear(): void {
    this.bytes.fill(0);
    this.min.fill(Infinity);
    this.max.fill(-Infinity);
    this.and.fill(255);
  }

  /** Merges bucket `j` of `from` into bucket `i`. `within` of a level-0 bucket is its own m2. */
  merge(i: number, from: Buckets, j: number): void {
    const nb = from.valid[j]!;
    if (nb > 0) {
      const na = this.valid[i]!;
      const n = na + nb;
      if (na > 0) {
        const delta = from.sum[j]! / nb - this.sum[i]! / na;
        this.m2[i]! += from.m2[j]! + delta * delta * ((na * nb) / n);
      } else this.m2[i] = from.m2[j]!;
      this.sum[i]! += from.sum[j]!;
      if (from.min[j]! < this.min[i]!) this.min[i] = from.min[j]!;
      if (from.max[j]! > this.max[i]!) this.max[i] = from.max[j]!;
      this.valid[i] = n;
      this.or[i]! |= from.or[j]!;
      this.and[i]! &= from.and[j]!;
    }
    if (from.level === 0) {
      this.within[i]! += from.m2[j]!;
      return;
    }
    this.within[i]! += from.within[j]!;
    this.shift[i]! += from.shift[j]!;
    for (let r = 0; r < this.rangeCount; r++) {
      this.rangeSum[i * this.rangeCount + r]! += from.rangeSum[j * this.rangeCount + r]!;
      this.rangeSamples[i * this.rangeCount + r]! += from.rangeSamples[j * this.rangeCount + r]!;
    }
  }
}

export function bucketBytes(level: number, capacity: number, rangeCount: number): number {
  const rich = level > 0 ? capacity * (8 * (2 + rangeCount) + 4 * rangeCount) : 0;
  return capacity * (4 * 8 + 4 + 2) + rich;
}

/** Levels 0–2 of one chunk: what a recorder builds of it, and the summary row of format version 1. */
export class ChunkSummary {
  readonly levels: readonly Buckets[];

  constructor(rangeCount: number, bytes?: Uint8Array) {
    let at = 0;
    this.levels = LEVEL_SAMPLES.slice(0, CHUNK_LEVELS_V1).map((samples, level) => {
      const capacity = CHUNK_SAMPLES / samples;
      const size = bucketBytes(level, capacity, rangeCount);
      const part = bytes?.subarray(at, at + size);
      at += size;
      return new Buckets(level, capacity, rangeCount, part);
    });
  }

  toBytes(): Uint8Array {
    const out = new Uint8Array(this.levels.reduce((sum, l) => sum + l.bytes.length, 0));
    let at = 0;
    for (const l of this.levels) {
      out.set(l.bytes, at);
      at += l.bytes.length;
    }
    return out;
  }

  /** Builds all three levels from offsets [0, length) of decoded samples. */
  build(samples: DecodedSamples, length: number): void {
    const [l0, l1, l2] = this.levels as [Buckets, Buckets, Buckets];
    for (const l of this.levels) l.clear();
    const buckets = Math.ceil(length / 64);
    for (let b = 0; b < buckets; b++) {
      buildBucket(l0, l1, b, samples, b * 64, Math.min(length, b * 64 + 64));
      l1.merge(b >> 4, l0, b);
    }
    for (let s = 0; s < samples.shiftCount; s++) l1.shift[samples.shiftAt[s]! >>> 10]! += samples.shiftA[s]!;
    const tens = Math.ceil(buckets / 16);
    for (let b = 0; b < tens; b++) l2.merge(b >> 4, l1, b);
  }
}

/** One ÷64 bucket, and its share of the ranges in the level above. Hot: allocates nothing. */
function buildBucket(
  l0: Buckets,
  l1: Buckets,
  b: number,
  samples: DecodedSamples,
  from: number,
  to: number,
): void {
  const { amperes } = samples;
  let n = 0;
  let sum = 0;
  let min = Infinity;
  let max = -Infinity;
  for (let i = from; i < to; i++) {
    const a = amperes[i]!;
    // NaN marks a missing sample
    if (a !== a) continue;
    n++;
    sum += a;
    if (a < min) min = a;
    if (a > max) max = a;
  }
  if (n === 0) return;
  const mean = sum / n;
  let m2 = 0;
  for (let i = from; i < to; i++) {
    const d = amperes[i]! - mean;
    if (d === d) m2 += d * d;
  }
  l0.min[b] = min;
  l0.max[b] = max;
  l0.sum[b] = sum;
  l0.m2[b] = m2;
  l0.valid[b] = n;
  if (n === 64) wholeBucketBits(l0, l1, b, samples, from, sum);
  else partialBucketBits(l0, l1, b, samples, from, to);
}

/** Logic bits and ranges of 64 samples that are all there, four at a time. */
function wholeBucketBits(
  l0: Buckets,
  l1: Buckets,
  b: number,
  samples: DecodedSamples,
  from: number,
  sum: number,
): void {
  const { logicWords, rangeWords, ranges } = samples;
  const first = from >> 2;
  const range = ranges[from]!;
  const allRange = Math.imul(range, 0x01010101);
  let or = 0;
  let and = -1;
  let other = 0;
  for (let i = first; i < first + 16; i++) {
    const four = logicWords[i]!;
    or |= four;
    and &= four;
    other |= rangeWords[i]! ^ allRange;
  }
  or |= or >>> 16;
  and &= and >>> 16;
  l0.or[b] = or | (or >>> 8);
  l0.and[b] = and & (and >>> 8);
  if (other !== 0) {
    addRanges(l1, b, samples, from, from + 64);
    return;
  }
  const row = (b >> 4) * l1.rangeCount + range;
  l1.rangeSum[row]! += sum;
  l1.rangeSamples[row]! += 64;
}

function partialBucketBits(
  l0: Buckets,
  l1: Buckets,
  b: number,
  samples: DecodedSamples,
  from: number,
  to: number,
): void {
  let or = 0;
  let and = 255;
  for (let i = from; i < to; i++) {
    if (Number.isNaN(samples.amperes[i])) continue;
    or |= samples.logic[i]!;
    and &= samples.logic[i]!;
  }
  l0.or[b] = or;
  l0.and[b] = and;
  addRanges(l1, b, samples, from, to);
}

function addRanges(l1: Buckets, b: number, samples: DecodedSamples, from: number, to: number): void {
  const row = (b >> 4) * l1.rangeCount;
  for (let i = from; i < to; i++) {
    const r = samples.ranges[i]!;
    const a = samples.amperes[i]!;
    if (a !== a) continue;
    l1.rangeSum[row + r]! += a;
    l1.rangeSamples[row + r]!++;
  }
}

interface ChangedRow {
  readonly level: number;
  readonly block: number;
  readonly bytes: Uint8Array;
}

/**
 * The levels whose rows span chunks, fed one finished chunk after the other. Only complete buckets are handed out, so a
 * reader never meets one that a later chunk would change.
 */
export class HighLevels {
  readonly #open: Buckets[];
  readonly #filled: number[];
  readonly #rows: Buckets[];
  readonly #counts: number[];
  readonly #changed = new Set<number>();

  constructor(rangeCount: number) {
    const high = LEVEL_SAMPLES.slice(CHUNK_LEVELS);
    this.#open = high.map((_, i) => new Buckets(CHUNK_LEVELS + i, 1, rangeCount));
    this.#rows = high.map((_, i) => new Buckets(CHUNK_LEVELS + i, HIGH_BLOCK_BUCKETS, rangeCount));
    this.#filled = high.map(() => 0);
    this.#counts = high.map(() => 0);
  }

  /** Returns the rows that changed. */
  add(chunk: ChunkSummary): ChangedRow[] {
    const lowest = chunk.levels[CHUNK_LEVELS]!;
    for (let j = 0; j < lowest.capacity; j++) this.#put(0, lowest, j);
    const rows = [...this.#changed].map((i) => ({
      level: CHUNK_LEVELS + i,
      block: Math.floor((this.#counts[i]! - 1) / HIGH_BLOCK_BUCKETS),
      bytes: this.#rows[i]!.bytes.slice(),
    }));
    this.#changed.clear();
    return rows;
  }

  /** A complete bucket of level `i` takes its place in its row and goes into the open one above. */
  #put(i: number, from: Buckets, j: number): void {
    const at = this.#counts[i]! % HIGH_BLOCK_BUCKETS;
    const row = this.#rows[i]!;
    if (at === 0) row.clear();
    row.merge(at, from, j);
    this.#counts[i]! += 1;
    this.#changed.add(i);
    const above = this.#open[i + 1];
    if (!above) return;
    above.merge(0, from, j);
    this.#filled[i + 1]! += 1;
    if (this.#filled[i + 1]! < 16) return;
    this.#filled[i + 1] = 0;
    this.#put(i + 1, above, 0);
    above.clear();
  }
}
