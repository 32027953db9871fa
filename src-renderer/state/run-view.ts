import type {
  RunEvent,
  RunPlan,
  RunResult,
  FailureDto,
  Phase,
  WindowResult,
} from '../../src-main/contract/index.ts';

/** A run as its events have told it so far. */
export interface RunView {
  readonly runId: number;
  readonly plan: RunPlan;
  readonly resumed: boolean;
  readonly startedAt: string;
  readonly phase: Phase;
  /** Phases it has been in, in order, each once. */
  readonly passed: readonly Phase[];
  readonly progress: {
    readonly done: number;
    readonly total: number;
    readonly etaS: number | null;
    readonly text: string;
  } | null;
  readonly windows: readonly WindowResult[];
  readonly items: { readonly done: number; readonly total: number; readonly correct: number } | null;
  readonly paused: { readonly failure: FailureDto; readonly window: number; readonly of: number } | null;
  readonly warnings: readonly FailureDto[];
  readonly result: RunResult | null;
}

/** The runs of an activity (the demo has three), the newest last, after one more event. */
export function withEvent(runs: readonly RunView[], event: RunEvent): readonly RunView[] {
  if (event.type === 'started') {
    const begun: RunView = {
      runId: event.runId,
      plan: event.plan,
      resumed: event.resumed,
      startedAt: event.at,
      phase: 'planned',
      passed: [],
      progress: null,
      windows: [],
      items: null,
      paused: null,
      warnings: [],
      result: null,
    };
    return [...runs.filter((r) => r.runId !== event.runId), begun];
  }
  return runs.map((run) => (run.runId === event.runId ? { ...run, ...change(run, event) } : run));
}

function change(run: RunView, event: Exclude<RunEvent, { type: 'started' }>): Partial<RunView> {
  switch (event.type) {
    case 'phase':
      return {
        phase: event.phase,
        passed: run.passed.includes(event.phase) ? run.passed : [...run.passed, event.phase],
        progress: null,
        paused: event.phase === 'paused' ? run.paused : null,
      };
    case 'progress': {
      const { done, total, etaS, text } = event;
      return { progress: { done, total, etaS, text } };
    }
    case 'window':
      return { windows: [...run.windows, event.window] };
    case 'item':
      return { items: { done: event.done, total: event.total, correct: event.correct } };
    case 'warning':
      return { warnings: [...run.warnings, event.failure] };
    case 'paused':
      return { paused: { failure: event.failure, window: event.window, of: event.of } };
    case 'resumed':
      return { paused: null };
    case 'ended':
      return { result: event.result, paused: null, progress: null };
  }
}

/** The steps of the strip; each phase of a run belongs to one. */
export const steps = [
  { id: 'flash', title: 'Flash', phases: ['planned', 'deploying'] },
  { id: 'identify', title: 'Identify', phases: ['identifying'] },
  { id: 'tune', title: 'Tune', phases: ['tuning'] },
  { id: 'windows', title: 'Windows', phases: ['measuring', 'paused'] },
  { id: 'profile', title: 'Profile', phases: ['profiling'] },
  { id: 'check', title: 'Check', phases: ['checking'] },
] as const satisfies readonly { id: string; title: string; phases: readonly Phase[] }[];

export type StepState = 'done' | 'now' | 'next' | 'skipped';

/** Where a run stands in the strip. A step that was left out is `skipped` once a later one is reached. */
export function stepStates(view: Pick<RunView, 'phase' | 'passed'>): readonly StepState[] {
  const phases = steps.map((s): readonly Phase[] => s.phases);
  const reached = Math.max(-1, ...view.passed.map((p) => phases.findIndex((list) => list.includes(p))));
  const ended = ['finished', 'interrupted', 'failed'].includes(view.phase);
  const now = ended ? -1 : phases.findIndex((list) => list.includes(view.phase));
  return phases.map((list, i) => {
    if (i === now) return 'now';
    const been = list.some((p) => view.passed.includes(p));
    if (been && (i < now || ended || now < 0)) return 'done';
    if (been) return 'next';
    return i < reached || (ended && view.phase === 'finished') ? 'skipped' : 'next';
  });
}

/** What a run does, for those who listen: short, and only what changed the state of things. */
export function announcement(view: RunView): string {
  if (view.paused)
    return `Paused at window ${view.paused.window + 1} of ${view.paused.of}. Plug the board back in.`;
  if (view.result) return `Run ${view.runId} ${view.result.status}.`;
  if (view.phase === 'measuring' && view.items) return `${view.items.done} of ${view.items.total} items.`;
  if (view.phase === 'measuring') {
    const done = view.windows.filter((w) => w.status === 'finished').length;
    return `${done} of ${view.plan.windows} windows measured.`;
  }
  return {
    planned: 'Run planned.',
    deploying: 'Programming the board.',
    identifying: 'Identifying the board.',
    tuning: 'Tuning the window length.',
    paused: 'Paused.',
    profiling: 'Profiling the operators.',
    checking: 'Checking the result.',
    measuring: '',
    finished: 'Run finished.',
    interrupted: 'Run interrupted.',
    failed: 'Run failed.',
  }[view.phase];
}
