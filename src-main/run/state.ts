import { fail, type Failure } from '../base/errors.ts';
import type {
  AccuracyItem,
  CountUnit,
  DeviceIdentity,
  FailureDto,
  MonitorIdentity,
  OpCycles,
  OpProfile,
  Prediction,
  ReferenceCheck,
  RunPlan,
  TraceReference,
  WindowResult,
} from '../contract/index.ts';
import type { NewRun, StoredRun } from './ports.ts';
import { preciseEnough } from './stop-rule.ts';

/** A serial number that nobody could read: no evidence for another board. */
export const UNKNOWN = 'unknown';

/** What a run has so far: the same as the store has, plus how often this process had to repeat. */
export class RunState {
  readonly runId: number;
  identity: DeviceIdentity | null;
  monitor: MonitorIdentity | null;
  referenceCheck: ReferenceCheck | null;
  inferences: number | null;
  profile: OpProfile | null;
  endedAt: string | null = null;
  failure: FailureDto | null = null;
  readonly windows: WindowResult[];
  readonly items: AccuracyItem[];
  readonly #run: NewRun;
  readonly #prediction: Prediction | null;
  readonly #traces: Map<string, TraceReference>;
  readonly #repeats = new Map<number, number>();
  #losses = 0;

  constructor(stored: StoredRun) {
    this.#run = stored;
    this.runId = stored.runId;
    this.identity = stored.identity;
    this.monitor = stored.monitor;
    this.referenceCheck = stored.referenceCheck;
    this.inferences = stored.inferences ?? stored.plan.inferences;
    this.profile = stored.profile;
    this.windows = [...stored.windows];
    this.items = [...stored.items];
    this.#prediction = stored.prediction;
    this.#traces = new Map(stored.traces.map((t) => [t.id, t]));
  }

  static begun(runId: number, run: NewRun, prediction: Prediction | null): RunState {
    return new RunState({
      ...run,
      runId,
      status: 'running',
      endedAt: null,
      inferences: null,
      identity: null,
      monitor: null,
      windows: [],
      items: [],
      profile: null,
      prediction,
      referenceCheck: null,
      traces: [],
      failure: null,
    });
  }

  get plan(): RunPlan {
    return this.#run.plan;
  }

  stored(): StoredRun {
    const {
      runId,
      endedAt,
      inferences,
      identity,
      monitor,
      windows,
      items,
      profile,
      referenceCheck,
      failure,
    } = this;
    const traces = [...this.#traces.values()];
    const prediction = this.#prediction;
    return {
      ...this.#run,
      runId,
      status: 'running',
      endedAt,
      inferences,
      identity,
      monitor,
      windows,
      items,
      profile,
      referenceCheck,
      failure,
      traces,
      prediction,
    };
  }

  /** Windows, or items of the data set to visit. */
  total(): number {
    const { plan, inputCount } = this.#run;
    return plan.mode === 'accuracy' ? Math.min(inputCount, plan.maxItems ?? inputCount) : plan.windows;
  }

  /** The first window (or item) that is not there yet; null when all are, or when those that are there are precise enough. */
  nextWindow(): number | null {
    if (preciseEnough(this.plan, this.windows)) return null;
    const done = new Set(
      this.plan.mode === 'accuracy'
        ? this.items.map((i) => i.index)
        : this.windows.filter((w) => w.status === 'finished').map((w) => w.index),
    );
    for (let i = 0; i < this.total(); i++) if (!done.has(i)) return i;
    return null;
  }

  /** The number of the next try of a window. */
  attempt(index: number): number {
    return this.windows.filter((w) => w.index === index).length;
  }

  /** Counts a voided try; false when this window was repeated often enough. */
  mayRepeat(index: number): boolean {
    const tries = (this.#repeats.get(index) ?? 0) + 1;
    this.#repeats.set(index, tries);
    return tries <= this.plan.maxRepeats;
  }

  /** Counts a lost link since the last finished window; a board that keeps falling off is no bench. */
  mayLoseAgain(): boolean {
    this.#losses++;
    return this.#losses <= this.plan.maxRepeats;
  }

  gained(): void {
    this.#losses = 0;
  }

  setTrace(trace: TraceReference): void {
    this.#traces.set(trace.id, trace);
  }

  setProfile(
    profile: {
      readonly ops: readonly Pick<OpCycles, 'index' | 'kernel' | 'cycles'>[];
      readonly totalCycles: number;
      readonly unit: CountUnit;
    },
    arena: { readonly highBytes: number; readonly sizeBytes: number },
    operators: readonly { readonly name: string; readonly macs: number }[],
  ): void {
    this.profile = {
      ops: profile.ops.map((o) => ({
        index: o.index,
        kernel: o.kernel,
        name: operators[o.index]?.name ?? '',
        macs: operators[o.index]?.macs ?? 0,
        cycles: o.cycles,
      })),
      totalCycles: profile.totalCycles,
      unit: profile.unit,
      clockHz: this.identity!.clockHz ?? 1,
      arenaHighBytes: arena.highBytes,
      arenaBytes: arena.sizeBytes,
    };
  }

  /** Windows of one run must come from one board with one firmware and one Program. */
  differsFrom(now: DeviceIdentity): Failure | null {
    const then = this.identity;
    if (!then) return null;
    for (const key of ['firmwareHash', 'programHash', 'boardId', 'boardSerial'] as const)
      if (then[key] !== now[key] && !(key === 'boardSerial' && [then[key], now[key]].includes(UNKNOWN)))
        return fail(
          'run.other-device',
          { field: key, before: then[key] ?? '', now: now[key] ?? '' },
          'Windows of one run must come from one board with one firmware and one Program.',
          'Connect the board the run began with, or start a new run.',
        );
    return null;
  }

  /** Their systematic errors are taken as common to all windows, so they must be one monitor's. */
  otherMonitor(now: MonitorIdentity): Failure | null {
    const then = this.monitor;
    if (!then) return null;
    for (const key of ['kind', 'serial', 'calibration'] as const)
      if (then[key] !== now[key])
        return fail(
          'run.other-monitor',
          { field: key, before: then[key], now: now[key] },
          'Windows of one run must come from one monitor with one calibration.',
          'Connect the monitor the run began with, or start a new run.',
        );
    return null;
  }
}
