import { z } from 'zod';
import type { CodeProfile } from '../code-profile.ts';
import type { RunComparison } from '../comparison.ts';
import type { Quantity } from '../quantity.ts';
import type { RunSummary } from '../result.ts';
import { method } from './method.ts';

/** One window as a dot: µs per inference, or µJ per inference of an energy run. */
export interface WindowDot {
  readonly index: number;
  readonly attempt: number;
  readonly value: number;
  readonly excluded: boolean;
}

/** A run in the table of results: every figure with its uncertainty and where it comes from. */
export interface ResultRow {
  readonly run: RunSummary;
  readonly targetName: string;
  readonly latency: Quantity | null;
  readonly energy: Quantity | null;
  readonly netEnergy: Quantity | null;
  readonly accuracy: Quantity | null;
  readonly windows: readonly WindowDot[];
  /** `device = host: equal on 5 of 5`. */
  readonly comparison: string;
  readonly hasProfile: boolean;
  readonly hasLayers: boolean;
  readonly hasPrediction: boolean;
  readonly notes: number;
}

/** A remark that somebody made on a run. */
export interface RunNote {
  readonly id: number;
  readonly runId: number;
  readonly at: string;
  readonly text: string;
}

const RunNumber = z.number().int().positive();
const NoteText = z.string().trim().min(1).max(2000);

export const resultMethods = {
  /** Newest first. */
  'results.list': method(z.object({ limit: z.number().int().min(1).max(1000).default(200) }))<ResultRow[]>(),
  /** Each run beside the baseline, by every figure both have. */
  'results.compare': method(z.object({ baseline: RunNumber, runs: z.array(RunNumber).max(1000) }))<
    RunComparison[]
  >(),
  /** Where the cycles of a run go, if a profile was kept with it. */
  'results.codeProfile': method(z.object({ runId: RunNumber }))<CodeProfile | null>(),
  'results.notes': method(z.object({ runId: RunNumber }))<RunNote[]>(),
  'results.addNote': method(z.object({ runId: RunNumber, text: NoteText }))<RunNote>(),
  /** Gives what was removed, so that it can be put back. `store.no-note`. */
  'results.removeNote': method(z.object({ runId: RunNumber, id: z.number().int().positive() }))<RunNote>(),
  'results.restoreNote': method(
    z.object({
      runId: RunNumber,
      id: z.number().int().positive(),
      at: z.string().min(1).max(64),
      text: NoteText,
    }),
  )<RunNote>(),
};
