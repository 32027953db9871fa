import type { Result } from '../base/errors.ts';
import type { TraceBatch } from '../trace/chunk-store.ts';
import type { TraceHeader, TraceState } from '../trace/format.ts';

/** What the writer's thread is asked, in order; each call has one answer. */
export type TraceWriterCall =
  | { readonly call: 'commit'; readonly batch: TraceBatch }
  | { readonly call: 'finish'; readonly state: TraceState; readonly reason: string }
  | { readonly call: 'close' };

export interface TraceWriterStart {
  readonly path: string;
  readonly header: TraceHeader;
  readonly maxBytes?: number;
  readonly minFreeBytes?: number;
}

/** The first answer is that of creating the file. */
export type TraceWriterAnswer = Result<void>;
