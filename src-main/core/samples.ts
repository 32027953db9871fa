import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Result } from '../base/errors.ts';
import { SampleFile, type SampleComparison } from '../contract/bench/samples.ts';
import { compareRuns } from '../report/comparison.ts';

export const SAMPLE_FILE = join(import.meta.dirname, '../../data/samples/kws-syn.json');

/** The recorded comparison that comes with the product. `bench.no-sample`. */
export function sampleComparison(path = SAMPLE_FILE): Result<SampleComparison> {
  let reason: string;
  try {
    const parsed = SampleFile.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (parsed.success) {
      const sample = parsed.data;
      const [base, ...others] = sample.runs;
      return ok({ sample, comparisons: others.map((run) => compareRuns(base!, run)) });
    }
    reason = parsed.error.issues[0]!.path.join('.');
  } catch (e) {
    reason = (e as Error).message;
  }
  return fail(
    'bench.no-sample',
    { reason },
    'The recorded comparison is not with the product, or is of another version.',
    'Run the demo: it takes half a minute and needs no hardware.',
  );
}
