import type { DecodedSamples, EdgeRecord } from './format.ts';

/** Finds changes of the logic channels in a stream of samples. */
export class EdgeDetector {
  readonly #mask: number;
  #levels = 0;
  #started = false;
  #skipped = 0;
  #found: EdgeRecord[] = [];
  #onEdge: ((edge: EdgeRecord) => void) | undefined;

  constructor(mask: number) {
    this.#mask = mask & 0xff;
  }

  /** Last known levels. */
  get levels(): number {
    return this.#levels;
  }

  /** Called for each edge as it is found; the first sample's levels are edges too, of level 1 only. */
  onEdge(listener: (edge: EdgeRecord) => void): void {
    this.#onEdge = listener;
  }

  /** Hot while nothing changes: one compare for four samples, nothing allocated. Positions are offsets in `samples`. */
  scan(samples: DecodedSamples, from: number, to: number, baseSample: number): void {
    const { logic, logicWords } = samples;
    const mask = this.#mask;
    const mask4 = Math.imul(mask, 0x01010101);
    let levels = this.#levels;
    let i = from;
    while (i < to) {
      if ((i & 3) === 0) {
        const levels4 = Math.imul(levels, 0x01010101);
        while (i + 4 <= to && ((logicWords[i >> 2]! ^ levels4) & mask4) === 0) i += 4;
        if (i >= to) break;
      }
      const now = logic[i]! & mask;
      if (now !== levels) {
        this.#changed(levels, now, baseSample + i, i === from ? this.#skipped : 0);
        levels = now;
      }
      i++;
    }
    if (to > from) {
      this.#started = true;
      this.#skipped = 0;
    }
    this.#levels = levels;
  }

  gap(missing: number): void {
    this.#skipped += missing;
  }

  take(): EdgeRecord[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  #changed(before: number, after: number, sample: number, skipped: number): void {
    const changed = before ^ after;
    for (let channel = 0; channel < 8; channel++) {
      if (!(changed & (1 << channel))) continue;
      // a level that was there when the recording began has no edge we saw: its uncertainty is without limit
      const uncertainSamples = this.#started || sample > 0 ? 1 + skipped : Number.MAX_SAFE_INTEGER;
      const edge: EdgeRecord = { sample, channel, level: after & (1 << channel) ? 1 : 0, uncertainSamples };
      this.#found.push(edge);
      this.#onEdge?.(edge);
    }
  }
}
