import { z } from 'zod';

/** A label that holds from `startUs` to `endUs` of stream time (µs since the stream's first sample). */
export const LabelledSpan = z.object({ label: z.string(), startUs: z.number(), endUs: z.number() });
export type LabelledSpan = z.infer<typeof LabelledSpan>;
