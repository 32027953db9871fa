import { z } from 'zod';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import {
  DeviceIdentity,
  FailureDto,
  MonitorIdentity,
  ReferenceCheck,
  RunPlan,
  type AccuracyItem,
  type OpProfile,
  type Prediction,
  type RunEvent,
  type RunResult,
  type RunStatus,
  type RunSummary,
  type TraceReference,
  type WindowResult,
} from '../contract/index.ts';
import type { NewRun, RunStore, StoredRun } from '../run/ports.ts';
import { composeResult } from '../run/result.ts';
import { boardRow } from './boards.ts';
import { Table, type Row, type StoreContext } from './context.ts';
import { itemsOf, putItem } from './items.ts';
import { modelRow, programRow } from './models.ts';
import { monitorRow } from './monitors.ts';
import { predictionOf, putPrediction } from './predictions.ts';
import { ownerOf } from './owner.ts';
import { profileOf, putProfile } from './profiles.ts';
import { jsonOrNull, parsed, parsedOrNull } from './rows.ts';
import { putTrace, tracesOf } from './traces.ts';
import { asCounted, exclusionsOf, putExclusion, removeExclusion } from './window-exclusions.ts';
import { putWindow, windowsOf } from './windows.ts';

/** Runs and all that belongs to them. Implements what a run needs of a store (run/ports.ts). */
export class Runs implements RunStore {
  readonly #t: Table;
  /** Begun or reopened here and not ended: what `running` with our own pid means. */
  readonly #active = new Set<number>();

  constructor(context: StoreContext) {
    this.#t = new Table(context);
  }

  begin(run: NewRun): Result<number> {
    const t = this.#t;
    const { self } = t.context;
    const begun = t.write(() => {
      modelRow(t, run.plan.model, run.startedAt);
      return t.run(
        `INSERT INTO runs (status, mode, target_id, target_name, source, model_sha256, plan_json, assumptions_json,
           clock_plus_minus_ppm, input_kind, input_count, started_at, remarks_json, owner_boot, owner_namespace, owner_pid, owner_started)
         VALUES ('running', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        run.plan.mode,
        run.plan.targetId,
        run.targetName,
        run.source,
        run.plan.model.sha256,
        JSON.stringify(run.plan),
        JSON.stringify(run.assumptions),
        run.clockPlusMinusPpm,
        run.inputKind,
        run.inputCount,
        run.startedAt,
        JSON.stringify(run.remarks),
        self.boot,
        self.namespace,
        self.pid,
        self.started,
      );
    });
    if (begun.ok) this.#active.add(begun.value);
    return begun;
  }

  reopen(runId: number): Result<StoredRun> {
    const t = this.#t;
    const { self, path } = t.context;
    const claimed = t.write((): Failure | null => {
      const row = t.get('SELECT * FROM runs WHERE id = ?', runId);
      if (!row) return noRun(path, runId);
      if (row.status === 'finished')
        return fail(
          'store.run-finished',
          { runId },
          'The run is complete: there is nothing to resume.',
          'Start a new run.',
        );
      if (this.#inUse(row)) return inUse(row);
      t.run(
        `UPDATE runs SET status = 'running', ended_at = NULL, failure_json = NULL, owner_boot = ?, owner_namespace = ?,
           owner_pid = ?, owner_started = ? WHERE id = ?`,
        self.boot,
        self.namespace,
        self.pid,
        self.started,
        runId,
      );
      return null;
    });
    if (!claimed.ok) return claimed;
    if (claimed.value) return claimed.value;
    this.#active.add(runId);
    return this.load(runId);
  }

  saveIdentity(
    runId: number,
    identity: DeviceIdentity,
    monitor: MonitorIdentity | null,
    checked: ReferenceCheck | null,
  ): Result<void> {
    const t = this.#t;
    return t.write(() => {
      const at = t.context.nowIso();
      const run = t.get('SELECT model_sha256 FROM runs WHERE id = ?', runId)!;
      const program =
        identity.programHash === null
          ? null
          : programRow(t, identity.programHash, run.model_sha256 as string, at);
      t.run(
        `UPDATE runs SET board_id = ?, monitor_id = ?, program_id = ?, firmware_hash = ?, identity_json = ?,
           monitor_json = ?, reference_check_json = ? WHERE id = ?`,
        boardRow(t, identity, at),
        monitor ? monitorRow(t, monitor, at) : null,
        program,
        identity.firmwareHash,
        JSON.stringify(identity),
        jsonOrNull(monitor),
        jsonOrNull(checked),
        runId,
      );
    });
  }

  saveTuning(runId: number, inferences: number): Result<void> {
    return this.#write(
      () => void this.#t.run('UPDATE runs SET inferences_per_window = ? WHERE id = ?', inferences, runId),
    );
  }

  saveWindow(runId: number, window: WindowResult): Result<void> {
    return this.#write(() => putWindow(this.#t, runId, window));
  }

  saveItem(runId: number, item: AccuracyItem): Result<void> {
    return this.#write(() => putItem(this.#t, runId, item));
  }

  saveProfile(runId: number, profile: OpProfile): Result<void> {
    return this.#write(() => putProfile(this.#t, runId, profile));
  }

  savePrediction(runId: number, prediction: Prediction): Result<void> {
    return this.#write(() => putPrediction(this.#t, runId, prediction));
  }

  saveTrace(runId: number, trace: TraceReference): Result<void> {
    return this.#write(() => putTrace(this.#t, runId, trace));
  }

  saveEvent(runId: number, event: RunEvent): Result<void> {
    return this.#write(
      () =>
        void this.#t.run(
          'INSERT INTO events (run_id, at, type, event_json) VALUES (?, ?, ?, ?)',
          runId,
          event.at,
          event.type,
          JSON.stringify(event),
        ),
    );
  }

  end(runId: number, result: RunResult): Result<void> {
    // even if the row cannot be written any more, nobody here measures it from now on
    this.#active.delete(runId);
    return this.#write(() => putEnd(this.#t, runId, result));
  }

  /** The events that were kept (phases, warnings, pauses), as they were emitted. */
  events(runId: number): Result<unknown[]> {
    return this.#t.read(() =>
      this.#t
        .all('SELECT event_json FROM events WHERE run_id = ? ORDER BY id', runId)
        .map((r) => parsed(z.unknown(), 'events.event_json', r.event_json as string)),
    );
  }

  load(runId: number): Result<StoredRun> {
    const t = this.#t;
    const loaded = t.read(() => {
      const row = t.get('SELECT * FROM runs WHERE id = ?', runId);
      return row ? storedRun(t, row) : null;
    });
    if (!loaded.ok) return loaded;
    return loaded.value ? ok(loaded.value) : noRun(t.context.path, runId);
  }

  /** Composed from the stored windows and items, whatever state the run is in. */
  result(runId: number): Result<RunResult> {
    const run = this.load(runId);
    if (!run.ok) return run;
    const reasons = this.#t.read(() => exclusionsOf(this.#t, runId));
    if (!reasons.ok) return reasons;
    return ok(composeResult({ ...run.value, windows: asCounted(run.value.windows, reasons.value) }));
  }

  /**
   * Leaves a window out of a finished run; what it measured stays. `store.no-run`, `run.not-finished`, `run.no-window` where
   * no finished window has this index.
   */
  exclude(runId: number, index: number, reason: string): Result<RunResult> {
    return this.#judge(runId, index, (t) => {
      putExclusion(t, runId, index, reason, t.context.nowIso());
      return true;
    });
  }

  /** Counts a window again that was left out by hand. What the run itself voided stays out: `run.no-window`. */
  include(runId: number, index: number): Result<RunResult> {
    return this.#judge(runId, index, (t) => removeExclusion(t, runId, index));
  }

  /** Indices of the windows that were left out by hand. */
  leftOut(runId: number): Result<number[]> {
    return this.#t.read(() => [...exclusionsOf(this.#t, runId).keys()]);
  }

  #judge(runId: number, index: number, change: (t: Table) => boolean): Result<RunResult> {
    const run = this.load(runId);
    if (!run.ok) return run;
    const refused = refuseJudging(run.value, index);
    if (refused) return refused;
    const t = this.#t;
    const done = t.write(() => {
      if (!change(t)) return null;
      const windows = asCounted(run.value.windows, exclusionsOf(t, runId));
      const result = composeResult({ ...run.value, windows });
      putScores(t, runId, result);
      return result;
    });
    if (!done.ok) return done;
    return done.value ? ok(done.value) : noWindow(runId, index);
  }

  /** Newest first. */
  list(limit = 1000): Result<RunSummary[]> {
    return this.#t.read(() =>
      this.#t.all('SELECT * FROM v_runs ORDER BY run_id DESC LIMIT ?', limit).map(summaryOf),
    );
  }

  /** A run with all that belongs to it; trace files stay where they are. */
  remove(runId: number): Result<void> {
    const t = this.#t;
    const done = t.write((): Failure | null => {
      const row = t.get('SELECT * FROM runs WHERE id = ?', runId);
      if (!row) return noRun(t.context.path, runId);
      if (this.#inUse(row)) return inUse(row);
      t.run('DELETE FROM runs WHERE id = ?', runId);
      return null;
    });
    return done.ok ? (done.value ?? ok()) : done;
  }

  #inUse(row: Row): boolean {
    if (row.status !== 'running') return false;
    const owner = ownerOf(row);
    const { self, liveness } = this.#t.context;
    const own = owner.pid === self.pid && owner.boot === self.boot && owner.started === self.started;
    return own ? this.#active.has(row.id as number) : liveness(owner) === 'alive';
  }

  #write(work: () => void): Result<void> {
    return this.#t.write(work);
  }

  /** Runs that a dead process left `running` become `interrupted`; a live process is not disturbed. */
  static interruptOrphans(context: StoreContext): Result<number[]> {
    const t = new Table(context);
    const running = t.read(() => t.all("SELECT * FROM runs WHERE status = 'running'"));
    if (!running.ok) return running;
    const dead = running.value.filter((r) => context.liveness(ownerOf(r)) === 'dead');
    if (dead.length === 0) return ok([]);
    return t.write(() => {
      for (const row of dead) interruptOrphan(t, row);
      return dead.map((r) => r.id as number);
    });
  }
}

function interruptOrphan(t: Table, row: Row): void {
  const failure: FailureDto = {
    id: 'run.process-died',
    facts: { pid: row.owner_pid as number },
    cause: 'The process that measured ended without a word: killed, crashed or the power failed.',
    next: `Resume it (microjoule run --resume ${String(row.id)}): every finished window is kept.`,
  };
  const result = composeResult({ ...storedRun(t, row), failure }, 'interrupted');
  putEnd(t, row.id as number, result);
}

function putEnd(t: Table, runId: number, result: RunResult): void {
  t.run(
    `UPDATE runs SET status = ?, ended_at = ?, failure_json = ?,
       owner_boot = NULL, owner_namespace = NULL, owner_pid = NULL, owner_started = NULL WHERE id = ?`,
    result.status,
    result.endedAt,
    jsonOrNull(result.failure),
    runId,
  );
  putScores(t, runId, result);
}

/** What lists of runs show: they do not compose results. */
function putScores(t: Table, runId: number, result: RunResult): void {
  t.run(
    `UPDATE runs SET latency_us = ?, throughput_per_s = ?, energy_uj_per_inference = ?, score = ?, valid = ? WHERE id = ?`,
    result.latency?.value ?? null,
    result.throughput?.value ?? null,
    result.energyPerInference?.value ?? null,
    result.accuracy?.score?.value ?? null,
    result.validity.valid ? 1 : 0,
    runId,
  );
}

function refuseJudging(run: StoredRun, index: number): Failure | null {
  if (run.status !== 'finished')
    return fail(
      'run.not-finished',
      { runId: run.runId, status: run.status },
      'A run that may still go on measures its windows itself.',
      'Let it finish first.',
    );
  return run.windows.some((w) => w.index === index && w.status === 'finished')
    ? null
    : noWindow(run.runId, index);
}

function noWindow(runId: number, index: number): Failure {
  return fail(
    'run.no-window',
    { runId, window: index + 1 },
    'No window with this number was left out by hand, or can be: what the run voided was measured again in its place.',
    'Look at the windows of the run.',
  );
}

function noRun(path: string, runId: number): Failure {
  return fail(
    'store.no-run',
    { path, runId },
    'The database has no run with this number.',
    'List them with microjoule runs.',
  );
}

function inUse(row: Row): Failure {
  const facts = { runId: row.id as number, pid: row.owner_pid as number };
  return fail('store.run-in-use', facts, 'A process is measuring this run.', 'Wait for it, or stop it.');
}

function storedRun(t: Table, row: Row): StoredRun {
  const runId = row.id as number;
  const text = (column: string) => row[column] as string | null;
  return {
    runId,
    status: row.status as RunStatus,
    plan: parsed(RunPlan, 'runs.plan_json', text('plan_json')!),
    source: row.source as StoredRun['source'],
    targetName: text('target_name')!,
    assumptions: parsed(z.array(z.string()), 'runs.assumptions_json', text('assumptions_json')!),
    clockPlusMinusPpm: row.clock_plus_minus_ppm as number | null,
    remarks: parsed(z.array(z.string()), 'runs.remarks_json', text('remarks_json')!),
    inputKind: row.input_kind as StoredRun['inputKind'],
    inputCount: row.input_count as number,
    startedAt: text('started_at')!,
    endedAt: text('ended_at'),
    inferences: row.inferences_per_window as number | null,
    identity: parsedOrNull(DeviceIdentity, 'runs.identity_json', text('identity_json')),
    monitor: parsedOrNull(MonitorIdentity, 'runs.monitor_json', text('monitor_json')),
    referenceCheck: parsedOrNull(ReferenceCheck, 'runs.reference_check_json', text('reference_check_json')),
    failure: parsedOrNull(FailureDto, 'runs.failure_json', text('failure_json')),
    windows: windowsOf(t, runId),
    items: itemsOf(t, runId),
    profile: profileOf(t, runId),
    prediction: predictionOf(t, runId),
    traces: tracesOf(t, runId),
  };
}

function summaryOf(r: Row): RunSummary {
  return {
    runId: r.run_id as number,
    status: r.status as RunStatus,
    mode: r.mode as string,
    modelName: r.model as string,
    modelSha256: r.model_sha256 as string,
    targetId: r.target_id as string,
    source: r.source as RunSummary['source'],
    startedAt: r.started_at as string,
    endedAt: r.ended_at as string | null,
    windowsFinished: r.windows_finished as number,
    windowsPlanned: r.windows_planned as number,
    latencyUs: r.latency_us as number | null,
    energyUjPerInference: r.energy_uj_per_inference as number | null,
    score: r.score as number | null,
    valid: r.valid === null ? null : r.valid === 1,
  };
}
