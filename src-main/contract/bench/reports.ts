import { z } from 'zod';
import type { FailureDto } from '../failure.ts';
import { method } from './method.ts';

export const ReportFormat = z.enum(['html', 'pdf', 'md', 'json', 'csv', 'operators-csv']);
export type ReportFormat = z.infer<typeof ReportFormat>;

/** A report as the file that would be written. */
export interface RenderedReport {
  /** Name of the file. */
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** The command line that writes the same file. */
  readonly cli: string;
}

export interface ReportFormatEntry {
  readonly format: ReportFormat;
  readonly title: string;
  /** Why this host cannot write it; null where it can. */
  readonly failure: FailureDto | null;
}

const RunNumber = z.number().int().positive();

export const reportMethods = {
  'reports.formats': method(z.object({}))<ReportFormatEntry[]>(),
  'reports.render': method(
    z.object({
      runs: z.array(RunNumber).min(1).max(50),
      format: ReportFormat,
      /** The others are compared with this run; it comes into the report in any case. */
      baseline: RunNumber.optional(),
    }),
  )<RenderedReport>(),
};
