/** A stretch of a generated stream with what is true of it. */
export interface Episode {
  /** Interleaved sample frames. */
  readonly samples: Int16Array;
  /** In sample frames from the episode's beginning, [start, end). */
  readonly spans: readonly EpisodeSpan[];
}

export interface EpisodeSpan {
  readonly label: string;
  readonly start: number;
  readonly end: number;
}

/** A seed of its own for each item of a purpose: an item does not depend on how many there are. */
export function itemSeed(seed: number, purpose: number, index: number): number {
  const mixed = [purpose, index].reduce((h, v) => Math.imul(h ^ (v + 0x9e3779b9), 0x01000193), seed);
  return mixed ^ (mixed >>> 15);
}
