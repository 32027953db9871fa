import { ok, type Result } from '../base/errors.ts';
import type { StreamResult, StreamRunEvent, StreamRunPlan } from '../contract/index.ts';
import type { Session } from '../device/session.ts';
import type { Store } from '../store/store.ts';
import type { NewStream } from '../store/streams.ts';
import { openStream } from '../stream/open-stream.ts';
import { Recorder } from '../stream/recorder.ts';
import { blockEnd, type StreamBlock } from '../stream/sample-block.ts';
import { SignalView } from '../stream/signal-view.ts';
import type { StreamSource } from '../stream/source.ts';
import { StreamRun, type StreamOutcome } from '../stream/stream-run.ts';
import type { DetectionRule, StreamSession } from '../stream/stream-session.ts';
import { SessionDevice } from './device-adapter.ts';
import { refuseWithoutTime } from './instructions-only.ts';
import { prepare, type Prepared } from './prepare.ts';
import type { StreamMeter } from './stream-meter.ts';
import { hopRowsOf, streamModelOf, type StreamModel } from './stream-model.ts';
import { deployFor, meterFor, OpenBench, sourceOf } from './stream-parts.ts';
import type { StreamContext, StreamRequest, StreamWatch } from './stream-request.ts';
import { energyOf, planOf, resultOf } from './stream-result.ts';
import { DEFAULT_WORLD_SEED, rigsFor, type Wiring } from './wiring.ts';

export type { StreamContext, StreamRequest, StreamWatch } from './stream-request.ts';

/** Streams a source into a model on a target, stores what came back and scores it against the truth, where one is known. */
export async function streamModel(
  request: StreamRequest,
  wiring: Wiring,
  watch: StreamWatch,
  context: StreamContext,
): Promise<Result<StreamResult>> {
  const prepared = prepare(request.modelPath, request.targetId);
  if (!prepared.ok) return prepared;
  const refused = refuseWithoutTime(prepared.value.target, 'a stream in real time');
  if (refused) return refused;
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
  const { request, prepared, shape, samples, talk, context } = parts;
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
  const startedAt = context.nowIso();
  const recorder =
    request.recordDir === null
      ? ok(null)
      : Recorder.open(request.recordDir, samples.format, samples.origin, startedAt);
  if (!recorder.ok) return recorder;
  using recording = recorder.value;
  const powered = await parts.meter?.begin();
  if (powered && !powered.ok) return powered;
  const plan = planOf(parts, session, rule);
  const begun = await begunOf(parts, plan, startedAt);
  return await storedRun({ parts, run, session, recording, begun });
}

async function begunOf(parts: Parts, plan: StreamRunPlan, startedAt: string): Promise<NewStream> {
  const { request, prepared, talk, bench } = parts;
  const device = new SessionDevice(talk, {
    boardSerial: bench.rig.serials.board ?? 'unknown',
    baud: request.baud,
  });
  const identity = await device.identity();
  return {
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
}

interface OpenedStream {
  readonly parts: Parts;
  readonly run: StreamRun;
  readonly session: StreamSession;
  readonly recording: Recorder | null;
  readonly begun: NewStream;
}

/** Columns of 20 ms of sound, single samples of motion; said together, four times a second of stream. */
function signalPort({ watch, samples }: Parts): { onBlock?: (block: StreamBlock) => void } {
  const { onSignal } = watch;
  if (!onSignal) return {};
  const { format } = samples;
  const perColumn = format.kind === 'audio' ? Math.round(format.sampleRateHz / 50) : 1;
  const view = new SignalView(format, perColumn, true);
  let saidUntil = 0;
  return {
    onBlock: (block) => {
      view.push(block);
      if (blockEnd(block) - saidUntil < format.sampleRateHz / 4) return;
      saidUntil = blockEnd(block);
      const signal = view.take();
      if (signal) onSignal(signal);
    },
  };
}

/** From the row in the database to the end of the stream. */
async function storedRun(opened: OpenedStream): Promise<Result<StreamResult>> {
  const { parts, run, session, recording, begun } = opened;
  const { request, prepared, samples, bench, context } = parts;
  const { streams } = context.store;
  const id = streams.begin(begun);
  if (!id.ok) return id;
  const onEvent = parts.watch.onEvent ?? (() => undefined);
  onEvent({ type: 'started', streamId: id.value, plan: begun.plan });
  const outcome = await run.run({
    source: samples,
    session,
    plan: begun.plan,
    recorder: recording,
    keep: (rows) => streams.append(id.value, rows),
    limitUs: request.durationS === null ? null : request.durationS * 1e6,
    signal: bench.signal,
    // a trace of the power cannot have a hole as long as a person looks for a plug
    reconnect: parts.meter ? null : () => bench.reconnect(),
    onEvent,
    ...signalPort(parts),
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
