import { CHUNK_SAMPLES, type DecodedSamples, type EdgeRecord } from './format.ts';

/**
 * Edges of one channel that are kept in one chunk. An input that nobody wired toggles with every sample and would
 * make more rows than samples; a firmware that steps its counter every 80 µs stays below.
 */
export const EDGES_PER_CHUNK = CHUNK_SAMPLES / 8;

/** Finds changes of the logic channels in a stream of samples. */
export class EdgeDetector {
  readonly #mask: number;
  readonly #inChunk = new Uint32Array(8);
  /** Sample since which edges of the channel are left out, or −1. */
  readonly #silentSince = new Float64Array(8).fill(-1);
  #chunkBase = 0;
  #levels = 0;
  #started = false;
  #skipped = 0;
  #found: EdgeRecord[] = [];
  #onEdge: ((edge: EdgeRecord) => void) | undefined;
  #onStorm: ((channel: number) => void) | undefined;

  constructor(mask: number) {
    this.#mask = mask & 0xff;
  }

  /** Last known levels. */
  get levels(): number {
    return this.#levels;
  }

  /** Called for each edge as it is found; levels that are high in the very first sample are edges too. */
  onEdge(listener: (edge: EdgeRecord) => void): void {
    this.#onEdge = listener;
  }

  /** Called when a channel has too many edges to keep, once a chunk. */
  onStorm(listener: (channel: number) => void): void {
    this.#onStorm = listener;
  }

  /** Hot while nothing changes: one compare for four samples, nothing allocated. Positions are offsets in `samples`. */
  scan(samples: DecodedSamples, from: number, to: number, baseSample: number): void {
    const { logic, logicWords } = samples;
    const mask = this.#mask;
    const mask4 = Math.imul(mask, 0x01010101);
    if (baseSample !== this.#chunkBase) this.#beginChunk(baseSample);
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

  #beginChunk(baseSample: number): void {
    this.#chunkBase = baseSample;
    this.#inChunk.fill(0);
  }

  #changed(before: number, after: number, sample: number, skipped: number): void {
    const changed = before ^ after;
    for (let channel = 0; channel < 8; channel++) {
      if (!(changed & (1 << channel))) continue;
      if (this.#silenced(channel, sample)) continue;
      // a level that was there when the recording began has no edge we saw: its uncertainty is without limit
      const seen = this.#started || sample > 0;
      const silentSince = this.#silentSince[channel]!;
      const blind = silentSince >= 0 ? sample - silentSince : skipped;
      this.#silentSince[channel] = -1;
      const level = after & (1 << channel) ? 1 : 0;
      const edge: EdgeRecord = {
        sample,
        channel,
        level,
        uncertainSamples: seen ? 1 + blind : Number.MAX_SAFE_INTEGER,
      };
      this.#found.push(edge);
      this.#onEdge?.(edge);
    }
  }

  #silenced(channel: number, sample: number): boolean {
    if (this.#inChunk[channel]! < EDGES_PER_CHUNK) {
      this.#inChunk[channel]!++;
      return false;
    }
    if (this.#inChunk[channel] === EDGES_PER_CHUNK) {
      this.#inChunk[channel]++;
      this.#silentSince[channel] = sample;
      this.#onStorm?.(channel);
    }
    return true;
  }
}
