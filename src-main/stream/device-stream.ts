import { ScaleKind } from '../abi/generated.ts';
import type { Clock } from '../base/clock.ts';
import { BugError, fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { LineEvent, LineGap, StreamLine } from '../device/stream-line.ts';
import type { Twin } from '../engine/twin.ts';
import type { Link } from '../link/link.ts';
import type { Feeder } from './feeder.ts';
import type { LockStep, LockStepVerdict } from './lock-step.ts';
import { blockEnd, type StreamBlock } from './sample-block.ts';
import type {
  StreamCounters,
  StreamGap,
  StreamListener,
  StreamPlan,
  StreamSession,
  StreamSummary,
} from './stream-session.ts';

export interface DeviceStreamParts {
  readonly plan: StreamPlan;
  readonly feeder: Feeder;
  readonly twin: Twin;
  readonly clockHz: number;
  readonly link: Link;
  readonly onEvent: StreamListener;
}

type WindowEvent = Extract<LineEvent, { kind: 'window' | 'dropped' }>;

interface Pushed {
  /** Index after the block's last sample. */
  readonly end: number;
  readonly us: number;
}

/** Blocks whose times are kept, for windows still to come. */
const TIMES_KEPT = 4096;

function noCounts() {
  return {
    ...{ samplesPushed: 0, samplesTaken: 0, windows: 0, windowsEqual: 0, windowsDifferent: 0 },
    ...{ windowsUnknown: 0, windowsLost: 0, windowsDropped: 0, detections: 0, gaps: 0, gapSamples: 0 },
    ...{ underruns: 0, overruns: 0, badFramesDevice: 0, badFramesHost: 0, creditWaits: 0 },
  };
}

/** A stream over a link: indices of the line become the source's, every window is held against the twin. */
export class DeviceStream implements StreamSession {
  readonly #parts: DeviceStreamParts;
  readonly #counts: { -readonly [K in keyof StreamCounters]: number } = noCounts();
  readonly #gaps: StreamGap[] = [];
  readonly #sourceGaps: { first: number; end: number }[] = [];
  readonly #pushed: Pushed[] = [];
  #plan: StreamPlan;
  #line: StreamLine | null = null;
  #lockStep: LockStep | null = null;
  #waiting: WindowEvent[] = [];
  #nextSample: number | null = null;
  /** Index after the last sample that came. */
  #samplesEnd: number | null = null;
  #nextIndex = 0;
  #sums = { frontEndCycles: 0, inferenceCycles: 0, maxQueuedBytes: 0 };
  #broken: Failure | null = null;

  constructor(parts: DeviceStreamParts) {
    this.#parts = parts;
    this.#plan = parts.plan;
  }

  /** The device is in stream mode. */
  begin(line: StreamLine, lockStep: LockStep): void {
    this.#line = line;
    this.#lockStep = lockStep;
    this.#plan = { ...this.#plan, ringBytes: line.ringBytes };
  }

  get plan(): StreamPlan {
    return this.#plan;
  }

  get clock(): Clock {
    return this.#line?.clock ?? this.#parts.link.clock;
  }

  get counters(): StreamCounters {
    return { ...this.#counts };
  }

  async push(block: StreamBlock): Promise<Result<void>> {
    const refused = this.#check(block);
    if (refused) return refused;
    const before = this.#nextSample ?? block.firstSample;
    this.#nextSample = blockEnd(block);
    this.#noteSourceGap(before, block.type === 'gap' ? this.#nextSample : block.firstSample);
    if (block.type === 'gap') return this.pump(this.clock.nowUs());
    this.#samplesEnd = this.#nextSample;
    this.#counts.samplesPushed += block.samples.length / block.format.channels;
    this.#pushed.push({ end: this.#nextSample, us: this.clock.nowUs() });
    if (this.#pushed.length > TIMES_KEPT) this.#pushed.splice(0, TIMES_KEPT / 2);
    for (const piece of this.#parts.feeder.take(block)) {
      this.#lockStep!.sent(piece);
      const sent = await this.#line!.send(piece.first, piece.count, piece.payload);
      if (!sent.ok) return sent;
    }
    return this.#broken ?? ok();
  }

  async pump(untilUs: number): Promise<Result<void>> {
    const served = await this.#line!.pump(untilUs);
    return served.ok ? (this.#broken ?? ok()) : served;
  }

  async finish(): Promise<Result<StreamSummary>> {
    const ended = await this.#line!.finish();
    this.#parts.twin.dispose();
    if (!ended.ok) return ended;
    // after the last sample there is no index on the line
    for (const gap of this.#sourceGaps)
      if (gap.first >= (this.#samplesEnd ?? Infinity)) this.#addGap(gap.first, gap.end, 'source');
    const { report } = this.#line!;
    // windows whose reports were lost after the last one that came
    if (report) this.#counts.windowsLost += Math.max(0, report.windows + report.dropped - this.#nextIndex);
    return this.#broken ?? ok(this.#summary());
  }

  async resume(link: Link): Promise<Result<void>> {
    return this.#line!.resume(link);
  }

  async abort(): Promise<void> {
    await this.#line!.abort();
    this.#parts.twin.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort();
  }

  /** What the line heard. */
  take(event: LineEvent): void {
    if (event.kind === 'report') this.#takeReport(event.report);
    else if (event.kind === 'gap') this.#takeGap(event.gap);
    else this.#waiting.push(event);
    this.#judgeWaiting();
  }

  #check(block: StreamBlock): Failure | null {
    if (!this.#line) throw new BugError('push before begin');
    const { format } = this.#plan;
    const { kind, channels, sampleRateHz } = block.format;
    if (kind !== format.kind || channels !== format.channels || sampleRateHz !== format.sampleRateHz)
      return fail(
        'stream.format-changed',
        { kind, channels, sampleRateHz, was: format.sampleRateHz },
        "The block's format is not the stream's.",
        'Begin a new stream for another format.',
      );
    if (block.type === 'samples' && block.samples.length % channels !== 0)
      return fail(
        'stream.partial-frame',
        { values: block.samples.length, channels },
        'A block ends inside a sample frame.',
        'Give every channel of every sample.',
      );
    const expected = this.#nextSample;
    if (!Number.isSafeInteger(block.firstSample) || block.firstSample < (expected ?? 0))
      return fail(
        'stream.out-of-order',
        { firstSample: block.firstSample, expectedSample: expected },
        'The block begins before the end of the one before.',
        'Give blocks in order, each sample once.',
      );
    return null;
  }

  #noteSourceGap(first: number, end: number): void {
    if (end <= first) return;
    // indices on the line begin with the first sample
    if (this.#samplesEnd === null) this.#addGap(first, end, 'source');
    else this.#sourceGaps.push({ first, end });
  }

  #takeReport(report: Extract<LineEvent, { kind: 'report' }>['report']): void {
    const c = this.#counts;
    c.samplesTaken = report.samplesTaken;
    c.overruns = report.overruns;
    c.badFramesDevice = report.badFrames;
    c.badFramesHost = this.#line!.badFrames;
    c.creditWaits = this.#line!.creditWaits;
    c.windowsDropped = report.dropped;
    this.#sums.maxQueuedBytes = Math.max(this.#sums.maxQueuedBytes, report.maxQueuedBytes);
    if (report.underruns <= c.underruns) return;
    c.underruns = report.underruns;
    this.#parts.onEvent({ kind: 'underrun', total: report.underruns });
  }

  /** A gap of the line's indices may hold gaps of the source: each part has its own cause. */
  #takeGap(gap: LineGap): void {
    const { feeder } = this.#parts;
    let at = feeder.firstSampleOf(gap.firstSample);
    const end = feeder.lastSampleOf(gap.firstSample + gap.sampleCount - 1) + 1;
    for (const source of this.#sourceGaps) {
      if (source.end <= at || source.first >= end) continue;
      if (source.first > at) this.#addGap(at, source.first, 'line');
      this.#addGap(Math.max(at, source.first), Math.min(end, source.end), 'source');
      at = Math.min(end, source.end);
    }
    if (at < end) this.#addGap(at, end, 'line');
  }

  #addGap(firstSample: number, end: number, cause: StreamGap['cause']): void {
    const gap = { firstSample, sampleCount: end - firstSample, cause };
    this.#gaps.push(gap);
    this.#counts.gaps++;
    this.#counts.gapSamples += gap.sampleCount;
    this.#parts.onEvent({ kind: 'gap', ...gap });
  }

  /** Windows wait until every gap before them is known. */
  #judgeWaiting(): void {
    for (;;) {
      const event = this.#waiting[0];
      if (!event || event.gaps > this.#line!.gaps.length) return;
      this.#waiting.shift();
      const verdict = this.#lockStep!.check(event);
      if (verdict && !verdict.ok) this.#broken = verdict;
      this.#counts.windowsLost += Math.max(0, event.record.index - this.#nextIndex);
      this.#nextIndex = event.record.index + 1;
      if (event.kind === 'dropped') this.#tellDropped(event);
      else if (verdict?.ok) this.#tellWindow(event, verdict.value);
    }
  }

  #tellDropped(event: WindowEvent): void {
    const lastSample = this.#parts.feeder.lastSampleOf(event.lastSample);
    this.#parts.onEvent({ kind: 'dropped', index: event.record.index, lastSample });
  }

  #tellWindow(event: WindowEvent, verdict: LockStepVerdict): void {
    const { record } = event;
    const { clockHz, feeder } = this.#parts;
    const lastSample = feeder.lastSampleOf(event.lastSample);
    const outputQ = new Int8Array(event.output);
    const us = (cycles: number) => (cycles * 1e6) / clockHz;
    this.#count(verdict);
    this.#sums.frontEndCycles += record.frontEndCycles;
    this.#sums.inferenceCycles += record.inferenceCycles;
    this.#parts.onEvent({
      kind: 'window',
      index: record.index,
      lastSample,
      outputQ,
      probabilities: this.#dequantised(outputQ),
      frontEndCycles: record.frontEndCycles,
      inferenceCycles: record.inferenceCycles,
      frontEndUs: us(record.frontEndCycles),
      inferenceUs: us(record.inferenceCycles),
      queuedBytes: record.queuedBytes,
      deviceLatencyUs: record.latencyUs,
      pushedUs: this.#pushed.find((p) => p.end > lastSample)?.us ?? event.receivedUs,
      receivedUs: event.receivedUs,
      twin: verdict.window,
    });
    if (record.detectedClass >= 0) this.#tellDetection(event, lastSample, verdict);
  }

  #tellDetection(event: WindowEvent, lastSample: number, verdict: LockStepVerdict): void {
    this.#counts.detections++;
    this.#parts.onEvent({
      kind: 'detection',
      classIndex: event.record.detectedClass,
      score: this.#real(event.record.score / 256),
      windowIndex: event.record.index,
      lastSample,
      receivedUs: event.receivedUs,
      twin: verdict.detection,
    });
  }

  /** A detection that differs makes its window differ: it is the same answer of the device. */
  #count(verdict: LockStepVerdict): void {
    const c = this.#counts;
    c.windows++;
    if (verdict.window === 'differs' || verdict.detection === 'differs') c.windowsDifferent++;
    else if (verdict.window === 'equal') c.windowsEqual++;
    else c.windowsUnknown++;
  }

  #real(q: number): number {
    const t = this.#parts.twin.outputs[0]!;
    return (t.scaleKind === ScaleKind.PowerOfTwo ? 2 ** t.scaleLog2 : t.scale) * (q - t.zeroPoint);
  }

  #dequantised(outputQ: Int8Array): Float32Array {
    return Float32Array.from(outputQ, (q) => this.#real(q));
  }

  #summary(): StreamSummary {
    const { format } = this.#plan;
    const signalS = this.#counts.samplesTaken === 0 ? NaN : this.#signalSeconds(format.sampleRateHz);
    const duty = (cycles: number) => cycles / this.#parts.clockHz / signalS;
    const frontEndDuty = duty(this.#sums.frontEndCycles);
    const inferenceDuty = duty(this.#sums.inferenceCycles);
    return {
      counters: this.counters,
      gaps: [...this.#gaps],
      frontEndDuty,
      inferenceDuty,
      realTimeFactor: frontEndDuty + inferenceDuty,
      maxQueuedBytes: this.#sums.maxQueuedBytes,
    };
  }

  /** Of what the device took: its front end's own time, and the rows' where the host makes the features. */
  #signalSeconds(sampleRateHz: number): number {
    return (this.#counts.samplesPushed - this.#lostSamples()) / sampleRateHz;
  }

  #lostSamples(): number {
    return this.#gaps.reduce((n, g) => n + (g.cause === 'line' ? g.sampleCount : 0), 0);
  }
}
