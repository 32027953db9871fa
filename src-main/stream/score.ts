import type {
  GroundTruth,
  StreamDetectionRow,
  StreamFigures,
  StreamGapDto,
  StreamRunPlan,
  StreamScores,
  StreamWindowRow,
} from '../contract/index.ts';
import { detect, type OutputWindow } from './detector.ts';
import { distributionOf } from './distribution.ts';
import { eventDet } from './scoring-det.ts';
import { scoreSegments } from './scoring-segments.ts';
import { scoreWords, sww01Verdict, type HeardWord, type ScoredStream } from './scoring-words.ts';
import { lengthWithin, union, type Span } from './spans.ts';
import type { DetectionRule, StreamSummary } from './stream-session.ts';

/** What a stream gave: from a run that just ended, or read from a recording. */
export interface StreamRecord {
  readonly plan: StreamRunPlan;
  /** Stream time in all, gaps included. */
  readonly durationUs: number;
  /** Sorted by index; numbers of windows that were skipped are missing. */
  readonly windows: readonly StreamWindowRow[];
  readonly detections: readonly StreamDetectionRow[];
  readonly gaps: readonly StreamGapDto[];
  /** Windows that the device skipped because it was late. */
  readonly dropped: readonly number[];
  readonly truth: GroundTruth | null;
}

interface Exclusions {
  readonly spans: readonly Span[];
  readonly texts: readonly string[];
}

const seconds = (us: number) => `${(us / 1e6).toFixed(3)} s`;

const missing = (from: number, to: number, skipped: ReadonlySet<number>) => {
  let count = 0;
  for (let k = from; k < to; k++) if (!skipped.has(k)) count++;
  return count;
};

/** Results that never came: between those that did, before the first, and after the last until the stream's end. */
function lostOf(record: StreamRecord, blind: readonly Span[]): { spans: Span[]; results: number } {
  const { plan, windows, dropped, durationUs } = record;
  const us = (samples: number) => (samples * 1e6) / plan.sampleRateHz;
  const skipped = new Set(dropped);
  const spans: Span[] = [];
  let results = 0;
  let [index, atUs] = [0, 0];
  for (const w of windows) {
    const count = missing(index, w.index, skipped);
    results += count;
    if (count > 0) spans.push({ startUs: atUs, endUs: us(w.lastSample + 1) });
    [index, atUs] = [w.index + 1, us(w.lastSample + 1)];
  }
  // until the next window would have been there: a first one takes its whole length, and so does one after a gap
  const hopUs = us(plan.hopSamples);
  for (; skipped.has(index); index++) atUs += hopUs;
  let waitUs = index === 0 ? us(plan.windowSamples) : hopUs;
  for (const end of [...blind.filter((b) => b.endUs > atUs), { startUs: durationUs, endUs: Infinity }]) {
    const count = Math.floor((Math.min(end.startUs, durationUs) - atUs - waitUs) / hopUs + 1 + 1e-9);
    if (count > 0) {
      results += count;
      spans.push({ startUs: atUs, endUs: end.startUs });
    }
    // at a gap's span's end a window is whole; where the host makes the rows one came earlier, and the next is a hop later
    waitUs = end.startUs < atUs ? Math.max(0, atUs + waitUs - end.endUs) : 0;
    atUs = end.endUs;
  }
  return { spans, results };
}

/**
 * Where nobody could have heard anything: samples that were lost, and after them the time until a window holds none of
 * them; results that the line lost. What the device skipped because it was late is its own fault and stays in.
 */
export function exclusionsOf(record: StreamRecord): Exclusions {
  const { plan, gaps, durationUs } = record;
  const us = (samples: number) => (samples * 1e6) / plan.sampleRateHz;
  const blind = union(
    gaps.map((g) => ({
      startUs: us(g.firstSample),
      endUs: us(g.firstSample + g.sampleCount + plan.windowSamples),
    })),
  );
  const lost = lostOf(record, blind);
  const texts: string[] = [];
  if (gaps.length > 0) {
    const samples = gaps.reduce((n, g) => n + g.sampleCount, 0);
    texts.push(
      `${gaps.length} gaps of ${samples} samples in all, each with the ${seconds(us(plan.windowSamples))} until a window is whole again: ${seconds(lengthWithin(blind, durationUs))} not scored`,
    );
  }
  if (lost.results > 0)
    texts.push(
      `${lost.results} results never came (lost on the line, or the stream ended first): ${seconds(lengthWithin(union(lost.spans), durationUs))}`,
    );
  return { spans: union([...blind, ...lost.spans]), texts };
}

/** The rule of the plan as the device knows it. */
export function ruleOf(plan: StreamRunPlan): DetectionRule {
  const { smoothingWindows, threshold, refractorySamples, ignored } = plan.detection;
  const ignoredClasses = ignored.map((c) => plan.classes.indexOf(c)).filter((i) => i >= 0);
  return { smoothingWindows, threshold, refractorySamples, ignoredClasses };
}

/** Windows for the detector: the first after a gap is marked. */
export function outputWindows(record: StreamRecord): OutputWindow[] {
  const gapEnds = record.gaps.map((g) => g.firstSample + g.sampleCount);
  let before = -1;
  return record.windows.map((w) => {
    const afterGap = gapEnds.some((end) => end > before && end <= w.lastSample);
    before = w.lastSample;
    return { lastSample: w.lastSample, outputs: w.outputs, afterGap };
  });
}

/** The detections that other settings would have given, with the latency that the windows had. */
export function detectAgain(record: StreamRecord, rule: DetectionRule): StreamDetectionRow[] {
  const { plan, windows } = record;
  const byLastSample = new Map(windows.map((w) => [w.lastSample, w]));
  return detect(outputWindows(record), rule).map((d) => {
    const w = byLastSample.get(d.lastSample)!;
    return {
      label: plan.classes[d.classIndex]!,
      score: d.score,
      windowIndex: w.index,
      lastSample: d.lastSample,
      atUs: ((d.lastSample + 1) * 1e6) / plan.sampleRateHz + w.latencyUs,
      twin: w.twin,
    };
  });
}

/** Answers against the truth; what could not be scored is said and not counted. */
export function scoreStream(record: StreamRecord): StreamScores {
  const { truth, plan, durationUs } = record;
  const { spans, texts } = exclusionsOf(record);
  const none = { words: null, detectionDelay: null, segments: null, det: [], sww01: null };
  if (!truth) return { truthOrigin: null, ...none, exclusions: [...texts] };
  const stream: ScoredStream = { durationUs, excluded: spans };
  const scores =
    truth.kind === 'segments'
      ? { ...none, segments: segmentsOf(record, truth, spans) }
      : { ...none, ...wordsOf(record, truth, stream) };
  const exclusions = [...texts, ...unknownLabels(truth, plan), ...cutWords(scores.words)];
  if (truth.kind === 'words' && plan.detection.ignored.length === plan.classes.length)
    exclusions.push('every class is ignored: nothing can be detected');
  return { truthOrigin: truth.origin, ...scores, exclusions };
}

/** Words that the model has no class for cannot be found; segments of such a label stand in the matrix. */
function unknownLabels(truth: GroundTruth, plan: StreamRunPlan): string[] {
  if (truth.kind === 'segments') return [];
  const strange = truth.spans.filter((s) => !plan.classes.includes(s.label));
  const ignored = truth.spans.filter((s) => plan.detection.ignored.includes(s.label));
  const named = (spans: typeof strange) => [...new Set(spans.map((s) => s.label))].join(', ');
  const texts: string[] = [];
  if (strange.length > 0)
    texts.push(
      `${strange.length} of ${truth.spans.length} words of the truth are no class of the model (${named(strange)}; it knows ${plan.classes.join(', ')})`,
    );
  if (ignored.length > 0)
    texts.push(`${ignored.length} words of the truth are of ignored classes (${named(ignored)})`);
  return texts;
}

function cutWords(words: StreamScores['words']): string[] {
  if (!words || words.excludedWords === 0) return [];
  return [
    `${words.excludedWords} words whose interval touches a gap or the end of the stream, and ${words.excludedDetections} detections there, are not counted`,
  ];
}

function wordsOf(record: StreamRecord, truth: GroundTruth, stream: ScoredStream) {
  const { plan, windows } = record;
  const detectable = plan.classes.filter((c) => !plan.detection.ignored.includes(c));
  const spoken = truth.spans.filter((s) => detectable.includes(s.label));
  const heard: HeardWord[] = record.detections.map((d) => ({ label: d.label, atUs: d.atUs }));
  const words = scoreWords(spoken, heard, stream);
  const delays = words.words.map((w) => w.delayUs).filter((d): d is number => d !== null);
  const latency = distributionOf(windows.map((w) => w.latencyUs));
  const det = eventDet({
    windows: outputWindows(record),
    classes: plan.classes,
    sampleRateHz: plan.sampleRateHz,
    truth: spoken,
    stream,
    detection: ruleOf(plan),
    delayUs: latency?.medianUs ?? 0,
  });
  return { words, detectionDelay: distributionOf(delays), det, sww01: sww01Verdict(words) };
}

function segmentsOf(record: StreamRecord, truth: GroundTruth, excluded: readonly Span[]) {
  const { plan, windows } = record;
  const us = (samples: number) => (samples * 1e6) / plan.sampleRateHz;
  const classified = windows.map((w) => ({
    label: plan.classes[w.topClass]!,
    startUs: us(w.lastSample + 1 - plan.windowSamples),
    endUs: us(w.lastSample + 1),
  }));
  return scoreSegments(truth.spans, classified, plan.classes, excluded);
}

/** Times and loads of a stream that ran. */
export function figuresOf(
  windows: readonly StreamWindowRow[],
  detections: readonly StreamDetectionRow[],
  sampleRateHz: number,
  summary: Omit<StreamSummary, 'counters' | 'gaps'>,
): StreamFigures {
  const of = (pick: (w: StreamWindowRow) => number) => distributionOf(windows.map(pick));
  const { frontEndDuty, inferenceDuty, realTimeFactor, maxQueuedBytes } = summary;
  return {
    latency: of((w) => w.latencyUs),
    detectionLatency: distributionOf(
      detections.map((d) => d.atUs - ((d.lastSample + 1) * 1e6) / sampleRateHz),
    ),
    deviceLatency: of((w) => w.deviceLatencyUs),
    frontEnd: of((w) => w.frontEndUs),
    inference: of((w) => w.inferenceUs),
    frontEndDuty,
    inferenceDuty,
    realTimeFactor,
    maxQueuedBytes,
  };
}
