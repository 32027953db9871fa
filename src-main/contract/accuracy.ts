import { z } from 'zod';
import { OutputCheck } from './window.ts';

/** One file of the data set. */
export const AccuracyItem = z.object({
  index: z.number().int().nonnegative(),
  name: z.string(),
  label: z.number().int(),
  /** argmax of the printed scores (top-1), null where the score is a distance. */
  predicted: z.number().int().nullable(),
  /** Printed scores; for several windows a file (ad01) the mean window score. */
  scores: z.array(z.number()),
  /** Inferences this item took: windows in the file. */
  inferences: z.number().int().positive(),
  outputCheck: OutputCheck,
  /** Hex of the device's raw outputs of the first inference that differed from the host twin, with what was expected. */
  difference: z.object({ got: z.string(), expected: z.string() }).nullable(),
});
export type AccuracyItem = z.infer<typeof AccuracyItem>;

/** Device against host twin over everything compared in a run. */
export const Comparison = z.object({
  method: z.enum(['bit-exact', 'print-precision', 'none']),
  compared: z.number().int().nonnegative(),
  equal: z.number().int().nonnegative(),
  /** The sentence for a report: "device = host: equal on 100 of 100". */
  text: z.string(),
});
export type Comparison = z.infer<typeof Comparison>;

/** Whether this very Program was compared with TensorFlow Lite Micro, by a committed or stored record. */
export const ReferenceCheck = z.object({
  programHash: z.string(),
  tflmVersion: z.string(),
  inputs: z.number().int().positive(),
  record: z.string(),
});
export type ReferenceCheck = z.infer<typeof ReferenceCheck>;
