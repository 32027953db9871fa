import type { RecordStatus } from '../../src-main/contract/trace.ts';
import type { RunView } from '../state/run-view.ts';

export interface Sampling {
  /** Samples a second, or null while nothing is sampled. */
  readonly rate: number | null;
  readonly lost: number | null;
}

/** What the monitor delivers: of a recording that goes on, else of the newest window of an energy run. */
export function samplingText(recording: RecordStatus | null, run: RunView | null): Sampling {
  if (recording) return { rate: recording.samplesPerS, lost: recording.missingSamples };
  const energies = run?.windows.flatMap((w) => (w.energy ? [w.energy] : [])) ?? [];
  const newest = energies.at(-1);
  if (!newest) return { rate: null, lost: null };
  return {
    rate: (newest.sampleCount + newest.lostSamples) / (newest.durationUs / 1e6),
    lost: energies.reduce((sum, e) => sum + e.lostSamples, 0),
  };
}
