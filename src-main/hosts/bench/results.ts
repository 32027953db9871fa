import { ok, type Result } from '../../base/errors.ts';
import type { ResultRow, resultMethods, WindowDot } from '../../contract/bench/results.ts';
import type { RunResult, RunSummary } from '../../contract/index.ts';
import type { Core } from '../../core.ts';
import { compareRuns } from '../../report/comparison.ts';
import type { BenchContext, Handlers } from './handlers.ts';

export function resultHandlers({ core }: BenchContext): Pick<Handlers, keyof typeof resultMethods> {
  const rows = new Rows(core);
  const { notes } = core.store;
  return {
    'results.list': ({ limit }) => rows.list(limit),
    'results.compare': ({ baseline, runs }) => {
      const base = core.result(baseline);
      if (!base.ok) return base;
      const others = resultsOf(core, runs);
      return others.ok ? ok(others.value.map((r) => compareRuns(base.value, r))) : others;
    },
    'results.codeProfile': ({ runId }) => core.store.codeProfiles.of(runId),
    'results.notes': ({ runId }) => {
      const found = notes.of(runId);
      return found.ok ? ok(found.value.map((n) => ({ ...n, runId }))) : found;
    },
    'results.addNote': ({ runId, text }) => {
      const run = core.result(runId);
      if (!run.ok) return run;
      const id = notes.add(runId, text);
      if (!id.ok) return id;
      const all = notes.of(runId);
      return all.ok ? ok({ ...all.value.find((n) => n.id === id.value)!, runId }) : all;
    },
    'results.removeNote': ({ runId, id }) => {
      const removed = notes.remove(runId, id);
      return removed.ok ? ok({ ...removed.value, runId }) : removed;
    },
    'results.restoreNote': ({ runId, ...note }) => {
      const restored = notes.restore(runId, note);
      return restored.ok ? ok({ ...restored.value, runId }) : restored;
    },
  };
}

/** The first that cannot be read fails all. */
export function resultsOf(core: Core, ids: readonly number[]): Result<RunResult[]> {
  const out: RunResult[] = [];
  for (const id of ids) {
    const run = core.result(id);
    if (!run.ok) return run;
    out.push(run.value);
  }
  return ok(out);
}

/**
 * Rows of the table of results. What a run measured does not change once it has ended, but for windows that are left out by
 * hand: that part is composed once for each such choice.
 */
class Rows {
  readonly #core: Core;
  readonly #ended = new Map<string, Omit<ResultRow, 'run' | 'notes'>>();

  constructor(core: Core) {
    this.#core = core;
  }

  list(limit: number): Result<ResultRow[]> {
    const summaries = this.#core.runs(limit);
    if (!summaries.ok) return summaries;
    const rows: ResultRow[] = [];
    for (const run of summaries.value) {
      const figures = this.#figures(run);
      if (!figures.ok) return figures;
      const notes = this.#core.store.notes.of(run.runId);
      rows.push({ run, ...figures.value, notes: notes.ok ? notes.value.length : 0 });
    }
    return ok(rows);
  }

  #figures(run: RunSummary): Result<Omit<ResultRow, 'run' | 'notes'>> {
    const leftOut = this.#core.store.runs.leftOut(run.runId);
    if (!leftOut.ok) return leftOut;
    const key =
      run.endedAt === null ? null : [run.runId, run.status, run.endedAt, ...leftOut.value].join(' ');
    const known = key === null ? undefined : this.#ended.get(key);
    if (known) return ok(known);
    const result = this.#core.result(run.runId);
    if (!result.ok) return result;
    const figures = figuresOf(result.value);
    if (key !== null) this.#ended.set(key, figures);
    return ok(figures);
  }
}

function figuresOf(run: RunResult): Omit<ResultRow, 'run' | 'notes'> {
  return {
    targetName: run.targetName,
    latency: run.latency,
    energy: run.energyPerInference,
    netEnergy: run.netEnergyPerInference,
    accuracy: run.accuracy?.score ?? null,
    windows: windowDots(run),
    comparison: run.comparison.text,
    hasProfile: (run.profile?.ops.length ?? 0) > 0,
    hasLayers: (run.layerEnergies?.length ?? 0) > 0,
    hasPrediction: (run.prediction?.ops.length ?? 0) > 0,
  };
}

/** Of windows that were measured far enough to have a value; excluded ones too. */
function windowDots(run: RunResult): WindowDot[] {
  return run.windows.flatMap((w) => {
    const whole = run.plan.mode === 'energy' ? (w.energy?.energyUj ?? null) : w.durationUs;
    return whole === null || w.inferences === 0
      ? []
      : [
          {
            index: w.index,
            attempt: w.attempt,
            value: whole / w.inferences,
            excluded: w.status === 'excluded',
          },
        ];
  });
}
