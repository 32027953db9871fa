import { ok, type Result } from '../../base/errors.ts';
import type { Trace } from '../trace.ts';

/** Walks along a trace and tells the logic levels of its samples from its edges: imported words carry none. */
export class LogicLevels {
  readonly #trace: Trace;
  readonly #channels: readonly number[];
  /** Level of each channel at `#at`; unknown until the first look. */
  readonly #levels: number[];
  #at: number;
  #begun = false;

  constructor(trace: Trace, fromSample: number) {
    this.#trace = trace;
    this.#at = fromSample;
    this.#channels = [0, 1, 2, 3, 4, 5, 6, 7].filter((c) => trace.header.logicMask & (1 << c));
    this.#levels = this.#channels.map(() => 0);
  }

  /** Goes on to a later sample. */
  skipTo(sample: number): Result<void> {
    if (sample <= this.#at) return ok();
    for (const [k, channel] of this.#channels.entries()) {
      const edges = this.#trace.edges(channel, this.#begun ? this.#at : 0, sample);
      if (!edges.ok) return edges;
      const last = edges.value.at(-1);
      if (last) this.#levels[k] = last.level;
    }
    this.#begun = true;
    this.#at = sample;
    return ok();
  }

  /** Levels of the next `out.length` samples, bit n = Dn. */
  next(out: Uint8Array): Result<void> {
    out.fill(0);
    const from = this.#at;
    const to = from + out.length;
    for (const [k, channel] of this.#channels.entries()) {
      // the first look goes back to the beginning of the trace for the level it starts with
      const edges = this.#trace.edges(channel, this.#begun ? from : 0, to);
      if (!edges.ok) return edges;
      let since = from;
      for (const { sample, level } of edges.value) {
        if (this.#levels[k]) raise(out, since - from, sample - from, channel);
        since = Math.max(from, sample);
        this.#levels[k] = level;
      }
      if (this.#levels[k]) raise(out, since - from, out.length, channel);
    }
    this.#begun = true;
    this.#at = to;
    return ok();
  }
}

function raise(out: Uint8Array, from: number, to: number, channel: number): void {
  for (let i = from; i < to; i++) out[i]! |= 1 << channel;
}
