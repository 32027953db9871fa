import { z } from 'zod';
import type { RunComparison } from '../comparison.ts';
import { RunResult } from '../result.ts';
import { method } from './method.ts';

/** Runs that were recorded on our own emulated bench and come with the product: something to look at before the first run. */
export const SampleFile = z.object({
  format: z.literal(1),
  /** What the runs are compared by, in a sentence. */
  title: z.string(),
  /** How they were made. */
  command: z.string(),
  /** The first is the baseline. */
  runs: z.array(RunResult).min(2),
  /** One a run. */
  labels: z.array(z.string()),
});
export type SampleFile = z.infer<typeof SampleFile>;

export interface SampleComparison {
  readonly sample: SampleFile;
  /** Of each later run with the first. */
  readonly comparisons: readonly RunComparison[];
}

export const sampleMethods = {
  /** `bench.no-sample` where the product came without it. */
  'samples.get': method(z.object({}))<SampleComparison>(),
};
