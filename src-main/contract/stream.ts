import { z } from 'zod';
import { FailureDto } from './failure.ts';
import { Source } from './quantity.ts';
import { DeviceIdentity } from './target.ts';

/** A label that holds from `startUs` to `endUs` of stream time (µs since the stream's first sample). */
export const LabelledSpan = z.object({ label: z.string(), startUs: z.number(), endUs: z.number() });
export type LabelledSpan = z.infer<typeof LabelledSpan>;

/** What really was in a stream. `words`: between them lies background. `segments`: a label holds for all of its span. */
export const GroundTruth = z.object({
  kind: z.enum(['words', 'segments']),
  /** Sorted by their start. */
  spans: z.array(LabelledSpan),
  /** Who says so: `generated: gen:kws, seed 7`, `labels.csv`. */
  origin: z.string(),
});
export type GroundTruth = z.infer<typeof GroundTruth>;

export const SourceOrigin = z.object({
  kind: z.enum([
    'wav',
    'flac',
    'columns',
    'microphone',
    'serial-text',
    'serial-frames',
    'generator',
    'recording',
  ]),
  /** Path, address or name. */
  name: z.string(),
  /** Of the file; null where there is none. */
  sha256: z.string().nullable(),
  /** What else decides the samples: `seed 7`, `44100 Hz resampled to 16000 Hz`. */
  details: z.array(z.string()),
});
export type SourceOrigin = z.infer<typeof SourceOrigin>;

/** When the averaged outputs count as a detection. */
export const StreamDetectionRule = z.object({
  smoothingWindows: z.number().int().min(1).max(32),
  threshold: z.number().min(0).max(1),
  refractorySamples: z.number().int().nonnegative(),
  /** Classes that never are one: silence, unknown words. */
  ignored: z.array(z.string()),
});
export type StreamDetectionRule = z.infer<typeof StreamDetectionRule>;

/** What a stream run was asked to do and what was agreed with the device before the first sample. */
export const StreamRunPlan = z.object({
  model: z.object({ name: z.string(), sha256: z.string(), path: z.string().nullable() }),
  targetId: z.string(),
  source: SourceOrigin,
  sampleKind: z.enum(['audio', 'imu']),
  channels: z.number().int().positive(),
  sampleRateHz: z.number().positive(),
  /** In the model's order. */
  classes: z.array(z.string()),
  frontEnd: z.enum(['device', 'host']),
  encoding: z.string(),
  /** Why this place and encoding. */
  reason: z.string(),
  baud: z.number().nullable(),
  lineBytesPerS: z.number(),
  lineCapacityBytesPerS: z.number().nullable(),
  windowSamples: z.number().int().positive(),
  hopSamples: z.number().int().positive(),
  detection: StreamDetectionRule,
});
export type StreamRunPlan = z.infer<typeof StreamRunPlan>;

export const StreamGapDto = z.object({
  firstSample: z.number().int(),
  sampleCount: z.number().int(),
  cause: z.string(),
});
export type StreamGapDto = z.infer<typeof StreamGapDto>;

/** One inference of the device, as it is kept. */
export const StreamWindowRow = z.object({
  index: z.number().int(),
  lastSample: z.number().int(),
  topClass: z.number().int(),
  topScore: z.number(),
  /** The output tensor as real numbers, one a class. */
  outputs: z.array(z.number()),
  frontEndUs: z.number(),
  inferenceUs: z.number(),
  deviceLatencyUs: z.number(),
  /** From the moment its last sample was taken until its result was here. */
  latencyUs: z.number(),
  queuedBytes: z.number(),
  twin: z.enum(['equal', 'differs', 'unknown']),
});
export type StreamWindowRow = z.infer<typeof StreamWindowRow>;

export const StreamDetectionRow = z.object({
  label: z.string(),
  score: z.number(),
  windowIndex: z.number().int(),
  lastSample: z.number().int(),
  /** Stream time at which the answer was here. */
  atUs: z.number(),
  twin: z.enum(['equal', 'differs', 'unknown']),
});
export type StreamDetectionRow = z.infer<typeof StreamDetectionRow>;

/** What a set of times looks like. Percentiles are values that occurred (nearest rank). */
export const DistributionDto = z.object({
  n: z.number().int(),
  minUs: z.number(),
  medianUs: z.number(),
  p90Us: z.number(),
  p99Us: z.number(),
  maxUs: z.number(),
  meanUs: z.number(),
});
export type DistributionDto = z.infer<typeof DistributionDto>;

export const StreamFigures = z.object({
  /** Of all windows: last sample taken → result here; block length and line included. */
  latency: DistributionDto.nullable(),
  /** The same of detections only. */
  detectionLatency: DistributionDto.nullable(),
  /** Last sample's block decoded on the device → result there. */
  deviceLatency: DistributionDto.nullable(),
  frontEnd: DistributionDto.nullable(),
  inference: DistributionDto.nullable(),
  /** Device time over signal time. */
  frontEndDuty: z.number(),
  inferenceDuty: z.number(),
  /** Sum of both: below 1 the device keeps up. */
  realTimeFactor: z.number(),
  maxQueuedBytes: z.number(),
});
export type StreamFigures = z.infer<typeof StreamFigures>;

/** src-main/stream/stream-session.ts StreamCounters. */
export const StreamCountersDto = z.record(z.string(), z.number());
export type StreamCountersDto = z.infer<typeof StreamCountersDto>;

const WordOutcome = LabelledSpan.extend({
  outcome: z.enum(['found', 'missed', 'excluded']),
  /** First detection that counts for it; null where there is none. */
  detectedAtUs: z.number().nullable(),
  /** From the word's end to that detection: negative when it came while the word was still spoken. */
  delayUs: z.number().nullable(),
});

/** Detections against spoken words. Excluded words are neither found nor missed. */
export const WordScoreDto = z.object({
  rule: z.object({ toleranceUs: z.number(), mergeUs: z.number() }),
  truePositives: z.number().int(),
  falseNegatives: z.number().int(),
  falsePositives: z.number().int(),
  /** What is left of the stream without the excluded spans; rates are per hour of it, null where it is nothing. */
  scoredUs: z.number(),
  excludedUs: z.number(),
  excludedWords: z.number().int(),
  excludedDetections: z.number().int(),
  truePositivesPerHour: z.number().nullable(),
  falsePositivesPerHour: z.number().nullable(),
  words: z.array(WordOutcome),
  falseAlarms: z.array(z.object({ label: z.string(), atUs: z.number() })),
  labels: z.array(
    z.object({
      label: z.string(),
      words: z.number().int(),
      found: z.number().int(),
      falseAlarms: z.number().int(),
    }),
  ),
});
export type WordScoreDto = z.infer<typeof WordScoreDto>;

/** Classified windows against labelled segments. */
export const SegmentScoreDto = z.object({
  /** The classes of the model, then labels of the truth that it does not know. */
  labels: z.array(z.string()),
  /** [true label][predicted label], windows. */
  confusion: z.array(z.array(z.number().int())),
  windows: z.number().int(),
  correct: z.number().int(),
  accuracy: z.number().nullable(),
  classes: z.array(
    z.object({
      label: z.string(),
      windows: z.number().int(),
      /** null: never predicted (precision), never true (recall), neither (F1). */
      precision: z.number().nullable(),
      recall: z.number().nullable(),
      f1: z.number().nullable(),
    }),
  ),
  macroF1: z.number().nullable(),
  /** Windows that lie in no segment whole, and windows that touch an excluded span: not counted above. */
  mixedWindows: z.number().int(),
  excludedWindows: z.number().int(),
});
export type SegmentScoreDto = z.infer<typeof SegmentScoreDto>;

/** Detection error trade-off as a user meets it: false alarms an hour against words missed. */
export const EventDetDto = z.object({
  threshold: z.number(),
  falsePositives: z.number().int(),
  falsePositivesPerHour: z.number().nullable(),
  falseNegatives: z.number().int(),
  missRate: z.number().nullable(),
});
export type EventDetDto = z.infer<typeof EventDetDto>;

/** How good the answers were, against the ground truth; all null where there is none. */
export const StreamScores = z.object({
  truthOrigin: z.string().nullable(),
  words: WordScoreDto.nullable(),
  /** Word's end → first detection that counts for it. */
  detectionDelay: DistributionDto.nullable(),
  segments: SegmentScoreDto.nullable(),
  det: z.array(EventDetDto),
  /** The rule of MLPerf Tiny's streaming wake word; null where there are no words. */
  sww01: z.object({ passes: z.boolean().nullable(), reason: z.string() }).nullable(),
  /** What was left out and why, in words. */
  exclusions: z.array(z.string()),
});
export type StreamScores = z.infer<typeof StreamScores>;

/** Energy of a whole stream, gross, split by what the device did. */
export const StreamEnergy = z.object({
  supplyV: z.number(),
  energyUj: z.number(),
  durationUs: z.number(),
  meanPowerMw: z.number(),
  frontEndUj: z.number(),
  inferenceUj: z.number(),
  /** Receiving and waiting. */
  restUj: z.number(),
  /** frontEnd / (frontEnd + inference). */
  frontEndShare: z.number().nullable(),
  /** frontEnd / all. */
  frontEndShareOfAll: z.number(),
  /** What one sample at every edge may have put into the wrong part, µJ. */
  edgesUj: z.number(),
  coverage: z.number(),
  traceId: z.string(),
  method: z.string(),
});
export type StreamEnergy = z.infer<typeof StreamEnergy>;

export const StreamStatus = z.enum(['running', 'finished', 'interrupted', 'failed']);
export type StreamStatus = z.infer<typeof StreamStatus>;

export const StreamResult = z.object({
  streamId: z.number().int(),
  status: StreamStatus,
  /** Where its figures come from. */
  source: Source,
  targetName: z.string(),
  identity: DeviceIdentity.nullable(),
  programHash: z.string(),
  firmwareHash: z.string().nullable(),
  plan: StreamRunPlan,
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  /** Stream time, gaps included. */
  durationUs: z.number(),
  counters: StreamCountersDto,
  gaps: z.array(StreamGapDto),
  detections: z.array(StreamDetectionRow),
  /** Numbers of windows that the device skipped because it was late. */
  dropped: z.array(z.number().int()),
  truth: GroundTruth.nullable(),
  figures: StreamFigures.nullable(),
  scores: StreamScores.nullable(),
  energy: StreamEnergy.nullable(),
  /** Folder of the recording, or null. */
  recording: z.string().nullable(),
  assumptions: z.array(z.string()),
  notes: z.array(z.string()),
  failure: FailureDto.nullable(),
});
export type StreamResult = z.infer<typeof StreamResult>;

/** What a watcher of a stream run sees as it happens. */
export const StreamRunEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started'), streamId: z.number().int(), plan: StreamRunPlan }),
  z.object({ type: z.literal('window'), window: StreamWindowRow }),
  z.object({ type: z.literal('detection'), detection: StreamDetectionRow }),
  z.object({ type: z.literal('gap'), gap: StreamGapDto }),
  z.object({
    type: z.literal('progress'),
    /** Stream time so far and in all; null where nobody knows the end. */
    streamedUs: z.number(),
    durationUs: z.number().nullable(),
    /** Root mean square of the newest block, dB of full scale; null for silence and IMUs. */
    levelDbfs: z.number().nullable(),
    lostSamples: z.number().int(),
    droppedWindows: z.number().int(),
  }),
  z.object({ type: z.literal('warning'), failure: FailureDto }),
  z.object({ type: z.literal('ended'), result: StreamResult }),
]);
export type StreamRunEvent = z.infer<typeof StreamRunEvent>;

/** One row of the list of stream runs. */
export const StreamSummary = z.object({
  streamId: z.number().int(),
  status: StreamStatus,
  modelName: z.string(),
  targetId: z.string(),
  source: Source,
  sampleSource: z.string(),
  startedAt: z.string(),
  durationUs: z.number(),
  windows: z.number().int(),
  detections: z.number().int(),
  lostSamples: z.number().int(),
  latencyMedianUs: z.number().nullable(),
  realTimeFactor: z.number().nullable(),
});
export type StreamSummary = z.infer<typeof StreamSummary>;
