import type { Buckets } from './buckets.ts';

/** Running sums over a span of samples: raw ones and whole buckets in any order. A, A². */
export class SpanSums {
  readonly rangeSum: Float64Array;
  readonly rangeSamples: Float64Array;
  min = Infinity;
  max = -Infinity;
  sum = 0;
  m2 = 0;
  /** Squared deviations within ÷64 buckets (raw edges: about the edge piece's mean). */
  within = 0;
  /** What the decoder's filter added. */
  shift = 0;
  valid = 0;
  or = 0;
  and = 255;

  constructor(rangeCount: number) {
    this.rangeSum = new Float64Array(rangeCount);
    this.rangeSamples = new Float64Array(rangeCount);
  }

  copy(): SpanSums {
    const c = new SpanSums(this.rangeSum.length);
    c.rangeSum.set(this.rangeSum);
    c.rangeSamples.set(this.rangeSamples);
    c.min = this.min;
    c.max = this.max;
    c.sum = this.sum;
    c.m2 = this.m2;
    c.within = this.within;
    c.shift = this.shift;
    c.valid = this.valid;
    c.or = this.or;
    c.and = this.and;
    return c;
  }

  get mean(): number {
    return this.sum / this.valid;
  }

  /** Whole bucket `i` of level ≥ 1. */
  addBucket(b: Buckets, i: number): void {
    this.#merge(b.valid[i]!, b.sum[i]!, b.m2[i]!);
    if (b.valid[i]! > 0) {
      this.min = Math.min(this.min, b.min[i]!);
      this.max = Math.max(this.max, b.max[i]!);
      this.or |= b.or[i]!;
      this.and &= b.and[i]!;
    }
    this.within += b.within[i]!;
    this.shift += b.shift[i]!;
    const r = b.rangeCount;
    for (let k = 0; k < r; k++) {
      this.rangeSum[k]! += b.rangeSum[i * r + k]!;
      this.rangeSamples[k]! += b.rangeSamples[i * r + k]!;
    }
  }

  /** A stretch of raw samples, in pieces of 64 so that `within` means the same as in buckets. */
  addRaw(amperes: Float64Array, logic: Uint8Array, ranges: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; at += 64) this.#addPiece(amperes, logic, ranges, at, Math.min(to, at + 64));
  }

  #addPiece(amperes: Float64Array, logic: Uint8Array, ranges: Uint8Array, from: number, to: number): void {
    let n = 0;
    let sum = 0;
    for (let i = from; i < to; i++) {
      const a = amperes[i]!;
      if (a !== a) continue;
      n++;
      sum += a;
      if (a < this.min) this.min = a;
      if (a > this.max) this.max = a;
      this.or |= logic[i]!;
      this.and &= logic[i]!;
      this.rangeSum[ranges[i]!]! += a;
      this.rangeSamples[ranges[i]!]! += 1;
    }
    if (n === 0) return;
    const mean = sum / n;
    let m2 = 0;
    for (let i = from; i < to; i++) {
      const d = amperes[i]! - mean;
      if (d === d) m2 += d * d;
    }
    this.#merge(n, sum, m2);
    this.within += m2;
  }

  #merge(n: number, sum: number, m2: number): void {
    if (n === 0) return;
    const total = this.valid + n;
    if (this.valid > 0) {
      const delta = sum / n - this.sum / this.valid;
      this.m2 += m2 + delta * delta * ((this.valid * n) / total);
    } else this.m2 = m2;
    this.sum += sum;
    this.valid = total;
  }
}
