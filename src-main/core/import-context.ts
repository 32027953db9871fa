import type { TraceInfo } from '../contract/index.ts';
import type { TraceReferences } from '../store/traces.ts';
import type { Traces } from './traces.ts';

export interface Imported {
  readonly trace: TraceInfo;
  readonly format: string;
  /** What is in the file and not in the trace, in plain words. */
  readonly dropped: readonly string[];
}

export interface ImportContext {
  readonly tracesDir: string;
  readonly nowIso: () => string;
  readonly references: Pick<TraceReferences, 'add'>;
  readonly traces: Pick<Traces, 'info' | 'forget' | 'knownId'>;
}
