import { ok, type Result } from '../base/errors.ts';
import type { ChunkSource } from '../trace/chunk-store.ts';
import type { EdgeRecord } from '../trace/format.ts';
import type { TraceWindow } from '../trace/windows.ts';

/** Windows of a trace that are kept; a trace with more is drawn from its levels instead. */
export const MAX_INDEXED_WINDOWS = 100_000;
const EDGES_A_READ = 20_000;

/**
 * All windows of D0 of one trace, read once and then only what was recorded since. `overflow` once there are more than an
 * index keeps. The same pairing as trace/windows.ts: a window whose beginning was not seen is none.
 */
export class WindowIndex {
  readonly #source: ChunkSource;
  readonly #windows: TraceWindow[] = [];
  #open: EdgeRecord | null = null;
  #readSamples = 0;
  overflow = false;

  constructor(source: ChunkSource) {
    this.#source = source;
  }

  /** Of the trace as long as it is now. The array grows at the next call. */
  all(): Result<readonly TraceWindow[]> {
    const length = this.#source.lengthSamples();
    while (!this.overflow && this.#readSamples < length) {
      const edges = this.#source.edges(0, this.#readSamples, length, EDGES_A_READ);
      if (!edges.ok) return edges;
      for (const edge of edges.value) this.#take(edge);
      const last = edges.value.at(-1);
      this.#readSamples = edges.value.length === EDGES_A_READ && last ? last.sample + 1 : length;
      if (this.#windows.length >= MAX_INDEXED_WINDOWS) this.overflow = true;
    }
    return ok(this.#windows);
  }

  /** Those that touch [from, to); null where there are too many to know. */
  within(from: number, to: number): Result<readonly TraceWindow[] | null> {
    const all = this.all();
    if (!all.ok) return all;
    if (this.overflow) return ok(null);
    const first = firstEndingAfter(all.value, from);
    let end = first;
    while (end < all.value.length && all.value[end]!.startSample < to) end++;
    return ok(all.value.slice(first, end));
  }

  #take(edge: EdgeRecord): void {
    if (edge.level === 1) {
      this.#open = edge.uncertainSamples === Number.MAX_SAFE_INTEGER ? null : edge;
      return;
    }
    if (!this.#open) return;
    this.#windows.push({
      ordinal: this.#windows.length,
      startSample: this.#open.sample,
      endSample: edge.sample,
      startUncertainSamples: this.#open.uncertainSamples,
      endUncertainSamples: edge.uncertainSamples,
    });
    this.#open = null;
  }
}

function firstEndingAfter(windows: readonly TraceWindow[], sample: number): number {
  let low = 0;
  let high = windows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (windows[middle]!.endSample <= sample) low = middle + 1;
    else high = middle;
  }
  return low;
}
