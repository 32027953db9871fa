import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InputEncoding } from './abi/generated.ts';
import { HarnessMode } from './abi/generated.ts';
import { WallClock } from './base/clock.ts';
import { fail, ok, type Result } from './base/errors.ts';
import { calibrate, type Calibration } from './calibrate/calibrate.ts';
import { buildImage, inputBytes, loadPrebuilt, type Image } from './compile/image.ts';
import type { Program } from './compile/program.ts';
import type { RunEvent, RunPlanInput, RunResult, RunSummary } from './contract/index.ts';
import { deployImage } from './core/deploy-image.ts';
import { twinOutputs } from './core/expected-outputs.ts';
import { datasetInputs, randomInputs } from './core/input-sets.ts';
import type { TraceFile as MeterTrace } from './core/meter-adapter.ts';
import { compileFor, openModelFile, type ModelFile } from './core/model-file.ts';
import { costModelFor, predictProgram, shippedCostModels, type FullPrediction } from './core/prediction.ts';
import { realRigs } from './core/real-rig.ts';
import { RigBench } from './core/rig-bench.ts';
import type { RigFactory } from './core/rig.ts';
import { simulatedRigs } from './core/simulated-rig.ts';
import { findTarget, targets, type TargetDescriptor } from './core/targets.ts';
import { rawValues, tensorsOf } from './engine/harness-io.ts';
import { tflmRecord } from './engine/tflm-record.ts';
import { openTwin } from './engine/twin.ts';
import type { Monitor } from './monitor/monitor.ts';
import type { CostModel } from './predict/cost-model.ts';
import type { RunPorts } from './run/ports.ts';
import { executeRun, resumeRun } from './run/run.ts';
import { openStore, type Store } from './store/store.ts';
import { TraceFile } from './store/trace-file.ts';
import { newTraceHeader } from './trace/format.ts';

/** Where a run finds its hardware; the emulated bench needs none of it. */
export interface Wiring {
  /** Address of the board's UART. */
  readonly port?: string;
  /** Address of the power monitor. */
  readonly monitor?: string;
  /** Seed of the simulated world's hidden current model. */
  readonly worldSeed?: number;
}

export interface CoreOptions {
  readonly dbPath: string;
  /** Folder of trace files; default: `traces` beside the database. */
  readonly tracesDir?: string;
  readonly nowIso?: () => string;
}

export type RunRequest = Omit<RunPlanInput, 'model'> & { readonly modelPath: string };

export interface RunWatch {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
}

interface Prepared {
  readonly target: TargetDescriptor;
  readonly model: ModelFile;
  readonly program: Program;
  readonly image: Image;
}

export interface InferAnswer {
  readonly target: string;
  readonly model: string;
  /** One list an output tensor: the integers (or floats) as the model gives them. */
  readonly outputs: readonly (readonly number[])[];
}

/** The application's centre: composes the rooms. Hosts talk to nothing else. */
export class Core implements AsyncDisposable {
  readonly store: Store;
  readonly tracesDir: string;
  readonly #nowIso: () => string;

  constructor(store: Store, options: CoreOptions) {
    this.store = store;
    this.tracesDir = options.tracesDir ?? join(dirname(options.dbPath), 'traces');
    this.#nowIso = options.nowIso ?? (() => new Date().toISOString());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.store.close();
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
    const prepared = prepare(modelPath, rest.targetId);
    if (!prepared.ok) return prepared;
    const { model } = prepared.value;
    const plan: RunPlanInput = {
      ...rest,
      model: { name: model.name, sha256: model.graph.sha256, path: model.path },
      benchmark: rest.benchmark ?? model.benchmark,
      scoring: rest.scoring ?? (model.benchmark === 'ad01' ? 'auc' : 'top1'),
    };
    return this.#withPorts(prepared.value, plan, wiring, (ports) => executeRun(plan, ports, watch));
  }

  /** Goes on with an interrupted run from what the store knows of it. */
  async resume(runId: number, wiring: Wiring = {}, watch: RunWatch = {}): Promise<Result<RunResult>> {
    const stored = this.store.runs.load(runId);
    if (!stored.ok) return stored;
    const { plan } = stored.value;
    if (plan.model.path === null)
      return fail('run.no-model-path', { runId }, 'The run does not know where its model is.', 'Start a new run.');
    const prepared = prepare(plan.model.path, plan.targetId);
    if (!prepared.ok) return prepared;
    if (prepared.value.model.graph.sha256 !== plan.model.sha256)
      return fail(
        'run.other-model',
        { runId, path: plan.model.path, then: plan.model.sha256, now: prepared.value.model.graph.sha256 },
        'The model file has changed since the run began.',
        'Put the file back, or start a new run.',
      );
    return this.#withPorts(prepared.value, plan, wiring, (ports) => resumeRun(runId, ports, watch));
  }

  async #withPorts(
    prepared: Prepared,
    plan: RunPlanInput,
    wiring: Wiring,
    use: (ports: RunPorts) => Promise<Result<RunResult>>,
  ): Promise<Result<RunResult>> {
    const { model, program, image, target } = prepared;
    const bytes = inputBytes(program, model.inputEncoding);
    const inputs = plan.dataDir ? datasetInputs(plan.dataDir, bytes) : ok(randomInputs(plan.seed ?? 1, bytes, model.inputEncoding));
    if (!inputs.ok) return inputs;
    const rigs = rigsFor(target, wiring, plan.seed ?? 1, program.ops.length);
    if (!rigs.ok) return rigs;
    const twin = await openTwin(program.bytes);
    if (!twin.ok) return twin;
    await using hostTwin = twin.value;
    const stopwatch = new WallClock();
    await using bench = new RigBench({
      target: {
        id: target.id,
        name: target.name,
        source: target.source,
        assumptions: target.assumptions,
        clockPlusMinusPpm: target.source === 'emulated' ? null : CRYSTAL_PPM,
      },
      boardSerial: wiring.port ?? 'emulated',
      rigs: rigs.value,
      image,
      program,
      withMonitor: plan.mode === 'energy',
      supplyV: plan.supplyV ?? 3.3,
      windowChannel: target.board.pins.window.channel,
      openTrace: (monitor) => this.#openTrace(monitor, model.name, target),
      nowIso: this.#nowIso,
    });
    const prediction = this.predictPrepared(prepared);
    return await use({
      bench,
      inputs: inputs.value,
      expected: twinOutputs(hostTwin, model),
      store: this.store.runs,
      clock: stopwatch,
      stopwatch,
      nowIso: this.#nowIso,
      referenceCheck: (programHash) => tflmRecord(model.graph.sha256, programHash),
      prediction: prediction.ok ? prediction.value.prediction : null,
    });
  }

  #openTrace(monitor: Monitor, title: string, { source, board }: TargetDescriptor): Result<MeterTrace> {
    const { window, operator, timestamp } = board.pins;
    // channels that nothing is wired to would fill the trace with what they pick up
    const logicMask = [window, ...operator, timestamp].reduce((mask, pin) => mask | (1 << pin.channel), 0);
    const id = randomUUID();
    const path = join(this.tracesDir, `${id}.mjtrace`);
    try {
      mkdirSync(this.tracesDir, { recursive: true });
    } catch (e) {
      return fail('trace.write-failed', { folder: this.tracesDir, reason: (e as Error).message }, 'The folder for traces cannot be made.', 'Check the path and its permissions.');
    }
    const file = TraceFile.create(path, newTraceHeader(monitor.streamFormat, { traceId: id, title, source, logicMask }));
    if (!file.ok) return file;
    return ok({ id, path, store: file.value, close: () => file.value[Symbol.dispose]() });
  }

  /** Cost models of this database first, then those that come with the product. */
  #costModel(target: TargetDescriptor, firmwareHash: string): Result<CostModel> {
    const own = this.store.calibrations.latest<CostModel>({ board: target.board.id, firmwareHash, timingModel: target.timingModel });
    if (!own.ok) return own;
    return costModelFor([...(own.value ? [own.value.model] : []), ...shippedCostModels()], target, firmwareHash);
  }

  predictPrepared(prepared: Prepared): Result<FullPrediction> {
    const { target, image, program } = prepared;
    const model = this.#costModel(target, image.firmwareHash);
    return model.ok ? predictProgram(model.value, program, target, image.firmwareHash) : model;
  }

  /** Latency and energy of a model before anything runs. */
  predict(modelPath: string, targetId: string): Result<{ readonly prepared: Prepared; readonly full: FullPrediction }> {
    const prepared = prepare(modelPath, targetId);
    if (!prepared.ok) return prepared;
    const full = this.predictPrepared(prepared.value);
    return full.ok ? ok({ prepared: prepared.value, full: full.value }) : full;
  }

  /** Measures generated layers on a target, stores and returns the cost model. */
  async calibrate(targetId: string, seed: number, wiring: Wiring, watch: { signal?: AbortSignal; onLayer?: (done: number, total: number, name: string) => void }): Promise<Result<Calibration>> {
    const target = targetOf(targetId);
    if (!target.ok) return target;
    const prebuilt = loadPrebuilt(target.value.board);
    if (!prebuilt.ok) return prebuilt;
    const image = buildImage({ board: target.value.board, firmware: prebuilt.value.firmware, program: null, config: ownHarness('calibration') });
    if (!image.ok) return image;
    const rigs = rigsFor(target.value, wiring, seed, 1);
    if (!rigs.ok) return rigs;
    const opened = await rigs.value.open(false);
    if (!opened.ok) return opened;
    await using rig = opened.value;
    const session = await deployImage(rig, image.value);
    if (!session.ok) return session;
    await using talk = session.value;
    if (!talk.mj) return fail('device.no-mj', { target: targetId }, 'The board does not run the Microjoule firmware.', 'Deploy it first.');
    const done = await calibrate(talk.mj, { board: target.value.board, timingModel: target.value.timingModel, seed, ...watch });
    return done.ok ? this.#keepCalibration(done.value) : done;
  }

  #keepCalibration(calibration: Calibration): Result<Calibration> {
    const { model, samples } = calibration;
    const rows = samples.map((s) => {
      const k = model.kernels[s.kernel]!;
      return { ...s, predictedCycles: k.a * s.macs + k.b * s.outputs + k.c * s.bytes + k.d };
    });
    const kept = this.store.calibrations.put(model, rows);
    return kept.ok ? ok(calibration) : kept;
  }
}

/** A crystal's usual tolerance with temperature, ±; the Pico's 12 MHz crystal is specified at ±30 ppm. */
const CRYSTAL_PPM = 30;

export async function createCore(options: CoreOptions): Promise<Result<Core>> {
  const store = openStore(options.dbPath, options.nowIso ? { nowIso: options.nowIso } : {});
  return store.ok ? ok(new Core(store.value, options)) : store;
}

function targetOf(id: string): Result<TargetDescriptor> {
  const target = findTarget(id);
  return target
    ? ok(target)
    : fail('cli.unknown-target', { target: id, known: targets.map((t) => t.id) }, 'There is no such target.', '`microjoule targets` lists them.');
}

function ownHarness(model: string) {
  return { mode: HarnessMode.Performance, inputEncoding: InputEncoding.Raw, resultKind: 0, model, vendor: 'microjoule' } as const;
}

function safeName(name: string): string {
  return name.replace(/[^\x21-\x7e]|[[\]%]/g, '-').slice(0, 24) || 'model';
}

/** Reads, compiles and builds: everything that can be refused before hardware is touched. */
export function prepare(modelPath: string, targetId: string): Result<Prepared> {
  const target = targetOf(targetId);
  if (!target.ok) return target;
  const { board } = target.value;
  const model = openModelFile(modelPath);
  if (!model.ok) return model;
  const program = compileFor(model.value, board);
  if (!program.ok) return program;
  const prebuilt = loadPrebuilt(board);
  if (!prebuilt.ok) return prebuilt;
  const { inputEncoding, resultKind, name } = model.value;
  const image = buildImage({
    board,
    firmware: prebuilt.value.firmware,
    program: program.value,
    config: { ...ownHarness(safeName(name)), inputEncoding, resultKind },
  });
  if (!image.ok) return image;
  return ok({ target: target.value, model: model.value, program: program.value, image: image.value });
}

function rigsFor(target: TargetDescriptor, wiring: Wiring, seed: number, operators: number): Result<RigFactory> {
  if (!target.needsPort) return ok(simulatedRigs(wiring.worldSeed ?? seed, operators));
  if (wiring.port === undefined)
    return fail('cli.no-port', { target: target.id }, 'This target is a real board.', 'Name its port with --port; `microjoule ports` lists them.');
  return ok(realRigs({ board: target.board, port: wiring.port, monitorPort: wiring.monitor ?? null }));
}

/** One inference on the host twin or on a board; the output integers as the model gives them. */
export async function inferOnce(modelPath: string, input: Uint8Array, targetId: string, wiring: Wiring): Promise<Result<InferAnswer>> {
  const onHost = targetId === 'host';
  const prepared = prepare(modelPath, onHost ? 'pico-emulated' : targetId);
  if (!prepared.ok) return prepared;
  const { model, program, image } = prepared.value;
  const inputs = program.inputs.map((t) => program.tensors[t]!);
  const outputs = program.outputs.map((t) => program.tensors[t]!);
  const tensors = tensorsOf(input, inputs, model.inputEncoding);
  if (!tensors.ok) return tensors;
  const answer = (raw: readonly Uint8Array[]): InferAnswer => ({
    target: targetId,
    model: model.name,
    outputs: raw.map((bytes, i) => rawValues(outputs[i]!, bytes)),
  });
  if (onHost) {
    const twin = await openTwin(program.bytes);
    if (!twin.ok) return twin;
    await using host = twin.value;
    const raw = host.infer(tensors.value);
    return raw.ok ? ok(answer(raw.value)) : raw;
  }
  const rigs = rigsFor(prepared.value.target, wiring, 1, program.ops.length);
  if (!rigs.ok) return rigs;
  const raw = await inferOnRig(rigs.value, image, input);
  if (!raw.ok) return raw;
  let at = 0;
  return ok(answer(outputs.map((t) => raw.value.subarray(at, (at += t.bytes)))));
}

async function inferOnRig(rigs: RigFactory, image: Image, input: Uint8Array): Promise<Result<Uint8Array>> {
  const opened = await rigs.open(false);
  if (!opened.ok) return opened;
  await using rig = opened.value;
  const session = await deployImage(rig, image);
  if (!session.ok) return session;
  await using talk = session.value;
  const steps: (() => Promise<Result<unknown>>)[] = [() => talk.loadInput(input), () => talk.infer(1, 0)];
  for (const step of steps) {
    const done = await step();
    if (!done.ok) return done;
  }
  return talk.mj ? await talk.mj.output() : fail('device.no-mj', {}, 'The board does not give raw outputs.', 'Deploy the Microjoule firmware.');
}

