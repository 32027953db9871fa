import type { StreamSignal } from '../contract/bench/stream-signal.ts';
import type { StreamRunEvent } from '../contract/index.ts';
import type { Store } from '../store/store.ts';
import type { ColumnMapping } from '../stream/columns.ts';
import type { FrontEndPlace, SampleEncodingName } from '../stream/stream-session.ts';

export interface StreamRequest {
  readonly modelPath: string;
  readonly targetId: string;
  /** See stream/open-source.ts. */
  readonly source: string;
  /** Seconds of stream at most; null: until the source ends. */
  readonly durationS: number | null;
  readonly seed: number;
  readonly worldSeed?: number;
  readonly wakeWord?: string;
  readonly channel?: number | 'mix';
  readonly mapping?: ColumnMapping;
  readonly sourceBaud?: number;
  /** Of an IMU model; of columns without times too. */
  readonly rateHz?: number;
  readonly labels?: readonly string[];
  readonly ignored?: readonly string[];
  readonly frontEnd: FrontEndPlace | 'auto';
  readonly encoding?: SampleEncodingName;
  readonly hopMs: number | null;
  readonly smoothingWindows: number;
  readonly threshold: number;
  readonly refractoryMs: number;
  /** Line rate to the board. */
  readonly baud: number;
  readonly recordDir: string | null;
  /** Ground truth for a source that has none of its own, or instead of it. */
  readonly truthPath: string | null;
  /** Measure the energy too, at this supply voltage. */
  readonly monitor: boolean;
  readonly supplyV: number;
}

export interface StreamWatch {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StreamRunEvent) => void;
  /** The samples as columns for a screen, a few times a second of stream. */
  readonly onSignal?: (signal: StreamSignal) => void;
}

export interface StreamContext {
  readonly store: Store;
  readonly nowIso: () => string;
  /** Folder of trace files. */
  readonly tracesDir: string;
}
