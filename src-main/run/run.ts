import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import {
  RunPlan,
  type Phase,
  type RunEvent,
  type RunPlanInput,
  type RunResult,
  type RunStatus,
} from '../contract/index.ts';
import { failed, orAborted, type RunContext, type RunEventBody } from './context.ts';
import { failureKind, toDto } from './failures.ts';
import { measureItems } from './items.ts';
import { endPhases, PhaseMachine } from './phases.ts';
import type { Device, RunPorts, StepOptions } from './ports.ts';
import { composeResult } from './result.ts';
import { RunState } from './state.ts';
import { tune } from './tune.ts';
import { measureWindows } from './windows.ts';

export interface RunOptions {
  /** Ctrl-C: what was measured is kept, the run is marked interrupted and can be resumed. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
}

/**
 * Runs a plan to its end. Fails only before anything was stored (a bad plan, a store that cannot begin); from then on
 * the result says how it ended, and the store has every finished window whatever happens.
 */
export async function executeRun(
  input: RunPlanInput,
  ports: RunPorts,
  options: RunOptions = {},
): Promise<Result<RunResult>> {
  const parsed = RunPlan.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    return fail(
      'run.bad-plan',
      { field: issue.path.join('.'), problem: issue.message },
      'The plan of the run is not valid.',
      'Correct the named setting.',
    );
  }
  const plan = parsed.data;
  const refused = refusePlan(plan, ports);
  if (refused) return refused;
  const { target } = ports.bench;
  const begun = {
    plan,
    source: target.source,
    targetName: target.name,
    assumptions: target.assumptions,
    clockPlusMinusPpm: target.clockPlusMinusPpm,
    inputKind: ports.inputs.kind,
    inputCount: ports.inputs.size,
    startedAt: ports.nowIso(),
    remarks: ports.remarks,
  } as const;
  const runId = ports.store.begin(begun);
  if (!runId.ok) return runId;
  if (ports.prediction) {
    const saved = ports.store.savePrediction(runId.value, ports.prediction);
    if (!saved.ok) return saved;
  }
  return new Run(RunState.begun(runId.value, begun, ports.prediction), ports, options, false).execute();
}

/** Goes on with an interrupted run by its stored plan: only what is not there yet is measured. */
export async function resumeRun(
  runId: number,
  ports: RunPorts,
  options: RunOptions = {},
): Promise<Result<RunResult>> {
  const stored = ports.store.reopen(runId);
  if (!stored.ok) return stored;
  const refused = refusePlan(stored.value.plan, ports);
  if (refused) return refused;
  return new Run(new RunState(stored.value), ports, options, true).execute();
}

function refusePlan(plan: RunPlan, ports: RunPorts): Failure | null {
  if (plan.mode === 'energy' && ports.bench.target.unit === 'instructions')
    return fail(
      'run.no-energy',
      { targetId: plan.targetId },
      `${ports.bench.target.name} counts instructions: it has no time and no current.`,
      'Use --mode performance for instructions an operator, or a target with time.',
    );
  if (plan.mode === 'energy' && ports.bench.meter === null)
    return fail(
      'run.no-monitor',
      { targetId: plan.targetId },
      'Energy is measured by a power monitor in the supply.',
      'Add --monitor, or use --mode performance.',
    );
  if (plan.mode === 'accuracy' && ports.inputs.kind === 'random')
    return fail(
      'run.no-labels',
      { mode: plan.mode },
      'Accuracy needs labelled inputs.',
      'Add --data with a folder that has a y_labels.csv.',
    );
  if (ports.inputs.size < 1)
    return fail(
      'run.no-inputs',
      {},
      'There is nothing to feed to the model.',
      'Point --data at a folder with inputs.',
    );
  if (plan.targetId !== ports.bench.target.id)
    return fail(
      'run.other-target',
      { planned: plan.targetId, connected: ports.bench.target.id },
      'The run was planned for another target.',
      `Connect ${plan.targetId}.`,
    );
  return null;
}

/** Where repeats of identification, tuning and profiling are counted. */
const OUTSIDE_WINDOWS = -1;

class Run implements RunContext {
  readonly ports: RunPorts;
  readonly state: RunState;
  readonly signal: AbortSignal;
  readonly #onEvent: (event: RunEvent) => void;
  readonly #resumed: boolean;
  readonly #phases = new PhaseMachine();
  readonly #abort = new AbortController();
  #storeFailure: Failure | null = null;

  constructor(state: RunState, ports: RunPorts, options: RunOptions, resumed: boolean) {
    this.state = state;
    this.ports = ports;
    this.#resumed = resumed;
    this.#onEvent = options.onEvent ?? (() => {});
    this.signal = options.signal ?? this.#abort.signal;
  }

  async execute(): Promise<Result<RunResult>> {
    this.emit({ type: 'started', plan: this.state.plan, resumed: this.#resumed });
    try {
      return ok(await this.#toTheEnd());
    } catch (e) {
      // the bug goes on to the host, but the database must not claim that somebody still measures
      const message = e instanceof Error ? e.message : String(e);
      if (!endPhases.has(this.#phases.phase))
        this.#end(
          fail(
            'run.bug',
            { message },
            'An invariant of Microjoule is broken.',
            'Report this with the diagnostics; the finished windows are kept.',
          ),
        );
      throw e;
    }
  }

  async #toTheEnd(): Promise<RunResult> {
    let failure = await this.#measureAll();
    const closed = await this.#closeMeter();
    failure ??= closed;
    if (!failure) this.#enter('checking');
    failure ??= this.#storeFailure;
    return this.#end(failure);
  }

  /** null when everything that was planned is measured. */
  async #measureAll(): Promise<Failure | null> {
    this.#enter('deploying');
    let device = await this.#guard(this.ports.bench.deploy(this.#imageMode(), this.step()));
    for (;;) {
      const failure: Failure | null = device.ok ? await this.#measureOn(device.value) : device;
      if (!failure) return null;
      const kind = failureKind(failure);
      if (this.signal.aborted) return failure;
      if (kind === 'lost' && this.state.mayLoseAgain()) {
        device = await this.#waitForReturn(failure);
        continue;
      }
      if (kind !== 'void' || !device.ok || !this.state.mayRepeat(OUTSIDE_WINDOWS)) return failure;
      this.emit({ type: 'warning', failure: toDto(failure) });
      const recovered = await this.#guard(device.value.recover(this.step()));
      if (!recovered.ok) return recovered;
    }
  }

  /** The run's energy image and performance image differ in the mode word only; accuracy uses the latter. */
  #imageMode(): 'performance' | 'energy' {
    return this.state.plan.mode === 'energy' ? 'energy' : 'performance';
  }

  async #measureOn(device: Device): Promise<Failure | null> {
    const { state } = this;
    this.#enter('identifying');
    const known = await this.#identify(device);
    if (known) return known;
    if (state.plan.mode === 'accuracy') {
      this.#enter('measuring');
      const failure = await measureItems(this, device);
      if (failure) return failure;
    } else {
      if (state.inferences === null) {
        this.#enter('tuning');
        const failure = await tune(this, device);
        if (failure) return failure;
      }
      if (state.nextWindow() !== null) {
        this.#enter('measuring');
        const failure = await measureWindows(this, device);
        if (failure) return failure;
      }
    }
    return this.#profile(device);
  }

  async #identify(device: Device): Promise<Failure | null> {
    const identity = await this.#guard(device.identity(this.step()));
    if (!identity.ok) return identity;
    const now = identity.value;
    const { programHash, firmwareHash } = this.ports.bench.deployed;
    if (now.programHash !== null && now.programHash !== programHash)
      return fail(
        'device.wrong-program',
        { expected: programHash, device: now.programHash },
        'The device runs another Program than the one that was deployed.',
        'Deploy again.',
      );
    if (now.firmwareHash !== null && firmwareHash !== null && now.firmwareHash !== firmwareHash)
      return fail(
        'device.wrong-firmware',
        { expected: firmwareHash, device: now.firmwareHash },
        'The device runs another firmware than the one that was deployed.',
        'Deploy again.',
      );
    if (now.mode !== null && now.mode !== this.#imageMode())
      return fail(
        'device.wrong-mode',
        { expected: this.#imageMode(), device: now.mode },
        'The image on the device has the other mode word.',
        'Deploy again.',
      );
    const monitor = this.state.plan.mode === 'energy' ? this.ports.bench.meter!.identity() : null;
    const other = this.state.differsFrom(now) ?? (monitor && this.state.otherMonitor(monitor));
    if (other) return other;
    this.state.identity = now;
    this.state.monitor = monitor;
    this.state.referenceCheck = now.programHash === null ? null : this.ports.referenceCheck(now.programHash);
    return failed(this.ports.store.saveIdentity(this.state.runId, now, monitor, this.state.referenceCheck));
  }

  /** Cycles per operator and the arena's high-water mark, once a run, where the device has `mj`. */
  async #profile(device: Device): Promise<Failure | null> {
    const { state } = this;
    if (!state.plan.profile || state.profile !== null || !state.identity!.hasMj) return null;
    this.#enter('profiling');
    const painted = await this.#guard(device.paintArena(this.step()));
    if (!painted.ok) return painted;
    const profile = await this.#guard(device.profile(this.step()));
    if (!profile.ok) return profile;
    const arena = await this.#guard(device.arena(this.step()));
    if (!arena.ok) return arena;
    const { deployed, target } = this.ports.bench;
    const unit = target.unit === 'instructions' ? 'instructions' : 'cycles';
    state.setProfile({ ...profile.value, unit }, arena.value, deployed.operators ?? []);
    return failed(this.ports.store.saveProfile(state.runId, state.profile!));
  }

  async #waitForReturn(lost: Failure): Promise<Result<Device>> {
    const { state } = this;
    const window = state.nextWindow() ?? state.total();
    this.#enter('paused');
    this.emit({ type: 'paused', failure: toDto(lost), window, of: state.total() });
    const device = await this.#guard(this.ports.bench.reconnect(this.step()));
    for (const warning of this.ports.bench.takeWarnings())
      this.emit({ type: 'warning', failure: toDto(warning) });
    if (device.ok) this.emit({ type: 'resumed', window, of: state.total() });
    return device;
  }

  async #closeMeter(): Promise<Failure | null> {
    const meter = this.state.plan.mode === 'energy' ? this.ports.bench.meter : null;
    if (!meter) return null;
    const closed = await meter.close();
    for (const trace of meter.traces()) {
      const saved = this.ports.store.saveTrace(this.state.runId, trace);
      if (!saved.ok) return saved;
      this.state.setTrace(trace);
    }
    return failed(closed);
  }

  #end(failure: Failure | null): RunResult {
    const status: RunStatus = failure === null ? 'finished' : endStatus(failure, this.signal);
    this.state.endedAt = this.ports.nowIso();
    this.state.failure = failure ? toDto(failure) : null;
    let result = composeResult(this.state.stored(), status);
    const saved = this.ports.store.end(this.state.runId, result);
    if (!saved.ok && failure === null) {
      // the disk filled up on the very last row: the windows are there, the end is not
      this.state.failure = toDto(saved);
      result = composeResult(this.state.stored(), 'failed');
    }
    this.#enter(result.status as 'finished' | 'interrupted' | 'failed');
    this.emit({ type: 'ended', result });
    return result;
  }

  #enter(phase: Phase): void {
    const from = this.#phases.enter(phase);
    this.emit({ type: 'phase', phase, from });
  }

  emit(body: RunEventBody): void {
    const event = { ...body, runId: this.state.runId, at: this.ports.nowIso() };
    const keep =
      event.type === 'phase' ||
      event.type === 'warning' ||
      event.type === 'paused' ||
      event.type === 'resumed';
    // an end is written by store.end; after a store failure nothing more is tried
    if (keep && !this.#storeFailure && !endPhases.has(this.#phases.phase)) {
      const saved = this.ports.store.saveEvent(this.state.runId, event);
      if (!saved.ok) this.#storeFailure = saved;
    }
    this.#onEvent(event);
  }

  step(): StepOptions {
    const phase = this.#phases.phase;
    return {
      signal: this.signal,
      onProgress: (fraction, text) =>
        this.emit({ type: 'progress', phase, done: fraction, total: 1, etaS: null, text }),
    };
  }

  #guard<T>(step: Promise<Result<T>>): Promise<Result<T>> {
    return orAborted(step, this.signal);
  }
}

function endStatus(failure: Failure, signal: AbortSignal): RunStatus {
  const kind = failureKind(failure);
  // a lost board and a stopped run can both be resumed
  return signal.aborted || kind === 'aborted' || kind === 'lost' ? 'interrupted' : 'failed';
}
