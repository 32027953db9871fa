/** A span that others are compared with; it stays while one goes from trace to trace. */
export interface PinnedSpan {
  readonly trace: string;
  readonly title: string;
  readonly fromSample: number;
  readonly toSample: number;
  readonly rateHz: number;
}

class Pinned {
  span = $state.raw<PinnedSpan | null>(null);
}

export const pinnedSpan = new Pinned();
