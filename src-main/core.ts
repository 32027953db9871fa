import { dirname, join } from 'node:path';
import { WallClock } from './base/clock.ts';
import { fail, failureText, ok, type Result } from './base/errors.ts';
import type { Calibration } from './calibrate/calibrate.ts';
import { inputBytes } from './compile/image.ts';
import type {
  CodeProfile,
  KernelChoice,
  RecordRequest,
  RecordSummary,
  ReferenceCheck,
  RunEvent,
  RunPlanInput,
  RunResult,
  RunSummary,
  StreamResult,
} from './contract/index.ts';
import { benchOf } from './core/bench-of.ts';
import { checkWiring, type WiringCheckOptions } from './core/check-wiring.ts';
import type { ModelCheck } from './contract/bench/model-check.ts';
import { INSTRUCTIONS_ONLY } from './contract/profile.ts';
import { batteryOf, type BatteryAnswer, type BatteryRequest } from './core/battery.ts';
import { calibrateTarget, type CalibrationWatch } from './core/calibrate-target.ts';
import { twinOutputs } from './core/expected-outputs.ts';
import { datasetInputs, randomInputs } from './core/input-sets.ts';
import { profileCode, type CodeProfileRequest } from './core/code-profile.ts';
import { costModelFor, predictProgram, shippedCostModels, type FullPrediction } from './core/prediction.ts';
import { modelCheckOf } from './core/model-check.ts';
import { prepare, type Prepared } from './core/prepare.ts';
import { record, type RecordWatch } from './core/record.ts';
import { refuseWithoutTime } from './core/instructions-only.ts';
import { latestCheck } from './core/checked-accuracy.ts';
import type { RunExpectation } from './core/recalibration.ts';
import { streamModel, type StreamRequest, type StreamWatch } from './core/stream.ts';
import { refuseSupply } from './core/supply.ts';
import {
  exportTrace,
  importTrace,
  type Exported,
  type ExportRequest,
  type Imported,
  type ImportRequest,
} from './core/trace-files.ts';
import { TraceOperatorSpans } from './core/trace-operators.ts';
import { Traces } from './core/traces.ts';
import { DEFAULT_WORLD_SEED, rigsFor, type Wiring } from './core/wiring.ts';
import { ZERO_WAIT } from './core/zero-wait.ts';
import { tflmRecord } from './engine/tflm-record.ts';
import { openTwin } from './engine/twin.ts';
import type { CostModel } from './predict/cost-model.ts';
import type { RunPorts } from './run/ports.ts';
import { executeRun, resumeRun } from './run/run.ts';
import { openStore, type Store } from './store/store.ts';

export { inferOnce, type InferAnswer } from './core/infer.ts';
export { prepare } from './core/prepare.ts';
export type { Wiring } from './core/wiring.ts';

export interface CoreOptions {
  readonly dbPath: string;
  /** Folder of trace files; default: `traces` beside the database. */
  readonly tracesDir?: string;
  /** Cost models that come with the product; a test gives a folder of its own. */
  readonly calibrationsDir?: string;
  readonly nowIso?: () => string;
  /** Only reads what is there: `store.none` instead of a new database. */
  readonly mustExist?: boolean;
}

export type RunRequest = Omit<RunPlanInput, 'model'> & { readonly modelPath: string };

export interface RunWatch {
  readonly signal?: AbortSignal;
  /** Whenever a trace of the run is there to be read while it grows. */
  readonly onTrace?: (traceId: string) => void;
  readonly onEvent?: (event: RunEvent) => void;
}

/** The application's centre: composes the rooms. Hosts talk to nothing else. */
export class Core implements AsyncDisposable {
  readonly store: Store;
  readonly tracesDir: string;
  /** Navigation of recorded traces. */
  readonly trace: Traces;
  /** Which run made a trace, and where its operators lie. */
  readonly traceOperators: TraceOperatorSpans;
  readonly #nowIso: () => string;
  readonly #calibrationsDir: string | undefined;

  constructor(store: Store, options: CoreOptions) {
    this.store = store;
    this.tracesDir = options.tracesDir ?? join(dirname(options.dbPath), 'traces');
    this.#calibrationsDir = options.calibrationsDir;
    this.#nowIso = options.nowIso ?? (() => new Date().toISOString());
    this.trace = new Traces({ tracesDir: this.tracesDir, nowIso: this.#nowIso, known: store.traces });
    this.traceOperators = new TraceOperatorSpans({
      traces: this.trace,
      runOf: (traceId) => store.traces.runOf(traceId),
      result: (runId) => store.runs.result(runId),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.trace[Symbol.asyncDispose]();
    this.store.close();
  }

  /** Records a monitor into a trace file; several at once are several calls. */
  record(request: RecordRequest, watch: RecordWatch = {}): Promise<Result<RecordSummary>> {
    return record(request, watch, {
      tracesDir: this.tracesDir,
      nowIso: this.#nowIso,
      references: this.store.traces,
      checkOf: (monitor, supplyMv) => latestCheck(this.store, monitor, supplyMv),
    });
  }

  /** A span of a trace as a file of another format, and what that leaves behind. */
  exportTrace(request: ExportRequest): Promise<Result<Exported>> {
    return exportTrace(request, this.trace);
  }

  /** A file of another program as a trace. */
  importTrace(request: ImportRequest): Promise<Result<Imported>> {
    return importTrace(request, {
      tracesDir: this.tracesDir,
      nowIso: this.#nowIso,
      references: this.store.traces,
      traces: this.trace,
    });
  }

  /** How long a battery lasts on a duty cycle of runs and stretches of traces. */
  battery(request: BatteryRequest): Result<BatteryAnswer> {
    return batteryOf(request, this);
  }

  runs(limit?: number): Result<RunSummary[]> {
    return this.store.runs.list(limit);
  }

  result(runId: number): Result<RunResult> {
    return this.store.runs.result(runId);
  }

  /** Measures a model by a plan; see run/run.ts for how it can end. */
  async run(request: RunRequest, wiring: Wiring = {}, watch: RunWatch = {}): Promise<Result<RunResult>> {
    const { modelPath, ...rest } = request;
    const prepared = prepare(modelPath, rest.targetId, rest.kernels);
    if (!prepared.ok) return prepared;
    const { model } = prepared.value;
    const plan: RunPlanInput = {
      ...rest,
      model: { name: model.name, sha256: model.graph.sha256, path: model.path },
      benchmark: rest.benchmark ?? model.benchmark,
      scoring: rest.scoring ?? (model.benchmark === 'ad01' ? 'auc' : 'top1'),
    };
    return this.#withPorts(prepared.value, plan, wiring, watch, (ports) => executeRun(plan, ports, watch));
  }

  /** Goes on with an interrupted run from what the store knows of it. */
  async resume(runId: number, wiring: Wiring = {}, watch: RunWatch = {}): Promise<Result<RunResult>> {
    const stored = this.store.runs.load(runId);
    if (!stored.ok) return stored;
    const { plan } = stored.value;
    const prepared = this.#prepareAgain(runId, plan);
    if (!prepared.ok) return prepared;
    return this.#withPorts(prepared.value, plan, wiring, watch, (ports) => resumeRun(runId, ports, watch));
  }

  /** The model a run was made with: `run.no-model-path`, `run.other-model`, or why it cannot be read. */
  #prepareAgain(runId: number, plan: RunPlanInput): Result<Prepared> {
    if (plan.model.path === null)
      return fail(
        'run.no-model-path',
        { runId },
        'The run does not know where its model is.',
        'Start a new run.',
      );
    const prepared = prepare(plan.model.path, plan.targetId, plan.kernels);
    if (!prepared.ok) return prepared;
    if (prepared.value.model.graph.sha256 !== plan.model.sha256)
      return fail(
        'run.other-model',
        { runId, path: plan.model.path, then: plan.model.sha256, now: prepared.value.model.graph.sha256 },
        'The model file has changed since the run began.',
        'Put the file back, or start a new run.',
      );
    return prepared;
  }

  async #withPorts(
    prepared: Prepared,
    plan: RunPlanInput,
    wiring: Wiring,
    watch: RunWatch,
    use: (ports: RunPorts) => Promise<Result<RunResult>>,
  ): Promise<Result<RunResult>> {
    const { model, program, target } = prepared;
    const supplyV = plan.supplyV ?? target.board.power.supplyV;
    const refused = refuseSupply(target.board, supplyV);
    if (refused) return refused;
    const bytes = inputBytes(program, model.inputEncoding);
    const inputs = plan.dataDir
      ? datasetInputs(plan.dataDir, bytes)
      : ok(randomInputs(plan.seed ?? 1, bytes, model.inputEncoding));
    if (!inputs.ok) return inputs;
    const rigs = rigsFor(target, wiring, {
      seed: plan.worldSeed ?? DEFAULT_WORLD_SEED,
      operators: program.ops.length,
    });
    if (!rigs.ok) return rigs;
    const twin = await openTwin(program.bytes);
    if (!twin.ok) return twin;
    await using hostTwin = twin.value;
    const stopwatch = new WallClock();
    await using bench = benchOf(prepared, {
      rigs: rigs.value,
      withMonitor: plan.mode === 'energy',
      supplyV,
      tracesDir: this.tracesDir,
      checked: (monitor) => latestCheck(this.store, monitor, supplyV * 1000),
      nowIso: this.#nowIso,
      onTrace: watch.onTrace,
    });
    const { prediction, remarks } = this.#expectation(prepared, supplyV);
    return await use({
      bench,
      inputs: inputs.value,
      expected: twinOutputs(hostTwin, model),
      store: this.store.runs,
      clock: stopwatch,
      stopwatch,
      nowIso: this.#nowIso,
      referenceCheck: (programHash) => this.#referenceCheck(model.graph.sha256, programHash),
      prediction: prediction.ok ? prediction.value.prediction : null,
      remarks: [...model.remarks, ...remarks, ...(wiring.emulation?.zeroWait ? [ZERO_WAIT] : [])],
    });
  }

  /** The committed record first: it holds for this engine build. Then what this database was told. */
  #referenceCheck(modelSha256: string, programHash: string): ReferenceCheck | null {
    const committed = tflmRecord(modelSha256, programHash);
    if (committed) return committed;
    const stored = this.store.referenceChecks.of(programHash);
    return stored.ok ? stored.value : null;
  }

  /** A run goes on without a prediction, but says why it has none. */
  #expectation(
    prepared: Prepared,
    supplyV: number,
  ): { readonly prediction: Result<FullPrediction>; readonly remarks: readonly string[] } {
    const { models, leftOut } = this.#costModels(prepared);
    const prediction = this.#predictWith(models, prepared, supplyV);
    if (prepared.target.board.unit === 'instructions') return { prediction, remarks: [INSTRUCTIONS_ONLY] };
    const why = prediction.ok ? [] : [`No prediction: ${failureText(prediction)}`];
    return { prediction, remarks: [...leftOut, ...why] };
  }

  /** Of this database first, then those that come with the product. */
  #costModels({ target, image }: Prepared): {
    readonly models: Result<readonly CostModel[]>;
    readonly leftOut: readonly string[];
  } {
    const { board, timingModel } = target;
    const own = this.store.calibrations.latest<CostModel>({
      board: board.id,
      firmwareHash: image.firmwareHash,
      timingModel,
    });
    const { models, leftOut } = shippedCostModels(this.#calibrationsDir);
    return { models: own.ok ? ok([...(own.value ? [own.value.model] : []), ...models]) : own, leftOut };
  }

  #predictWith(
    models: Result<readonly CostModel[]>,
    { target, image, program }: Prepared,
    supplyV: number,
  ): Result<FullPrediction> {
    const refused = refuseWithoutTime(target, 'a prediction of latency and energy');
    if (refused) return refused;
    if (!models.ok) return models;
    const model = costModelFor(models.value, target, image.firmwareHash);
    return model.ok ? predictProgram(model.value, program, target, image.firmwareHash, supplyV) : model;
  }

  /** Streams samples into a model on a target; see core/stream.ts. */
  stream(
    request: StreamRequest,
    wiring: Wiring = {},
    watch: StreamWatch = {},
  ): Promise<Result<StreamResult>> {
    return streamModel(request, wiring, watch, {
      store: this.store,
      nowIso: this.#nowIso,
      tracesDir: this.tracesDir,
    });
  }

  /** Profiles the model of a run once more on the emulated board and keeps the profile with the run. */
  async profileRun(runId: number, request: CodeProfileRequest): Promise<Result<CodeProfile>> {
    const stored = this.store.runs.load(runId);
    if (!stored.ok) return stored;
    const { plan } = stored.value;
    const prepared = this.#prepareAgain(runId, plan);
    if (!prepared.ok) return prepared;
    const profile = await profileCode(prepared.value, request);
    if (!profile.ok) return profile;
    const kept = this.store.codeProfiles.put(runId, profile.value);
    return kept.ok ? profile : kept;
  }

  /** Does a model fit a target, and what is expected of it? `model.*`, `compile.*`, `image.*` where it does not. */
  checkModel(modelPath: string, targetId: string, supplyV?: number): Result<ModelCheck> {
    const prepared = prepare(modelPath, targetId);
    if (!prepared.ok) return prepared;
    const volts = supplyV ?? prepared.value.target.board.power.supplyV;
    return ok(modelCheckOf(prepared.value, this.#expectation(prepared.value, volts).prediction));
  }

  /** Is the rig wired as the board's descriptor says? See core/check-wiring.ts. `modelPath`: what is programmed. */
  async checkWiring(
    modelPath: string,
    targetId: string,
    wiring: Wiring,
    options: Pick<WiringCheckOptions, 'program' | 'windowUs' | 'signal' | 'onStep'> & {
      readonly supplyV?: number;
    },
  ): Promise<Result<void>> {
    const prepared = prepare(modelPath, targetId);
    if (!prepared.ok) return prepared;
    const { target, program } = prepared.value;
    const untimed = refuseWithoutTime(target, 'a check of wires');
    if (untimed) return untimed;
    const supplyV = options.supplyV ?? target.board.power.supplyV;
    const refused = refuseSupply(target.board, supplyV);
    if (refused) return refused;
    const rigs = rigsFor(target, wiring, { seed: DEFAULT_WORLD_SEED, operators: program.ops.length });
    if (!rigs.ok) return rigs;
    return await checkWiring(prepared.value, {
      ...options,
      rigs: rigs.value,
      withMonitor: !target.needsPort || wiring.monitor !== undefined,
      supplyV,
      checked: (monitor) => latestCheck(this.store, monitor, supplyV * 1000),
      nowIso: this.#nowIso,
    });
  }

  /** Latency and energy of a model before anything runs. */
  predict(
    modelPath: string,
    targetId: string,
    supplyV?: number,
    kernels?: KernelChoice,
  ): Result<{ readonly prepared: Prepared; readonly full: FullPrediction }> {
    const prepared = prepare(modelPath, targetId, kernels);
    if (!prepared.ok) return prepared;
    const volts = supplyV ?? prepared.value.target.board.power.supplyV;
    const refused = refuseSupply(prepared.value.target.board, volts);
    if (refused) return refused;
    const full = this.#predictWith(this.#costModels(prepared.value).models, prepared.value, volts);
    return full.ok ? ok({ prepared: prepared.value, full: full.value }) : full;
  }

  /** What the model of a run is predicted to take today. Fails as `predict` does, or where the model is gone or has changed. */
  expectationOf({ runId, plan }: RunResult): Result<RunExpectation> {
    const prepared = this.#prepareAgain(runId, plan);
    if (!prepared.ok) return prepared;
    const { target, image } = prepared.value;
    const { models } = this.#costModels(prepared.value);
    const model = models.ok ? costModelFor(models.value, target, image.firmwareHash) : models;
    if (!model.ok) return model;
    const full = this.#predictWith(models, prepared.value, plan.supplyV ?? target.board.power.supplyV);
    return full.ok ? ok({ prepared: prepared.value, full: full.value, model: model.value }) : full;
  }

  /** Measures generated layers on a target, stores and returns the cost model. */
  calibrate(
    targetId: string,
    seed: number,
    wiring: Wiring,
    watch: CalibrationWatch,
  ): Promise<Result<Calibration>> {
    return calibrateTarget(this.store, targetId, seed, wiring, watch);
  }
}

export async function createCore(options: CoreOptions): Promise<Result<Core>> {
  const store = openStore(options.dbPath, {
    ...(options.nowIso ? { nowIso: options.nowIso } : {}),
    ...(options.mustExist ? { mustExist: true } : {}),
  });
  return store.ok ? ok(new Core(store.value, options)) : store;
}
