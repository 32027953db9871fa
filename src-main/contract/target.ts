import { z } from 'zod';

/** Board + firmware + settings under test, as the device itself says it (`mj id`, else `name` and `profile`). */
export const DeviceIdentity = z.object({
  /** From `mj id`; false for a foreign th- DUT, whose hashes are then null. */
  hasMj: z.boolean(),
  boardId: z.string(),
  /** Of its USB port where that is known, else `unknown`; `emulated` for the simulated world's. */
  boardSerial: z.string(),
  vendor: z.string(),
  modelName: z.string(),
  firmwareHash: z.string().nullable(),
  programHash: z.string().nullable(),
  /** First 16 hex digits of the model's SHA-256. */
  modelPrefix: z.string().nullable(),
  mode: z.enum(['performance', 'energy']).nullable(),
  clockHz: z.number().positive().nullable(),
  baud: z.number().int().positive(),
});
export type DeviceIdentity = z.infer<typeof DeviceIdentity>;

export const MonitorIdentity = z.object({
  /** `ppk2`. */
  kind: z.string(),
  serial: z.string(),
  firmware: z.string(),
  /** Where the calibration in force comes from, and its short hash: `device:1a2b3c4d`. */
  calibration: z.string(),
  sampleRateHz: z.number().positive(),
  emulated: z.boolean(),
});
export type MonitorIdentity = z.infer<typeof MonitorIdentity>;

export const TraceReference = z.object({
  id: z.string(),
  path: z.string(),
  /** Of the closed file; null while it is being written. */
  sha256: z.string().nullable(),
  startedAt: z.string(),
  sampleRateHz: z.number().positive(),
  sampleCount: z.number().int().nonnegative(),
});
export type TraceReference = z.infer<typeof TraceReference>;
