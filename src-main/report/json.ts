import { z } from 'zod';
import { CodeProfile } from '../contract/code-profile.ts';
import { RunComparison } from '../contract/comparison.ts';
import { Source } from '../contract/quantity.ts';
import { RunResult } from '../contract/result.ts';
import type { ReportModel } from './report-model.ts';

/** The machine-readable report; its JSON Schema is docs/report.schema.json. */
export const ReportDocument = z.object({
  format: z.literal(1),
  title: z.string(),
  generator: z.string(),
  system: z.array(z.tuple([z.string(), z.string()])),
  runs: z.array(RunResult),
  baseline: z.number().int().nullable(),
  comparisons: z.array(RunComparison),
  powerTraces: z.array(
    z.object({
      runId: z.number().int(),
      fromS: z.number(),
      toS: z.number(),
      minMa: z.array(z.number().nullable()),
      maxMa: z.array(z.number().nullable()),
      regions: z.array(z.object({ from: z.number(), to: z.number(), label: z.string() })),
    }),
  ),
  codeProfiles: z.array(z.object({ runId: z.number().int(), profile: CodeProfile })),
  sources: z.array(Source),
  method: z.array(z.object({ heading: z.string(), text: z.string() })),
});

export function reportJson(model: ReportModel): string {
  return JSON.stringify(model, null, 1);
}

export function reportJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(ReportDocument), null, 2)}\n`;
}
