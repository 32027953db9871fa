import type { RunResult } from '../../contract/index.ts';
import type { Core } from '../../core.ts';

/** A run with the remarks that people made on it after those the run makes itself. */
export function withNotes(core: Core, run: RunResult): RunResult {
  const notes = core.store.notes.of(run.runId);
  return notes.ok && notes.value.length > 0
    ? { ...run, notes: [...run.notes, ...notes.value.map((n) => n.text)] }
    : run;
}
