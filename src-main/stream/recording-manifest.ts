import { z } from 'zod';
import { FailureDto, GroundTruth, SourceOrigin, StreamRunPlan } from '../contract/index.ts';

const RecordedFile = z.object({ name: z.string(), bytes: z.number().int(), sha256: z.string() });
export type RecordedFile = z.infer<typeof RecordedFile>;

/** manifest.json of a recording folder (docs/streams.md). Written last: a folder without it was never finished. */
export const RecordingManifest = z.object({
  format: z.literal(1),
  sample: z.object({
    kind: z.enum(['audio', 'imu']),
    channels: z.number().int().positive(),
    sampleRateHz: z.number().positive(),
  }),
  /** Sample frames, those in gaps included. */
  frames: z.number().int().nonnegative(),
  samples: RecordedFile,
  blocks: RecordedFile,
  events: RecordedFile,
  origin: SourceOrigin,
  truth: GroundTruth.nullable(),
  /** null: nothing was agreed with a device. */
  plan: StreamRunPlan.nullable(),
  startedAt: z.string(),
  notes: z.array(z.string()),
  /** Why the stream ended early, or null. */
  failure: FailureDto.nullable(),
});
export type RecordingManifest = z.infer<typeof RecordingManifest>;

/** A line of blocks.jsonl: samples (`n` frames of the samples file, in order) or a gap (with its reason). */
export const BlockLine = z.union([
  z.object({ s: z.number().int(), n: z.number().int().positive(), us: z.number() }),
  z.object({ s: z.number().int(), gap: z.number().int().positive(), us: z.number(), reason: z.string() }),
]);
export type BlockLine = z.infer<typeof BlockLine>;

export const MANIFEST_FILE = 'manifest.json';
