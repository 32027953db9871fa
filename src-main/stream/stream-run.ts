import { fail, type Failure, type Result } from '../base/errors.ts';
import type {
  StreamDetectionRow,
  StreamGapDto,
  StreamRunEvent,
  StreamRunPlan,
  StreamWindowRow,
} from '../contract/index.ts';
import type { Link } from '../link/link.ts';
import type { Recorder } from './recorder.ts';
import { blockEnd, blockLength, type StreamBlock } from './sample-block.ts';
import type { StreamRecord } from './score.ts';
import type { StreamSource } from './source.ts';
import type { StreamCounters, StreamEvent, StreamSession, StreamSummary } from './stream-session.ts';

export interface StreamRows {
  readonly windows: readonly StreamWindowRow[];
  readonly detections: readonly StreamDetectionRow[];
  readonly gaps: readonly StreamGapDto[];
}

export interface StreamRunPorts {
  readonly source: StreamSource;
  /** Opened with `listener` of the same StreamRun. */
  readonly session: StreamSession;
  readonly plan: StreamRunPlan;
  readonly recorder: Recorder | null;
  /** Keeps what came since the last call; a failure ends the stream. */
  readonly keep: (rows: StreamRows) => Result<void>;
  /** null: until the source ends. */
  readonly limitUs: number | null;
  readonly signal: AbortSignal;
  /** Opens the link to the device again after it was lost, or waits until it can; null: a lost link ends the stream. */
  readonly reconnect: (() => Promise<Result<Link>>) | null;
  readonly onEvent: (event: StreamRunEvent) => void;
  /** Sees every block that was handed over. */
  readonly onBlock?: (block: StreamBlock) => void;
}

export interface StreamOutcome {
  readonly record: StreamRecord;
  readonly counters: StreamCounters;
  /** null: the device did not say it any more. */
  readonly summary: StreamSummary | null;
  readonly status: 'finished' | 'interrupted' | 'failed';
  readonly reconnections: number;
  readonly failure: Failure | null;
}

/** Rows are kept, and progress is said, once for so much of stream time. */
const KEEP_US = 1_000_000;
const PROGRESS_US = 250_000;

/**
 * Feeds a session from a source at the source's own pace: a block is handed over when its last sample has been taken,
 * on the session's clock. Whatever the device answers is kept as it comes.
 */
export class StreamRun {
  readonly #windows: StreamWindowRow[] = [];
  readonly #detections: StreamDetectionRow[] = [];
  readonly #gaps: StreamGapDto[] = [];
  readonly #dropped: number[] = [];
  #fresh: { windows: StreamWindowRow[]; detections: StreamDetectionRow[]; gaps: StreamGapDto[] } = {
    windows: [],
    detections: [],
    gaps: [],
  };
  /** Session time at which sample 0 was taken. */
  #originUs = 0;
  #plan: StreamRunPlan | null = null;
  #recorder: Recorder | null = null;
  #onEvent: (event: StreamRunEvent) => void = () => undefined;
  #recordingFailure: Failure | null = null;
  #reconnections = 0;

  /** For StreamOptions.onEvent. */
  readonly listener = (event: StreamEvent): void => {
    if (!this.#plan) return;
    switch (event.kind) {
      case 'window':
        return this.#emit({ type: 'window', window: this.#windowRow(event) });
      case 'detection':
        return this.#emit({ type: 'detection', detection: this.#detectionRow(event) });
      case 'gap':
        return this.#emit({
          type: 'gap',
          gap: { firstSample: event.firstSample, sampleCount: event.sampleCount, cause: event.cause },
        });
      case 'dropped':
        this.#dropped.push(event.index);
        return this.#record({ type: 'dropped', index: event.index, lastSample: event.lastSample });
      case 'underrun':
        return this.#record({ type: 'underrun', total: event.total });
    }
  };

  async run(ports: StreamRunPorts): Promise<StreamOutcome> {
    const { session, plan } = ports;
    this.#plan = plan;
    this.#recorder = ports.recorder;
    this.#onEvent = ports.onEvent;
    this.#originUs = session.clock.nowUs();
    ports.source.begin?.();
    const fed = await this.#feed(ports);
    let failure = fed.failure;
    let summary: StreamSummary | null = null;
    // a source that failed leaves a device that is well: what it has is still an answer
    if (failure === null || fed.sourceFailed) {
      const finished = await session.finish();
      if (finished.ok) summary = finished.value;
      else failure ??= finished;
    } else await session.abort();
    const kept = this.#keep(ports);
    failure ??= kept ?? this.#recordingFailure;
    const record: StreamRecord = {
      plan,
      durationUs: (fed.endSample * 1e6) / plan.sampleRateHz,
      windows: this.#windows,
      detections: this.#detections,
      gaps: summary ? summary.gaps.map((g) => ({ ...g })) : this.#gaps,
      dropped: this.#dropped,
      truth: ports.source.truth(),
    };
    const status = failure ? 'failed' : ports.signal.aborted ? 'interrupted' : 'finished';
    return {
      record,
      counters: summary?.counters ?? session.counters,
      summary,
      status,
      reconnections: this.#reconnections,
      failure,
    };
  }

  async #feed(
    ports: StreamRunPorts,
  ): Promise<{ endSample: number; failure: Failure | null; sourceFailed: boolean }> {
    const { source, session, plan, signal, limitUs } = ports;
    const limit = limitUs === null ? Infinity : Math.round((limitUs * plan.sampleRateHz) / 1e6);
    // a live source on the wall clock sets the pace itself; virtual time only moves while somebody waits
    const paced = !source.live || session.clock.kind === 'virtual';
    let endSample = 0;
    let keptUs = 0;
    let saidUs = -PROGRESS_US;
    const failed = (failure: Failure, sourceFailed = false) => ({ endSample, failure, sourceFailed });
    while (!signal.aborted && endSample < limit) {
      const next = await source.next();
      if (!next.ok) return failed(next, true);
      if (next.value === null) break;
      const block = cut(next.value, limit);
      if (block.firstSample < endSample || block.format.sampleRateHz !== plan.sampleRateHz)
        return failed(outOfOrder(block, endSample), true);
      const takenUs = (blockEnd(block) * 1e6) / plan.sampleRateHz;
      if (source.live && endSample === 0) this.#originUs = session.clock.nowUs() - takenUs;
      if (paced) {
        const waited = await this.#orReconnect(ports, () => session.pump(this.#originUs + takenUs));
        if (!waited.ok) return failed(waited);
      }
      // what a lost link did not carry becomes a gap with the next block
      const pushed = await this.#orReconnect(ports, () => session.push(block));
      if (!pushed.ok) return failed(pushed);
      // what was never streamed is in no recording: both are scored alike
      const recorded = ports.recorder?.block(block);
      if (recorded && !recorded.ok) return failed(recorded);
      ports.onBlock?.(block);
      endSample = blockEnd(block);
      if (takenUs - saidUs >= PROGRESS_US) {
        saidUs = takenUs;
        this.#progress(ports, block, takenUs);
      }
      if (takenUs - keptUs >= KEEP_US) {
        keptUs = takenUs;
        const kept = this.#keep(ports) ?? this.#recordingFailure;
        if (kept) return failed(kept);
      }
    }
    return { endSample, failure: null, sourceFailed: false };
  }

  /** A lost link is opened again, once for each loss. */
  async #orReconnect(
    { session, reconnect, onEvent, signal }: StreamRunPorts,
    step: () => Promise<Result<void>>,
  ): Promise<Result<void>> {
    const done = await step();
    if (done.ok || reconnect === null || !done.id.startsWith('link.') || signal.aborted) return done;
    const { id, facts, cause, next } = done;
    onEvent({ type: 'warning', failure: { id, facts: { ...facts }, cause, next } });
    const link = await reconnect();
    if (!link.ok) return link;
    this.#reconnections++;
    return session.resume(link.value);
  }

  #keep({ keep }: StreamRunPorts): Failure | null {
    const rows = this.#fresh;
    if (rows.windows.length + rows.detections.length + rows.gaps.length === 0) return null;
    this.#fresh = { windows: [], detections: [], gaps: [] };
    const kept = keep(rows);
    return kept.ok ? null : kept;
  }

  #progress(
    { session, source, limitUs, onEvent }: StreamRunPorts,
    block: StreamBlock,
    takenUs: number,
  ): void {
    const { gapSamples, windowsDropped } = session.counters;
    const wholeUs =
      source.frameCount === null ? null : (source.frameCount * 1e6) / source.format.sampleRateHz;
    const durationUs = limitUs === null ? wholeUs : Math.min(limitUs, wholeUs ?? Infinity);
    onEvent({
      type: 'progress',
      streamedUs: takenUs,
      durationUs,
      levelDbfs: levelOf(block),
      lostSamples: gapSamples,
      droppedWindows: windowsDropped,
    });
  }

  #windowRow(w: Extract<StreamEvent, { kind: 'window' }>): StreamWindowRow {
    const outputs = Array.from(w.probabilities);
    let top = 0;
    for (let c = 1; c < outputs.length; c++) if (outputs[c]! > outputs[top]!) top = c;
    return {
      index: w.index,
      lastSample: w.lastSample,
      topClass: top,
      topScore: outputs[top] ?? 0,
      outputs,
      frontEndUs: w.frontEndUs,
      inferenceUs: w.inferenceUs,
      deviceLatencyUs: w.deviceLatencyUs,
      latencyUs: w.receivedUs - this.#takenUs(w.lastSample),
      queuedBytes: w.queuedBytes,
      twin: w.twin,
    };
  }

  #detectionRow(d: Extract<StreamEvent, { kind: 'detection' }>): StreamDetectionRow {
    return {
      label: this.#plan!.classes[d.classIndex] ?? `class ${d.classIndex}`,
      score: d.score,
      windowIndex: d.windowIndex,
      lastSample: d.lastSample,
      atUs: d.receivedUs - this.#originUs,
      twin: d.twin,
    };
  }

  /** Session time at which a sample had been taken. */
  #takenUs(sample: number): number {
    return this.#originUs + ((sample + 1) * 1e6) / this.#plan!.sampleRateHz;
  }

  #emit(event: Extract<StreamRunEvent, { type: 'window' | 'detection' | 'gap' }>): void {
    if (event.type === 'window') {
      this.#windows.push(event.window);
      this.#fresh.windows.push(event.window);
    } else if (event.type === 'detection') {
      this.#detections.push(event.detection);
      this.#fresh.detections.push(event.detection);
    } else {
      this.#gaps.push(event.gap);
      this.#fresh.gaps.push(event.gap);
    }
    this.#record(event);
    this.#onEvent(event);
  }

  #record(event: unknown): void {
    const kept = this.#recorder?.event(event);
    if (kept && !kept.ok) this.#recordingFailure ??= kept;
  }
}

/** The part of a block before the limit. */
function cut(block: StreamBlock, limit: number): StreamBlock {
  if (blockEnd(block) <= limit) return block;
  const left = limit - block.firstSample;
  return block.type === 'gap'
    ? { ...block, sampleCount: left }
    : { ...block, samples: block.samples.slice(0, left * block.format.channels) };
}

function outOfOrder(block: StreamBlock, expected: number): Failure {
  return fail(
    'stream.bad-source',
    {
      firstSample: block.firstSample,
      expected,
      frames: blockLength(block),
      sampleRateHz: block.format.sampleRateHz,
    },
    'The source gave a block that lies before the one it gave last, or of another rate.',
    'This is a bug of the source; please report it.',
  );
}

/** RMS in dB of full scale, of audio only; null for silence. */
function levelOf(block: StreamBlock): number | null {
  if (block.type === 'gap' || block.format.kind !== 'audio' || block.samples.length === 0) return null;
  let sum = 0;
  for (const v of block.samples) sum += v * v;
  return sum === 0 ? null : 10 * Math.log10(sum / block.samples.length / 32768 ** 2);
}
