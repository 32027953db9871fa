import { HarnessMode } from '../abi/generated.ts';
import { fail, failureText, ok, type Failure, type Result } from '../base/errors.ts';
import { withMode } from '../compile/image.ts';
import type { StreamResult, StreamRunEvent, StreamRunPlan } from '../contract/index.ts';
import type { Session } from '../device/session.ts';
import type { Link } from '../link/link.ts';
import type { Store } from '../store/store.ts';
import type { ColumnMapping } from '../stream/columns.ts';
import { openSource } from '../stream/open-source.ts';
import { openStream } from '../stream/open-stream.ts';
import { Recorder } from '../stream/recorder.ts';
import { figuresOf, scoreStream } from '../stream/score.ts';
import { withTruth, type StreamSource } from '../stream/source.ts';
import { readTruth } from '../stream/truth-file.ts';
import { StreamRun, type StreamOutcome } from '../stream/stream-run.ts';
import type {
  DetectionRule,
  FrontEndPlace,
  SampleEncodingName,
  StreamSession,
} from '../stream/stream-session.ts';
import { deployImage } from './deploy-image.ts';
import { SessionDevice } from './device-adapter.ts';
import { prepare, type Prepared } from './prepare.ts';
import type { Rig, RigFactory } from './rig.ts';
import { StreamMeter } from './stream-meter.ts';
import { refuseSupply } from './supply.ts';
import { hopRowsOf, streamModelOf, type StreamModel } from './stream-model.ts';
import { DEFAULT_WORLD_SEED, rigsFor, type Wiring } from './wiring.ts';

export interface StreamRequest {
  readonly modelPath: string;
  readonly targetId: string;
  /** See stream/open-source.ts. */
  readonly source: string;
  /** Seconds of stream at most; null: until the source ends. */
  readonly durationS: number | null;
  readonly seed: number;
  readonly worldSeed?: number;
  readonly wakeWord?: string;
  readonly channel?: number | 'mix';
  readonly mapping?: ColumnMapping;
  readonly sourceBaud?: number;
  /** Of an IMU model; of columns without times too. */
  readonly rateHz?: number;
  readonly labels?: readonly string[];
  readonly ignored?: readonly string[];
  readonly frontEnd: FrontEndPlace | 'auto';
  readonly encoding?: SampleEncodingName;
  readonly hopMs: number | null;
  readonly smoothingWindows: number;
  readonly threshold: number;
  readonly refractoryMs: number;
  /** Line rate to the board. */
  readonly baud: number;
  readonly recordDir: string | null;
  /** Ground truth for a source that has none of its own, or instead of it. */
  readonly truthPath: string | null;
  /** Measure the energy too, at this supply voltage. */
  readonly monitor: boolean;
  readonly supplyV: number;
}

export interface StreamWatch {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StreamRunEvent) => void;
}

export interface StreamContext {
  readonly store: Store;
  readonly nowIso: () => string;
  /** Folder of trace files. */
  readonly tracesDir: string;
}

/** Streams a source into a model on a target, stores what came back and scores it against the truth, where one is known. */
export async function streamModel(
  request: StreamRequest,
  wiring: Wiring,
  watch: StreamWatch,
  context: StreamContext,
): Promise<Result<StreamResult>> {
  const prepared = prepare(request.modelPath, request.targetId);
  if (!prepared.ok) return prepared;
  const { model, target, program } = prepared.value;
  const shape = streamModelOf(model.graph, model.path, {
    ...(request.rateHz === undefined ? {} : { imuRateHz: request.rateHz }),
    ...(request.labels ? { labels: request.labels } : {}),
    ...(request.ignored ? { ignored: request.ignored } : {}),
  });
  if (!shape.ok) return shape;
  const rigs = rigsFor(target, wiring, {
    seed: request.worldSeed ?? DEFAULT_WORLD_SEED,
    operators: program.ops.length,
  });
  if (!rigs.ok) return rigs;
  const rig = await rigs.value.open(request.monitor);
  if (!rig.ok) return rig;
  await using bench = new OpenBench(rigs.value, rig.value, watch.signal);
  const wires = bench.rig;
  // what is wrong with the source is said before the board is programmed
  const source = await sourceOf(request, shape.value, wires);
  if (!source.ok) return source;
  await using samples = source.value;
  const meter = await meterFor(request, prepared.value, wires, context);
  if (!meter.ok) return meter;
  await using metered = meter.value;
  const session = await deployFor(request, prepared.value, wires);
  if (!session.ok) return session;
  await using talk = session.value;
  return await streamOver({
    request,
    prepared: prepared.value,
    shape: shape.value,
    bench,
    meter: metered,
    talk,
    samples,
    watch,
    context,
  });
}

/** The wires of the run; after a lost cable those that were opened again. */
class OpenBench implements AsyncDisposable {
  readonly signal: AbortSignal;
  readonly #rigs: RigFactory;
  #rig: Rig;

  constructor(rigs: RigFactory, rig: Rig, signal: AbortSignal = new AbortController().signal) {
    this.#rigs = rigs;
    this.#rig = rig;
    this.signal = signal;
  }

  get rig(): Rig {
    return this.#rig;
  }

  async reconnect(): Promise<Result<Link>> {
    const rig = await this.#rigs.reopen(this.#rig, false, this.signal);
    if (!rig.ok) return rig;
    this.#rig = rig.value;
    return ok(rig.value.dut);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rig[Symbol.asyncDispose]();
  }
}

async function sourceOf(
  request: StreamRequest,
  { format }: StreamModel,
  rig: Rig,
): Promise<Result<StreamSource>> {
  const source = await openSource({
    spec: request.source,
    format,
    clock: rig.clock,
    durationS: request.durationS,
    seed: request.seed,
    ...(request.wakeWord === undefined ? {} : { wakeWord: request.wakeWord }),
    ...(request.channel === undefined ? {} : { channel: request.channel }),
    ...(request.mapping ? { mapping: request.mapping } : {}),
    ...(request.rateHz === undefined ? {} : { sampleRateHz: request.rateHz }),
    ...(request.sourceBaud === undefined ? {} : { baud: request.sourceBaud }),
  });
  if (!source.ok) return source;
  const given = source.value.format;
  if (
    given.kind === format.kind &&
    given.channels === format.channels &&
    given.sampleRateHz === format.sampleRateHz
  ) {
    if (request.truthPath === null) return source;
    const truth = readTruth(request.truthPath, format.kind === 'imu' ? 'segments' : 'words');
    if (truth.ok) return ok(withTruth(source.value, truth.value));
    await source.value[Symbol.asyncDispose]();
    return truth;
  }
  await source.value[Symbol.asyncDispose]();
  return fail(
    'stream.wrong-format',
    {
      source: request.source,
      ...{ kind: given.kind, channels: given.channels, sampleRateHz: given.sampleRateHz },
      ...{
        wantedKind: format.kind,
        wantedChannels: format.channels,
        wantedSampleRateHz: format.sampleRateHz,
      },
    },
    'The source does not give what the model takes.',
    'Choose a source of the same kind, channels and rate; say an IMU model’s rate with --rate.',
  );
}

async function meterFor(
  request: StreamRequest,
  { target, model }: Prepared,
  rig: Rig,
  { tracesDir, nowIso }: StreamContext,
): Promise<Result<StreamMeter | null>> {
  if (!request.monitor) return ok(null);
  const { supplyV } = request;
  return (
    refuseSupply(target.board, supplyV) ??
    StreamMeter.open(rig, { target, supplyV, tracesDir, nowIso, title: `${model.name}, stream` })
  );
}

async function deployFor(request: StreamRequest, { image }: Prepared, rig: Rig): Promise<Result<Session>> {
  const fast = withMode(image, HarnessMode.Performance, request.baud);
  return fast.ok ? deployImage(rig, fast.value) : fast;
}

interface Parts {
  readonly request: StreamRequest;
  readonly prepared: Prepared;
  readonly shape: StreamModel;
  readonly bench: OpenBench;
  readonly meter: StreamMeter | null;
  readonly talk: Session;
  readonly samples: StreamSource;
  readonly watch: StreamWatch;
  readonly context: StreamContext;
}

/** So long the device waits for its cable to come back before it leaves the stream. */
const SILENCE_US = 10_000_000;

function ruleOf({ request, shape }: Parts): DetectionRule {
  return {
    smoothingWindows: request.smoothingWindows,
    threshold: request.threshold,
    refractorySamples: Math.round((request.refractoryMs / 1000) * shape.format.sampleRateHz),
    ignoredClasses: shape.background.map((c) => shape.classes.indexOf(c)),
  };
}

async function streamOver(parts: Parts): Promise<Result<StreamResult>> {
  const { request, prepared, shape, samples, talk, bench, context } = parts;
  const run = new StreamRun();
  const rule = ruleOf(parts);
  const detects = rule.ignoredClasses.length < shape.classes.length;
  const opened = await openStream(talk, {
    format: shape.format,
    program: prepared.program.bytes,
    features: shape.features,
    window: { rows: shape.rows, hopRows: hopRowsOf(shape, request.hopMs) },
    frontEnd: request.frontEnd,
    ...(request.encoding === undefined ? {} : { encoding: request.encoding }),
    ...(detects ? { detection: rule } : {}),
    silenceUs: SILENCE_US,
    onEvent: run.listener,
  });
  if (!opened.ok) return opened;
  await using session = opened.value;
  const plan = planOf(parts, session, rule);
  const startedAt = context.nowIso();
  const recorder =
    request.recordDir === null
      ? ok(null)
      : Recorder.open(request.recordDir, samples.format, samples.origin, startedAt);
  if (!recorder.ok) return recorder;
  using recording = recorder.value;
  const identity = await new SessionDevice(
    talk,
    bench.rig.serials.board ?? 'unknown',
    request.baud,
  ).identity();
  const { streams } = context.store;
  const begun = {
    source: prepared.target.source,
    targetName: prepared.target.name,
    identity: identity.ok ? identity.value : null,
    programHash: prepared.image.programHash ?? '',
    firmwareHash: prepared.image.firmwareHash,
    plan,
    startedAt,
    assumptions: [...prepared.target.assumptions],
    recording: request.recordDir,
  };
  const id = streams.begin(begun);
  if (!id.ok) return id;
  const onEvent = parts.watch.onEvent ?? (() => undefined);
  onEvent({ type: 'started', streamId: id.value, plan });
  const recordingPower = parts.meter?.begin();
  if (recordingPower && !recordingPower.ok) return recordingPower;
  const outcome = await run.run({
    source: samples,
    session,
    plan,
    recorder: recording,
    keep: (rows) => streams.append(id.value, rows),
    limitUs: request.durationS === null ? null : request.durationS * 1e6,
    signal: bench.signal,
    // a trace of the power cannot have a hole as long as a person looks for a plug
    reconnect: parts.meter ? null : () => bench.reconnect(),
    onEvent,
  });
  const energy = await energyOf(parts.meter, context);
  const result: StreamResult = {
    streamId: id.value,
    ...begun,
    ...resultOf(outcome, samples, [...prepared.model.remarks, ...energy.notes]),
    energy: energy.value,
    endedAt: context.nowIso(),
  };
  return finish(result, outcome, recording, streams, onEvent);
}

function planOf(
  { request, prepared, shape, samples }: Parts,
  { plan }: StreamSession,
  rule: DetectionRule,
): StreamRunPlan {
  const { model } = prepared;
  return {
    model: { name: model.name, sha256: model.graph.sha256, path: model.path },
    targetId: request.targetId,
    source: samples.origin,
    sampleKind: shape.format.kind,
    channels: shape.format.channels,
    sampleRateHz: shape.format.sampleRateHz,
    classes: [...shape.classes],
    frontEnd: plan.frontEnd,
    encoding: plan.encoding,
    reason: plan.reason,
    baud: plan.baud,
    lineBytesPerS: plan.lineBytesPerS,
    lineCapacityBytesPerS: plan.lineCapacityBytesPerS,
    windowSamples: plan.windowSamples,
    hopSamples: plan.hopSamples,
    detection: {
      smoothingWindows: rule.smoothingWindows,
      threshold: rule.threshold,
      refractorySamples: rule.refractorySamples,
      ignored: [...shape.background],
    },
  };
}

function resultOf(outcome: StreamOutcome, samples: StreamSource, remarks: readonly string[]) {
  const { record, counters, summary, status, failure } = outcome;
  const { windows, detections, plan } = record;
  return {
    status,
    durationUs: record.durationUs,
    counters: { ...counters },
    gaps: [...record.gaps],
    detections: [...detections],
    dropped: [...record.dropped],
    truth: record.truth,
    figures: summary ? figuresOf(windows, detections, plan.sampleRateHz, summary) : null,
    scores: scoreStream(record),
    notes: [...remarks, ...samples.notes(), ...endNotes(outcome)],
    failure: failure ? dtoOf(failure) : null,
  };
}

/** A stream stands without its energy; why there is none is said. */
async function energyOf(
  meter: StreamMeter | null,
  { store }: StreamContext,
): Promise<{ readonly value: StreamResult['energy']; readonly notes: readonly string[] }> {
  if (!meter) return { value: null, notes: [] };
  const ended = await meter.end();
  if (!ended.ok) return { value: null, notes: [`No energy: ${failureText(ended)}`] };
  const noted = store.traces.add(ended.value.trace);
  return {
    value: ended.value.energy,
    notes: noted.ok ? [] : [`The trace is not in the database: ${failureText(noted)}`],
  };
}

function dtoOf({ id, facts, cause, next }: Failure): StreamResult['failure'] {
  return { id, facts: { ...facts }, cause, next };
}

/** A stream that did not end as it should is scored only as far as it went, and says so. */
function endNotes({ status, record, failure, reconnections }: StreamOutcome): string[] {
  const lost = reconnections > 0 ? [`the link was lost and opened again ${reconnections} times`] : [];
  if (status === 'finished') return lost;
  const why = failure ? failureText(failure) : 'it was stopped';
  return [
    ...lost,
    `The stream ended after ${(record.durationUs / 1e6).toFixed(2)} s (${why}): all figures are of that part only.`,
  ];
}

function finish(
  result: StreamResult,
  { record }: StreamOutcome,
  recording: Recorder | null,
  streams: Store['streams'],
  onEvent: (event: StreamRunEvent) => void,
): Result<StreamResult> {
  const written = recording?.finish({
    truth: record.truth,
    plan: record.plan,
    notes: result.notes,
    failure: result.failure,
  });
  const stored = streams.end(result);
  onEvent({ type: 'ended', result });
  if (written && !written.ok) return written;
  return stored.ok ? ok(result) : stored;
}
