import type { LabelledSpan } from '../contract/stream.ts';

/** What really was in a stream, in stream time; spans of one kind are sorted by their start. */
export interface GroundTruth {
  /** `words`: between them lies background. `segments`: a label holds for all of its span. */
  readonly kind: 'words' | 'segments';
  readonly spans: readonly LabelledSpan[];
  /** Who says so: `generated, seed 7`, `labels.csv`. */
  readonly origin: string;
}
