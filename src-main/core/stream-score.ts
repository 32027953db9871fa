import { z } from 'zod';
import { fail, ok, type Result } from '../base/errors.ts';
import {
  StreamDetectionRow,
  StreamGapDto,
  StreamWindowRow,
  type GroundTruth,
  type StreamScores,
} from '../contract/index.ts';
import type { Streams } from '../store/streams.ts';
import { readManifest, readRecordedEvents } from '../stream/recording-source.ts';
import { detectAgain, ruleOf, scoreStream, type StreamRecord } from '../stream/score.ts';
import { readTruth } from '../stream/truth-file.ts';

export interface ScoreSettings {
  /** null: as in the run. */
  readonly threshold: number | null;
  readonly smoothingWindows: number | null;
  readonly refractoryMs: number | null;
  readonly truthPath: string | null;
}

export type Scored =
  | { readonly kind: 'recording'; readonly dir: string }
  | { readonly kind: 'stored'; readonly streamId: number; readonly streams: Streams };

const RecordedEvent = z.union([
  z.object({ type: z.literal('window'), window: StreamWindowRow }),
  z.object({ type: z.literal('detection'), detection: StreamDetectionRow }),
  z.object({ type: z.literal('gap'), gap: StreamGapDto }),
  z.object({ type: z.literal('dropped'), index: z.number().int() }),
  z.object({ type: z.literal('underrun') }),
]);

/** Scores anew, with other settings of the detection or another ground truth where they are given. */
export function rescore(what: Scored, settings: ScoreSettings): Result<StreamScores> {
  const record =
    what.kind === 'recording' ? recordOfFolder(what.dir) : recordOfStore(what.streamId, what.streams);
  if (!record.ok) return record;
  const truth = truthFor(record.value, settings.truthPath);
  if (!truth.ok) return truth;
  return ok(scoreStream(withSettings({ ...record.value, truth: truth.value }, settings)));
}

function truthFor(record: StreamRecord, path: string | null): Result<GroundTruth | null> {
  if (path === null) return ok(record.truth);
  return readTruth(path, record.plan.sampleKind === 'imu' ? 'segments' : 'words');
}

function withSettings(record: StreamRecord, settings: ScoreSettings): StreamRecord {
  const { threshold, smoothingWindows, refractoryMs } = settings;
  if (threshold === null && smoothingWindows === null && refractoryMs === null) return record;
  const { detection, sampleRateHz } = record.plan;
  const changed = {
    ...detection,
    threshold: threshold ?? detection.threshold,
    smoothingWindows: smoothingWindows ?? detection.smoothingWindows,
    refractorySamples:
      refractoryMs === null ? detection.refractorySamples : Math.round((refractoryMs / 1000) * sampleRateHz),
  };
  const plan = { ...record.plan, detection: changed };
  const again = { ...record, plan };
  return { ...again, detections: detectAgain(again, ruleOf(plan)) };
}

function recordOfFolder(dir: string): Result<StreamRecord> {
  const manifest = readManifest(dir);
  if (!manifest.ok) return manifest;
  const { plan, frames, truth, sample } = manifest.value;
  if (!plan)
    return fail(
      'stream.no-answers',
      { dir },
      'The folder holds samples, but no device ever answered to them.',
      'Stream it into a model first: microjoule stream MODEL --source DIR.',
    );
  const lines = readRecordedEvents(dir, manifest.value);
  if (!lines.ok) return lines;
  const events = z.array(RecordedEvent).safeParse(lines.value);
  if (!events.success)
    return fail(
      'stream.recording-damaged',
      { dir, problem: events.error.issues[0]!.message },
      'The recorded events are not what this version writes.',
      'Record again.',
    );
  const of = <K extends z.infer<typeof RecordedEvent>['type']>(type: K) =>
    events.data.filter((e): e is Extract<z.infer<typeof RecordedEvent>, { type: K }> => e.type === type);
  return ok({
    plan,
    durationUs: (frames * 1e6) / sample.sampleRateHz,
    windows: of('window').map((e) => e.window),
    detections: of('detection').map((e) => e.detection),
    gaps: of('gap').map((e) => e.gap),
    dropped: of('dropped').map((e) => e.index),
    truth,
  });
}

/** What the device skipped is not stored; the words of the truth come back from the scores. */
function recordOfStore(streamId: number, streams: Streams): Result<StreamRecord> {
  const result = streams.result(streamId);
  if (!result.ok) return result;
  const windows = streams.windows(streamId);
  if (!windows.ok) return windows;
  const { plan, durationUs, detections, gaps, dropped, truth } = result.value;
  return ok({ plan, durationUs, windows: windows.value, detections, gaps, dropped, truth });
}
