import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type {
  TraceAnnotation,
  TraceComparison,
  TraceEnvelope,
  TraceHistogram,
  TraceInfo,
  TraceMarkers,
  TracePlaces,
  TraceSpanRequest,
  TraceSpectrum,
  TraceStatistics,
  TraceTrigger,
  TraceTriggerHit,
} from '../contract/index.ts';
import { ThreadedTraceFile } from '../store/threaded-trace-file.ts';
import { TraceAnnotations } from '../store/trace-annotations.ts';
import { closeInterrupted, RESERVED_BYTES, TraceFile } from '../store/trace-file.ts';
import type { TraceReferences } from '../store/traces.ts';
import { compareSpans } from '../trace/compare.ts';
import { cutHeader, cutTrace } from '../trace/cut.ts';
import { channelsOf, type SampleCodec } from '../trace/format.ts';
import { envelope, wholeSpan } from '../trace/navigation-envelope.ts';
import { histogram, type HistogramOptions } from '../trace/navigation-histogram.ts';
import { spectrum } from '../trace/navigation-spectrum.ts';
import { statistics } from '../trace/navigation-statistics.ts';
import { nextTrigger } from '../trace/navigation-trigger.ts';
import { phaseEnergies, type Phase, type PhaseEnergy } from '../trace/phases.ts';
import { findRepetition, type Repetition, type RepetitionOptions } from '../trace/repetition.ts';
import { Trace } from '../trace/trace.ts';
import { windowsOf } from '../trace/windows.ts';
import { codecsOf } from './codecs.ts';
import { infoOf } from './trace-info.ts';
import { levelsFromEdges } from './levels-from-edges.ts';
import { placesOf } from './trace-places.ts';
import { statisticsDto } from './trace-views.ts';
import { WindowIndex } from './window-index.ts';

/** Files that stay open: what a screen compares. */
const OPEN_FILES = 4;
/** Edges of one channel that a list of markers holds at most; a longer list is asked for in spans. */
const MAX_EDGES = 100_000;

export interface OpenTrace {
  readonly file: TraceFile;
  readonly codecs: readonly SampleCodec[];
  readonly channels: readonly Trace[];
  readonly windows: WindowIndex;
}

export interface TracesOptions {
  readonly tracesDir: string;
  readonly nowIso: () => string;
  /** Traces that the database knows, wherever their files are. */
  readonly known: Pick<TraceReferences, 'pathOf' | 'all'>;
}

export type TraceRepetition = Repetition;

export interface TracePhases {
  readonly idleA: number;
  readonly phases: readonly PhaseEnergy[];
  /** False where nobody stated the bounds of the monitor. */
  readonly boundKnown: boolean;
}

/** A trace that `list` met but could not read. */
export interface UnreadableTrace {
  readonly path: string;
  readonly failure: Failure;
}

/** Navigation of recorded traces, finished or still growing, by file path or id. */
export class Traces implements AsyncDisposable {
  readonly #options: TracesOptions;
  readonly #annotations: TraceAnnotations;
  readonly #open = new Map<string, OpenTrace>();
  readonly #ids = new Map<string, string | null>();

  constructor(options: TracesOptions) {
    this.#options = options;
    this.#annotations = new TraceAnnotations(options.nowIso);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const path of [...this.#open.keys()]) this.#close(path);
  }

  /** Of the folder of traces and the database, newest first. */
  list(): { readonly traces: TraceInfo[]; readonly unreadable: UnreadableTrace[] } {
    const traces: TraceInfo[] = [];
    const unreadable: UnreadableTrace[] = [];
    const { tracesDir, known } = this.#options;
    const all = known.all();
    // what somebody looks at stays open
    const opened = new Set(this.#open.keys());
    const elsewhere = all.ok ? all.value.map((t) => t.path) : [];
    for (const path of new Set([...traceFilesIn(tracesDir), ...elsewhere])) {
      const info = this.info(path);
      if (info.ok) traces.push(info.value);
      else unreadable.push({ path, failure: info });
      if (!opened.has(path)) this.#close(path);
    }
    traces.sort((a, b) => (b.startedAt ?? '').localeCompare(a.startedAt ?? ''));
    return { traces, unreadable };
  }

  info(name: string): Result<TraceInfo> {
    const open = this.opened(name);
    if (!open.ok) return open;
    const { file } = open.value;
    const reason = file.reason();
    return reason.ok ? infoOf(file, file.path, reason.value) : reason;
  }

  envelope(request: TraceSpanRequest, columns: number): Result<TraceEnvelope> {
    const made = this.#with(request, (t) => envelope(t, request.fromSample, request.toSample, columns));
    const open = made.ok ? this.opened(request.trace) : made;
    if (!made.ok || !open.ok || !open.value.codecs[0]!.logicBeside) return made;
    const filled = levelsFromEdges(open.value.file, made.value);
    return filled.ok ? made : filled;
  }

  statistics(request: TraceSpanRequest): Result<TraceStatistics> {
    return this.#with(request, (t) => {
      const s = statistics(t, request.fromSample, request.toSample);
      return s.ok ? ok(statisticsDto(s.value)) : s;
    });
  }

  histogram(request: TraceSpanRequest, options: HistogramOptions = {}): Result<TraceHistogram> {
    return this.#with(request, (t) => {
      const h = histogram(t, request.fromSample, request.toSample, options);
      return h.ok ? ok({ ...h.value, quantiles: [...h.value.quantiles] }) : h;
    });
  }

  spectrum(request: TraceSpanRequest, segmentSamples?: number): Result<TraceSpectrum> {
    return this.#with(request, (t) => spectrum(t, request.fromSample, request.toSample, segmentSamples));
  }

  /** Inferences that no pin marks. `trace.no-repetition`. */
  repetition(request: TraceSpanRequest, options: RepetitionOptions = {}): Result<TraceRepetition> {
    return this.#with(request, (t) => findRepetition(t, request.fromSample, request.toSample, options));
  }

  /** Energy of named stretches above that of an idle one; fractional sample positions. */
  phases(
    name: string,
    phases: readonly Phase[],
    idle: { readonly fromSample: number; readonly toSample: number },
  ): Result<TracePhases> {
    return this.#with({ trace: name, ...idle }, (t) => {
      const { accuracy } = t.header;
      const none = Array.from({ length: t.header.rangeCount }, () => 0);
      const found = phaseEnergies(t, phases, {
        accuracy: accuracy ?? { origin: 'unknown', gainRel: none, offsetA: none, stepA: none, clockRel: 0 },
        idle,
      });
      return found.ok ? ok({ ...found.value, boundKnown: accuracy !== undefined }) : found;
    });
  }

  nextTrigger(request: TraceSpanRequest, trigger: TraceTrigger): Result<TraceTriggerHit> {
    return this.#with(request, (t) => {
      const { hysteresisA, ...level } = trigger.kind === 'level' ? trigger : { hysteresisA: undefined };
      const whole = trigger.kind === 'level' && hysteresisA === undefined ? level : trigger;
      return nextTrigger(t, whole as Parameters<typeof nextTrigger>[1], request.fromSample, request.toSample);
    });
  }

  /** Edges, windows of D0, gaps, marks and annotations that touch a span. `trace.too-many-edges`. */
  markers(request: TraceSpanRequest): Result<TraceMarkers> {
    const { fromSample: from, toSample: to } = request;
    const open = this.opened(request.trace);
    if (!open.ok) return open;
    const { file } = open.value;
    const edges: TraceMarkers['edges'] = [];
    for (let channel = 0; channel < 8; channel++) {
      const own = file.edges(channel, from, to, MAX_EDGES + 1);
      if (!own.ok) return own;
      if (own.value.length > MAX_EDGES) return tooManyEdges(channel);
      edges.push(...own.value);
    }
    const gaps = file.gaps(from, to);
    if (!gaps.ok) return gaps;
    // what ended a recording is marked behind its last sample
    const marks = file.marks(from, to === file.lengthSamples() ? to + 1 : to);
    if (!marks.ok) return marks;
    const annotations = this.#annotations.list(file.path);
    if (!annotations.ok) return annotations;
    return ok({
      edges: edges.sort((a, b) => a.sample - b.sample || a.channel - b.channel),
      windows: windowsOf(edges.filter((e) => e.channel === 0)),
      gaps: [...gaps.value],
      marks: [...marks.value],
      annotations: annotations.value.filter((a) => a.fromSample < to && a.toSample >= from),
    });
  }

  /** The same for a picture of so many columns: bounded, and nothing left out. */
  places(request: TraceSpanRequest, columns: number): Result<TracePlaces> {
    const open = this.opened(request.trace);
    if (!open.ok) return open;
    const { file, windows } = open.value;
    const annotations = this.#annotations.list(file.path);
    if (!annotations.ok) return annotations;
    const span = { from: request.fromSample, to: request.toSample, columns };
    return placesOf(file, windows, annotations.value, span);
  }

  annotate(request: TraceSpanRequest, text: string): Result<TraceAnnotation> {
    const open = this.opened(request.trace);
    if (!open.ok) return open;
    const { file } = open.value;
    const { fromSample, toSample } = request;
    if (!(fromSample <= toSample && toSample <= file.lengthSamples()))
      return fail(
        'trace.bad-span',
        { fromSample, toSample, lengthSamples: file.lengthSamples() },
        'The span reaches outside the trace.',
        'Ask for a span inside the trace.',
      );
    return this.#annotations.add(file.path, fromSample, toSample, text);
  }

  /** Can be taken back by `restoreAnnotation`. */
  removeAnnotation(name: string, id: number): Result<TraceAnnotation> {
    const open = this.opened(name);
    return open.ok ? this.#annotations.remove(open.value.file.path, id) : open;
  }

  restoreAnnotation(name: string, id: number): Result<TraceAnnotation> {
    const open = this.opened(name);
    return open.ok ? this.#annotations.restore(open.value.file.path, id) : open;
  }

  /** A new trace of a span, without loss; annotations that lie in the span go along. */
  async cut(request: TraceSpanRequest, path?: string, title?: string): Promise<Result<TraceInfo>> {
    const open = this.opened(request.trace);
    if (!open.ok) return open;
    const { file, codecs, channels } = open.value;
    const { fromSample: from, toSample: to } = request;
    const span = wholeSpan(channels[0]!, from, to);
    if (!span.ok) return span;
    const traceId = randomUUID();
    const target = resolve(path ?? join(this.#options.tracesDir, `${traceId}.mjtrace`));
    const about = { traceId, title: title ?? `${file.header.title}, cut` };
    const header = { ...cutHeader(file.header, about, from, to), startedAt: this.#options.nowIso() };
    const created = await ThreadedTraceFile.create(target, header, { minFreeBytes: RESERVED_BYTES });
    if (!created.ok) return created;
    const written = await this.#writeCut(file, codecs, from, to, created.value);
    if (!written.ok) {
      rmSync(target, { force: true });
      return written;
    }
    const carried = this.#carryAnnotations(file.path, target, from, to);
    return carried.ok ? this.info(target) : carried;
  }

  compare(a: TraceSpanRequest, b: TraceSpanRequest): Result<TraceComparison> {
    const one = this.opened(a.trace);
    if (!one.ok) return one;
    const other = this.opened(b.trace);
    if (!other.ok) return other;
    const compared = compareSpans(
      { trace: one.value.channels[0]!, from: a.fromSample, to: a.toSample },
      { trace: other.value.channels[0]!, from: b.fromSample, to: b.toSample },
    );
    if (!compared.ok) return compared;
    const { figures, sameMonitor } = compared.value;
    return ok({
      a: statisticsDto(compared.value.a),
      b: statisticsDto(compared.value.b),
      sameMonitor,
      figures: [...figures],
    });
  }

  async #writeCut(
    source: TraceFile,
    codecs: readonly SampleCodec[],
    from: number,
    to: number,
    sink: ThreadedTraceFile,
  ): Promise<Result<void>> {
    await using store = sink;
    const written = await cutTrace(source, codecs, from, to, store);
    return written.ok ? await store.finish('complete', 'cut') : written;
  }

  #carryAnnotations(source: string, target: string, from: number, to: number): Result<void> {
    const all = this.#annotations.list(source);
    if (!all.ok) return all;
    for (const a of all.value) {
      if (a.fromSample >= to || a.toSample < from) continue;
      const [first, last] = [Math.max(a.fromSample, from) - from, Math.min(a.toSample, to) - from];
      const added = this.#annotations.add(target, first, last, a.text);
      if (!added.ok) return added;
    }
    return ok();
  }

  #with<T>(request: TraceSpanRequest, use: (trace: Trace) => Result<T>): Result<T> {
    const open = this.opened(request.trace);
    if (!open.ok) return open;
    const channel = open.value.channels[request.channel ?? 0];
    if (channel) return use(channel);
    return fail(
      'trace.no-channel',
      { channel: request.channel ?? 0, channels: open.value.channels.length },
      'The trace has not so many channels.',
      'Name one of its channels; the first is 0.',
    );
  }

  /** Where the file of a trace is, by id or path. */
  pathOf(name: string): string {
    const known = this.#options.known.pathOf(name);
    return resolve((known.ok ? known.value : null) ?? name);
  }

  /** `trace.not-known` for what is no id of a trace in the folder or the database: pages name no paths. */
  knownId(id: string): Result<string> {
    const { known, tracesDir } = this.#options;
    const stored = known.pathOf(id);
    if (!stored.ok) return stored;
    if (stored.value !== null) return ok(id);
    // one that is being recorded is not in the database yet
    const path = join(tracesDir, `${id}.mjtrace`);
    if (/^[\w-]{1,64}$/.test(id) && existsSync(path)) return ok(path);
    for (const file of traceFilesIn(tracesDir)) {
      const info = this.#idOf(file);
      if (info === id) return ok(file);
    }
    return fail(
      'trace.not-known',
      { trace: id.slice(0, 64) },
      'There is no trace of this id: it was moved or deleted, or another bench recorded it.',
      'Choose one of the list.',
    );
  }

  /** Files that were recorded under another name; a file keeps its id. */
  #idOf(path: string): string | null {
    const kept = this.#ids.get(path);
    if (kept !== undefined) return kept;
    const wasOpen = this.#open.has(path);
    const opened = this.opened(path);
    const id = opened.ok ? opened.value.file.header.traceId : null;
    if (!wasOpen) this.#close(path);
    this.#ids.set(path, id);
    return id;
  }

  /** Open, and as long as its recorder has made it by now. */
  opened(name: string): Result<OpenTrace> {
    const path = this.pathOf(name);
    const kept = this.#open.get(path);
    if (kept) {
      this.#open.delete(path);
      this.#open.set(path, kept);
      const fresh = kept.file.state() === 'recording' ? kept.file.refresh() : ok();
      return fresh.ok ? ok(kept) : fresh;
    }
    const opened = openTrace(path);
    if (!opened.ok) return opened;
    const oldest = this.#open.size >= OPEN_FILES ? this.#open.keys().next().value : undefined;
    if (oldest !== undefined) this.#close(oldest);
    this.#open.set(path, opened.value);
    return opened;
  }

  /** The file is to be opened anew: another one has taken its place. */
  forget(path: string): void {
    this.#ids.delete(resolve(path));
    this.#close(resolve(path));
  }

  #close(path: string): void {
    this.#open.get(path)?.file[Symbol.dispose]();
    this.#open.delete(path);
  }
}

/** A trace whose recorder died is closed first; where that cannot be written it is read as it is. */
export function openTrace(path: string): Result<OpenTrace> {
  let file = TraceFile.open(path);
  if (!file.ok) return file;
  if (file.value.interrupted()) {
    file.value[Symbol.dispose]();
    closeInterrupted(path);
    file = TraceFile.open(path);
    if (!file.ok) return file;
  }
  const { header } = file.value;
  const codecs = codecsOf(header);
  if (!codecs.ok) {
    file.value[Symbol.dispose]();
    return codecs;
  }
  const source = file.value;
  const channels = channelsOf(header).map(
    ({ rangeCount }, c) => new Trace(source.channel(c), codecs.value[c]!, rangeCount),
  );
  return ok({ file: source, codecs: codecs.value, channels, windows: new WindowIndex(source) });
}

function traceFilesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((f) => f.endsWith('.mjtrace'))
      .map((f) => join(folder, f));
  } catch {
    // no trace was recorded yet
    return [];
  }
}

function tooManyEdges(channel: number): Failure {
  return fail(
    'trace.edges-in-span',
    { channel, most: MAX_EDGES },
    'The span holds more edges than one list.',
    'Ask for a shorter span.',
  );
}
