import { z } from 'zod';
import type { StreamResult, StreamSummary, StreamWindowRow } from '../stream.ts';
import type { Activity } from './activity.ts';
import { PortAddress, SoundDevice } from './address.ts';
import { method } from './method.ts';
import { WiringChoice } from './runs.ts';
import type { StreamSignal } from './stream-signal.ts';

/** Where the samples come from. Files are named by the token that `streams.addFile` gave. */
export const StreamSourceChoice = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('generator'),
    name: z.enum(['kws', 'imu']),
    /** kws: only this keyword. */
    word: z
      .string()
      .regex(/^[a-z]{1,20}$/)
      .optional(),
  }),
  z.object({ kind: z.literal('microphone'), device: SoundDevice.default('') }),
  z.object({ kind: z.literal('file'), token: z.string().regex(/^[0-9a-f]{16}$/) }),
  z.object({
    kind: z.literal('board'),
    protocol: z.enum(['text', 'frames']),
    port: PortAddress,
    baud: z.number().int().positive().optional(),
  }),
  /** Once more what a stream run recorded. */
  z.object({ kind: z.literal('recording'), streamId: z.number().int().positive() }),
]);
export type StreamSourceChoice = z.infer<typeof StreamSourceChoice>;

export const StreamChoice = z.object({
  /** Of `models.list`. */
  model: z.string(),
  targetId: z.string(),
  source: StreamSourceChoice,
  /** Seconds of stream at most; null: until the source ends. */
  durationS: z.number().positive().max(86_400).nullable().default(30),
  seed: z.number().int().nonnegative().default(1),
  frontEnd: z.enum(['auto', 'device', 'host']).default('auto'),
  hopMs: z.number().positive().max(60_000).nullable().default(null),
  threshold: z.number().min(0).max(1).default(0.6),
  smoothingWindows: z.number().int().min(1).max(32).default(1),
  refractoryMs: z.number().nonnegative().max(60_000).default(1000),
  baud: z.number().int().min(1200).max(12_000_000).default(921_600),
  /** Measure the energy too, at this supply voltage. */
  energy: z.boolean().default(false),
  supplyV: z.number().min(0.8).max(5).default(3.3),
  /** Keep the samples beside the database, to look at and to stream again. */
  keep: z.boolean().default(true),
  wiring: WiringChoice.default({}),
});
export type StreamChoice = z.input<typeof StreamChoice>;

/** A file of samples that was handed over. */
export interface StreamFile {
  readonly token: string;
  readonly name: string;
  readonly fileBytes: number;
}

export const MAX_STREAM_FILE_BYTES = 16 * 1024 * 1024;

const StreamId = z.object({ streamId: z.number().int().positive() });

export const streamMethods = {
  'streams.list': method(z.object({}))<StreamSummary[]>(),
  'streams.get': method(StreamId)<StreamResult>(),
  'streams.windows': method(StreamId)<StreamWindowRow[]>(),
  /** The whole of a recorded stream in about so many columns. `bench.no-recording`. */
  'streams.signal': method(StreamId.extend({ columns: z.number().int().min(16).max(8192) }))<StreamSignal>(),
  'streams.addFile': method(
    z.object({
      name: z.string().regex(/\.(wav|flac|csv)$/i),
      bytes: z.custom<Uint8Array>((v) => v instanceof Uint8Array && v.length <= MAX_STREAM_FILE_BYTES),
    }),
  )<StreamFile>(),
  'streams.start': method(StreamChoice)<Activity>(),
  'streams.report': method(StreamId.extend({ format: z.enum(['html', 'md', 'json']) }))<{
    readonly name: string;
    readonly mediaType: string;
    readonly text: string;
  }>(),
};
