import type { EdgeRecord } from './format.ts';

/** The span between a rising and the next falling edge of the window channel (D0). Positions in sample periods. */
export interface TraceWindow {
  /** 0 for the first window of the trace. */
  readonly ordinal: number;
  readonly startSample: number;
  readonly endSample: number;
  /** Each edge lies within so many sample periods. */
  readonly startUncertainSamples: number;
  readonly endUncertainSamples: number;
}

/**
 * Pairs edges into windows. A window that was open when the recording began is left out: its start was not seen.
 * An edge is taken at the beginning of the first sample that shows the new level.
 */
export function windowsOf(edges: readonly EdgeRecord[]): TraceWindow[] {
  const windows: TraceWindow[] = [];
  let open: EdgeRecord | undefined;
  for (const e of edges) {
    if (e.level === 1) {
      open = e.uncertainSamples === Number.MAX_SAFE_INTEGER ? undefined : e;
    } else if (open) {
      windows.push({
        ordinal: windows.length,
        startSample: open.sample,
        endSample: e.sample,
        startUncertainSamples: open.uncertainSamples,
        endUncertainSamples: e.uncertainSamples,
      });
      open = undefined;
    }
  }
  return windows;
}
