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

/**
 * Where nobody could have heard anything: samples that were lost, and after them the time until a window holds none of
 * them; results that the line lost. What the device skipped because it was late is its own fault and stays in.
 */
export function exclusionsOf(record: StreamRecord): Exclusions {
  const { plan, gaps, windows, dropped, durationUs } = record;
  const us = (samples: number) => (samples * 1e6) / plan.sampleRateHz;
  const blind = union(
    gaps.map((g) => ({
      startUs: us(g.firstSample),
      endUs: us(g.firstSample + g.sampleCount + plan.windowSamples),
    })),
  );
  const skipped = new Set(dropped);
  const lost: Span[] = [];
  let lostResults = 0;
  for (let i = 1; i < windows.length; i++) {
    const [before, after] = [windows[i - 1]!, windows[i]!];
    let missing = 0;
    for (let k = before.index + 1; k < after.index; k++) if (!skipped.has(k)) missing++;
    if (missing === 0) continue;
    lostResults += missing;
    lost.push({ startUs: us(before.lastSample + 1), endUs: us(after.lastSample + 1) });
  }
  const spans = union([...blind, ...lost]);
  const texts: string[] = [];
  if (gaps.length > 0) {
    const samples = gaps.reduce((n, g) => n + g.sampleCount, 0);
    texts.push(
      `${gaps.length} gaps of ${samples} samples in all, each with the ${seconds(us(plan.windowSamples))} until a window is whole again: ${seconds(lengthWithin(blind, durationUs))} not scored`,
    );
  }
  if (lostResults > 0)
    texts.push(`${lostResults} results were lost on the line: ${seconds(lengthWithin(lost, durationUs))}`);
  return { spans, texts };
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
  const exclusions = [...texts, ...cutWords(scores.words)];
  if (plan.detection.ignored.length === plan.classes.length)
    exclusions.push('every class is ignored: nothing can be detected');
  return { truthOrigin: truth.origin, ...scores, exclusions };
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
