import { fail, type Failure, type Result } from '../../../src-main/base/errors.ts';
import type {
  TraceEnvelope,
  TraceInfo,
  TraceOperators,
  TracePlaces,
  TraceRun,
  TraceStatistics,
} from '../../../src-main/contract/trace.ts';
import type { MethodInput, MethodName, MethodOutput } from '../../../src-main/contract/bench/methods.ts';
import { columnsFor, serves, type ColumnRequest } from './columns.ts';
import { FollowClock } from './follow.ts';
import { shownChannels } from './layout.ts';
import { NO_MARKERS, spanBetween, type MarkerPair } from './marker-pair.ts';
import { Motion } from './motion.ts';
import { RequestLane } from './request-lane.ts';
import type { ScaleChoice } from './value-axis.ts';
import { around, clampView, widthOf, type SpanView } from './span-view.ts';

/** What a session needs of the page's bench. */
export interface TraceBench {
  request<M extends MethodName>(
    method: M,
    input: MethodInput<M>,
    signal?: AbortSignal,
  ): Promise<Result<MethodOutput<M>>>;
}

export interface TraceSessionOptions {
  readonly bench: TraceBench;
  readonly nowMs: () => number;
  readonly reducedMotion: () => boolean;
}

interface Span {
  readonly from: number;
  readonly to: number;
}
interface PictureKey extends ColumnRequest {
  readonly trace: string;
  /** Counts what changed the answer without changing the question: notes, growth. */
  readonly edition: number;
}

const OVERVIEW_COLUMNS = 1600;
/** A growing trace is looked at so often. */
const LOOK_MS = 250;
/** Figures of a followed recording are new so often. */
const FIGURES_MS = 500;
/** So long after its last step a view stands. */
const REST_MS = 150;
/** Looks between two looks at the run of a growing trace. */
const LOOKS_A_RUN = 8;
/** Seconds that a recording shows when it is first followed. */
const LIVE_SECONDS = 4;

const sameSelection = (a: Span & { marked: boolean }, b: Span & { marked: boolean }): boolean =>
  a.from === b.from && a.to === b.to && a.marked === b.marked;
const sameSpan = (a: PictureKey, b: PictureKey): boolean =>
  a.trace === b.trace &&
  a.fromSample === b.fromSample &&
  a.toSample === b.toSample &&
  a.columns === b.columns &&
  a.edition === b.edition;
/** Another trace, or nothing of what is seen now. */
const useless = (flying: PictureKey, wanted: PictureKey): boolean =>
  flying.trace !== wanted.trace ||
  flying.toSample <= wanted.fromSample ||
  flying.fromSample >= wanted.toSample;

/**
 * One trace on the screen: what is seen of it, what was fetched, what is marked. Requests are at most one of a kind on the way;
 * the last answer stays until the next one is here. Holds no canvas: `frame` says what to draw.
 */
export class TraceSession {
  info = $state.raw<TraceInfo | null>(null);
  run = $state.raw<TraceRun | null>(null);
  overview = $state.raw<TraceEnvelope | null>(null);
  columns = $state.raw<TraceEnvelope | null>(null);
  places = $state.raw<TracePlaces | null>(null);
  operators = $state.raw<TraceOperators | null>(null);
  /** Of the span between the markers; of the view while there are none. */
  statistics = $state.raw<TraceStatistics | null>(null);
  /** What the figures are about, as of when the view last stood still: text that changes with every picture is noise. */
  figured = $state.raw<Span & { readonly marked: boolean }>({ from: 0, to: 1, marked: false });
  statisticsFailure = $state.raw<Failure | null>(null);
  failure = $state.raw<Failure | null>(null);
  view = $state.raw<SpanView>({ from: 0, to: 8 });
  markers = $state.raw<MarkerPair>(NO_MARKERS);
  /** Under the pointer, or where the keyboard moved it; samples. */
  cursor = $state.raw<number | null>(null);
  following = $state(false);
  quantity = $state<'current' | 'power'>('current');
  scaleKind = $state<ScaleChoice>('linear');
  allChannels = $state(false);
  /** Samples a second that a growing trace grows by. */
  liveRate = $state(0);
  /** Asks the canvas for a picture; counts up. */
  wish = $state(0);

  readonly #options: TraceSessionOptions;
  readonly #motion: Motion;
  readonly #columnsLane: RequestLane<PictureKey, TraceEnvelope>;
  readonly #overviewLane: RequestLane<PictureKey, TraceEnvelope>;
  readonly #placesLane: RequestLane<PictureKey, TracePlaces>;
  readonly #operatorsLane: RequestLane<PictureKey, TraceOperators>;
  readonly #statisticsLane: RequestLane<PictureKey, TraceStatistics>;
  readonly #infoLane: RequestLane<PictureKey, TraceInfo>;
  readonly #follow = new FollowClock();
  #pixels = 1000;
  #edition = 0;
  #looked = 0;
  #placesKey: PictureKey | null = null;
  #statisticsKey: PictureKey | null = null;
  #statisticsMs = 0;
  #movedMs = -Infinity;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #overviewLength = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #closed = false;

  constructor(options: TraceSessionOptions) {
    this.#options = options;
    this.#motion = new Motion(options.reducedMotion);
    const lane = <T>(take: (value: T, key: PictureKey) => void, failed?: (failure: Failure) => void) =>
      new RequestLane<PictureKey, T>({
        same: sameSpan,
        useless,
        arrived: (result, key) => {
          if (key.trace !== this.info?.id) return;
          if (result.ok) take(result.value, key);
          else if (result.id !== 'bench.cancelled') failed?.(result);
          this.pump();
          this.wish++;
        },
      });
    this.#columnsLane = lane<TraceEnvelope>(
      (value) => {
        this.columns = value;
        // followed is what can be drawn, not what somewhere is known to be there
        if (this.live) this.#follow.grew(value.borders.at(-1)!, this.#options.nowMs());
      },
      (failure) => this.#fail(failure),
    );
    this.#overviewLane = lane<TraceEnvelope>((value, key) => {
      this.overview = value;
      this.#overviewLength = key.toSample;
    });
    this.#placesLane = lane<TracePlaces>((value) => (this.places = value));
    this.#operatorsLane = lane<TraceOperators>((value) => (this.operators = value));
    this.#statisticsLane = lane<TraceStatistics>(
      (value) => {
        this.statistics = value;
        this.statisticsFailure = null;
      },
      (failure) => {
        this.statistics = null;
        this.statisticsFailure = failure;
      },
    );
    this.#infoLane = lane<TraceInfo>((value) => this.#grown(value));
  }

  /** Begins with a trace; `span`: what is asked to be seen of it. */
  async open(trace: string, span?: Partial<Span>): Promise<void> {
    const { bench } = this.#options;
    const [info, run] = await Promise.all([
      bench.request('traces.info', { trace }),
      bench.request('traces.run', { trace }),
    ]);
    if (this.#closed) return;
    if (!info.ok) {
      this.#fail(info);
      return;
    }
    this.failure = null;
    this.info = info.value;
    this.run = run.ok ? run.value : null;
    const { lengthSamples, state } = info.value;
    const recording = state === 'recording';
    this.following = recording && span?.from === undefined;
    if (span?.from !== undefined && span.to !== undefined)
      this.view = clampView(span as SpanView, lengthSamples);
    else
      this.view = this.following
        ? this.#liveView()
        : clampView({ from: 0, to: lengthSamples }, lengthSamples);
    if (recording) {
      this.#timer = setInterval(() => this.#look(), LOOK_MS);
    }
    this.pump();
    this.wish++;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#rest);
    for (const lane of this.#lanes) lane.close();
  }

  get length(): number {
    return this.info?.lengthSamples ?? 0;
  }

  get live(): boolean {
    return this.info?.state === 'recording';
  }

  get rateHz(): number {
    return this.info?.sampleRateHz ?? 1;
  }

  /** V over the view; null where nobody told: then there is no power. */
  get volts(): number | null {
    const supplies = this.info?.supplies ?? [];
    return (supplies.findLast((s) => s.sample <= this.view.from) ?? supplies[0])?.volts ?? null;
  }

  get channels(): readonly number[] {
    let high = 0;
    for (const bits of this.overview?.or ?? []) high |= bits;
    return shownChannels(this.info?.logicMask ?? 0, high, this.allChannels);
  }

  /** What the figures are about: between the markers, else what is seen. */
  get selection(): Span & { readonly marked: boolean } {
    const marked = spanBetween(this.markers);
    if (marked) return { ...marked, marked: true };
    const from = Math.max(0, Math.round(this.view.from));
    return { from, to: Math.max(from + 1, Math.min(this.length, Math.round(this.view.to))), marked: false };
  }

  /** Pixels of the plot; columns are asked for these. */
  set pixels(value: number) {
    if (value === this.#pixels) return;
    this.#pixels = value;
    this.pump();
  }

  /** Is the view on its way, or the trace growing under it? Then the next picture is due at once. */
  get moving(): boolean {
    return this.#motion.moving || (this.following && this.live);
  }

  /** Moves the view to where it is at this time. */
  frame(nowMs: number): void {
    if (this.#motion.moving) this.#show(this.#motion.at(this.view, nowMs, (v) => clampView(v, this.length)));
    else if (this.following && this.live) {
      const end = this.#follow.end(nowMs);
      const width = widthOf(this.view);
      if (end > 0 && end !== this.view.to) this.#show({ from: end - width, to: end });
    }
  }

  /** At once: dragging, wheel. */
  show(view: SpanView): void {
    this.#motion.stop();
    this.following &&= view.to >= this.length - 1 && widthOf(view) > widthOf(this.view);
    this.#show(clampView(view, this.length));
  }

  /** On a short way: keys and buttons. */
  glide(change: (view: SpanView) => SpanView): void {
    const target = clampView(change(this.#motion.target(this.view)), this.length);
    this.following = false;
    this.#show(this.#motion.glide(this.view, target, this.#options.nowMs()));
  }

  throw(samplesPerMs: number, pixelsPerMs: number): void {
    this.#motion.throw(this.view, samplesPerMs, pixelsPerMs, this.#options.nowMs());
    this.wish++;
  }

  stopMotion(): void {
    this.#motion.stop();
  }

  zoomTo(from: number, to: number): void {
    this.glide(() => around(from, to, this.length));
  }

  follow(on: boolean): void {
    this.following = on && this.live;
    this.#motion.stop();
    if (this.following && widthOf(this.view) > this.length * 0.9) this.view = this.#liveView();
    this.wish++;
  }

  setMarkers(markers: MarkerPair): void {
    this.markers = markers;
    this.pump();
    this.wish++;
  }

  setCursor(sample: number | null): void {
    this.cursor = sample;
    this.wish++;
  }

  /** Notes changed: what points at places is fetched again. */
  notesChanged(): void {
    this.#edition++;
    this.pump();
  }

  /** Asks for what the view needs and nobody has yet. */
  pump(): void {
    const { info } = this;
    if (!info || this.#closed || info.lengthSamples < 1) return;
    const trace = info.id;
    const { bench } = this.#options;
    const edition = this.#edition;
    const seen = this.#aheadView();
    if (!serves(this.columns, seen, this.#pixels, info.lengthSamples)) {
      const key = { ...columnsFor(seen, this.#pixels, info.lengthSamples), trace, edition: 0 };
      const { fromSample, toSample, columns } = key;
      this.#columnsLane.want(key, (signal) =>
        bench.request('traces.envelope', { trace, fromSample, toSample, columns }, signal),
      );
    }
    if (!this.overview || this.#overviewLength < info.lengthSamples)
      this.#wantOverview(trace, info.lengthSamples);
    this.#wantPlaces(trace, edition);
    this.#wantStatistics(trace);
  }

  /** What is seen now; of a followed recording what will be seen: to the end of what there is, from what is still shown. */
  #aheadView(): SpanView {
    const { view, length } = this;
    return this.following && this.live ? { from: view.from, to: Math.max(view.to, length) } : view;
  }

  #wantOverview(trace: string, length: number): void {
    const key = { trace, fromSample: 0, toSample: length, columns: OVERVIEW_COLUMNS, edition: 0 };
    this.#overviewLane.want(key, (signal) =>
      this.#options.bench.request(
        'traces.envelope',
        { trace, fromSample: 0, toSample: length, columns: OVERVIEW_COLUMNS },
        signal,
      ),
    );
  }

  #wantPlaces(trace: string, edition: number): void {
    const columns = columnsFor(this.view, this.#pixels, this.length);
    const key = { ...columns, columns: Math.min(8192, Math.max(1, this.#pixels)), trace, edition };
    if (this.#placesKey && sameSpan(this.#placesKey, key)) return;
    this.#placesKey = key;
    const { fromSample, toSample } = key;
    const { bench } = this.#options;
    this.#placesLane.want(key, (signal) =>
      bench.request('traces.places', { trace, fromSample, toSample, columns: key.columns }, signal),
    );
    if (!this.run) return;
    this.#operatorsLane.want(key, (signal) =>
      bench.request('traces.operators', { trace, fromSample, toSample }, signal),
    );
  }

  #wantStatistics(trace: string): void {
    const { selection } = this;
    const { from, to, marked } = selection;
    if (!marked && !this.#standsStill() && !this.#statisticsDue()) return;
    if (!sameSelection(this.figured, selection)) this.figured = selection;
    const key = { trace, fromSample: from, toSample: to, columns: 1, edition: 0 };
    if (this.#statisticsKey && sameSpan(this.#statisticsKey, key)) return;
    this.#statisticsKey = key;
    this.#statisticsLane.want(key, (signal) =>
      this.#options.bench.request('traces.statistics', { trace, fromSample: from, toSample: to }, signal),
    );
  }

  /** While the view moves the figures of a moment help nobody; they are asked for when it has come to rest. */
  #standsStill(): boolean {
    if (this.moving) return false;
    if (this.#options.nowMs() - this.#movedMs >= REST_MS) return true;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.pump(), REST_MS);
    return false;
  }

  /** Of a view that is carried along: twice a second. */
  #statisticsDue(): boolean {
    const nowMs = this.#options.nowMs();
    if (!this.following || nowMs - this.#statisticsMs < FIGURES_MS) return false;
    this.#statisticsMs = nowMs;
    return true;
  }

  get #lanes(): readonly { close(): void }[] {
    return [
      this.#columnsLane,
      this.#overviewLane,
      this.#placesLane,
      this.#operatorsLane,
      this.#statisticsLane,
      this.#infoLane,
    ];
  }

  #show(view: SpanView): void {
    this.view = view;
    this.#movedMs = this.#options.nowMs();
    this.pump();
    this.wish++;
  }

  #liveView(): SpanView {
    const to = this.length;
    return clampView({ from: to - LIVE_SECONDS * this.rateHz, to }, Math.max(to, LIVE_SECONDS * this.rateHz));
  }

  /** A recording goes on: how long is it now? */
  #look(): void {
    const { info } = this;
    if (!info) return;
    const trace = info.id;
    const key = { trace, fromSample: 0, toSample: 0, columns: 1, edition: this.#looked++ };
    this.#infoLane.want(key, (signal) => this.#options.bench.request('traces.info', { trace }, signal));
    if (this.#looked % LOOKS_A_RUN === 0) void this.#readRun(trace);
  }

  /** A run that goes on has more windows by now. */
  async #readRun(trace: string): Promise<void> {
    const run = await this.#options.bench.request('traces.run', { trace });
    if (!run.ok || this.#closed || run.value?.windows.length === this.run?.windows.length) return;
    this.run = run.value;
    this.#edition++;
    this.pump();
  }

  #grown(info: TraceInfo): void {
    const before = this.info;
    this.info = info;
    if (before && info.lengthSamples > before.lengthSamples) {
      this.liveRate = this.#follow.longRate * 1000;
      // so few samples that the view was only as long as the trace: it grows with it
      const wanted = LIVE_SECONDS * info.sampleRateHz;
      if (
        this.following &&
        widthOf(this.view) < Math.min(wanted, info.lengthSamples) &&
        before.lengthSamples < wanted
      )
        this.view = { from: 0, to: info.lengthSamples };
    }
    if (info.state === 'recording') return;
    clearInterval(this.#timer);
    this.#follow.finish(info.lengthSamples);
    this.following = false;
    this.#edition++;
    void this.#readRun(info.id);
  }

  #fail(failure: Failure): void {
    this.failure = failure.id === 'trace.bad-span' && this.live ? null : failure;
  }
}

/** For what has no trace yet. */
export function noTrace(): Failure {
  return fail('trace.not-known', {}, 'No trace is open.', 'Choose one of the list.');
}
