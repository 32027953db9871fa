import { join } from 'node:path';
import { ok, type Result } from '../base/errors.ts';
import type { About } from '../contract/bench/about.ts';
import type { PdfPrinter } from '../core/chromium.ts';
import { productVersion } from '../core/product.ts';
import { reportInput } from '../core/report-input.ts';
import type { Core } from '../core.ts';
import { reportHtml } from '../report/html.ts';
import { buildReport } from '../report/report-model.ts';
import { BenchService } from './bench/service.ts';
import { withNotes } from './cli/run-notes.ts';

const repository = join(import.meta.dirname, '../..');

/** The bench of this product over a core: with the models that come with it. */
export function productBench(core: Core, host: About['host'], printPdf?: PdfPrinter): BenchService {
  return new BenchService(core, {
    host,
    modelsDir: join(repository, 'models'),
    version: productVersion(),
    ...(printPdf ? { printPdf } : {}),
  });
}

/** The report of one run, as a page of its own. */
export async function runReportHtml(core: Core, runId: string): Promise<Result<string>> {
  const run = core.result(Number(runId));
  return run.ok ? ok(reportHtml(buildReport(reportInput([withNotes(core, run.value)], core.store)))) : run;
}
