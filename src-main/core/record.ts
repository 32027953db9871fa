import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fail, ok, type Result } from '../base/errors.ts';
import type { RecordRequest, RecordStatus, RecordSummary } from '../contract/index.ts';
import { ThreadedTraceFile } from '../store/threaded-trace-file.ts';
import { RESERVED_BYTES } from '../store/trace-file.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { TraceReferences } from '../store/traces.ts';
import { clockRelation } from '../trace/clock-relation.ts';
import { newTraceHeader } from '../trace/format.ts';
import { recordTrace, type Recording, type RecordingEnd } from '../trace/recording.ts';
import { openRecordSource, type RecordSource } from './record-source.ts';
import type { CheckedMonitor } from './checked-accuracy.ts';
import { infoOf } from './trace-info.ts';
import { failureDto } from './trace-views.ts';

export interface RecordWatch {
  /** Ends the recording; what was recorded is kept. */
  readonly signal?: AbortSignal;
  /** Called about four times a second of wall time. */
  readonly onStatus?: (status: RecordStatus) => void;
  /** Called once, as soon as there is a trace to read. */
  readonly onTrace?: (traceId: string) => void;
  /** Somebody looks on: what has arrived can be read at each status, not only once a second. */
  readonly followed?: boolean;
}

export interface RecordContext {
  readonly tracesDir: string;
  readonly nowIso: () => string;
  /** Where the database notes the trace. */
  readonly references: Pick<TraceReferences, 'add'>;
  /** What the newest check of this very instrument found. */
  readonly checkOf: (monitor: Monitor, supplyMv: number) => CheckedMonitor | null;
}

const STATUS_MS = 250;

/**
 * Records a monitor into a new trace file until its time is over, the signal ends it or something fails. Fails only where
 * nothing was recorded; else the summary says how it ended.
 */
export async function record(
  request: RecordRequest,
  watch: RecordWatch,
  context: RecordContext,
): Promise<Result<RecordSummary>> {
  const opened = await openRecordSource(request, context.checkOf);
  if (!opened.ok) return opened;
  await using monitor = opened.value.monitor;
  const file = await createFile(opened.value, request, context);
  if (!file.ok) return file;
  await using store = file.value;
  const rate = monitor.streamFormat.sampleRateHz;
  const recording = recordTrace(monitor, store, monitor.descriptor.codec, {
    maxSamples: request.seconds === undefined ? Infinity : Math.round(request.seconds * rate),
    // a running instrument waits for nobody; a simulated one does
    whenFull: monitor.clock.kind === 'virtual' ? 'wait' : 'gap',
  });
  watch.onTrace?.(store.header.traceId);
  const end = await untilEnd(recording, watch);
  const summary = summaryOf(store, recording, end);
  if (!summary.ok) return summary;
  const { trace } = summary.value;
  const noted = context.references.add({
    id: trace.id,
    path: trace.path,
    sha256: null,
    startedAt: trace.startedAt ?? context.nowIso(),
    sampleRateHz: trace.sampleRateHz,
    sampleCount: trace.lengthSamples,
  });
  return noted.ok ? summary : noted;
}

async function createFile(
  { monitor, emulated, accuracy }: RecordSource,
  request: RecordRequest,
  { tracesDir, nowIso }: RecordContext,
): Promise<Result<ThreadedTraceFile>> {
  const traceId = randomUUID();
  const path = resolve(request.path ?? join(tracesDir, `${traceId}.mjtrace`));
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (e) {
    return fail(
      'trace.write-failed',
      { path, reason: (e as Error).message },
      'The folder for traces cannot be made.',
      'Check the path and its permissions.',
    );
  }
  const header = newTraceHeader(monitor.streamFormat, {
    traceId,
    title: request.title ?? `${monitor.descriptor.name}${emulated ? ', emulated' : ''}`,
    source: emulated ? 'emulated' : 'measured',
    accuracy,
    startedAt: nowIso(),
  });
  return ThreadedTraceFile.create(path, header, { minFreeBytes: RESERVED_BYTES });
}

async function untilEnd(
  recording: Recording,
  { signal, onStatus, followed }: RecordWatch,
): Promise<RecordingEnd> {
  const stop = () => void recording.stop();
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  const tell = async () => {
    // a disk that fails here fails the recording, which says so itself
    if (followed) await recording.sync();
    onStatus?.(recording.status());
  };
  const timer = onStatus ? setInterval(() => void tell(), STATUS_MS) : undefined;
  try {
    return await recording.ended;
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', stop);
  }
}

function summaryOf(store: ThreadedTraceFile, recording: Recording, end: RecordingEnd): Result<RecordSummary> {
  const info = infoOf(store, store.path, end.failure ? end.failure.id : 'stopped');
  if (!info.ok) return info;
  const points = store.clockPoints();
  const relation = points.ok ? clockRelation(points.value, store.header.sampleRateHz) : points;
  const clock = relation.ok
    ? {
        ratePpm: relation.value.ratePpm,
        ratePlusMinusPpm: relation.value.ratePlusMinusPpm,
        jitterUs: relation.value.jitterUs,
      }
    : null;
  return ok({
    trace: info.value,
    end: end.kind,
    failure: end.failure ? failureDto(end.failure) : null,
    status: recording.status(),
    clock,
  });
}
