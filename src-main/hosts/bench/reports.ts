import { ok, type Result } from '../../base/errors.ts';
import type { ReportFormat, ReportFormatEntry, reportMethods } from '../../contract/bench/reports.ts';
import { foundPrinter, type PdfPrinter } from '../../core/chromium.ts';
import { renderReport, reportFileName, reportFormats } from '../../core/render-report.ts';
import { reportInput } from '../../core/report-input.ts';
import { failureDto } from '../../core/trace-views.ts';
import { buildReport } from '../../report/report-model.ts';
import { withNotes } from '../cli/run-notes.ts';
import type { BenchContext, Handlers } from './handlers.ts';
import { resultsOf } from './results.ts';

/** The host's own printer where it has one, else a browser of this computer. */
const printerOf = (own: PdfPrinter | undefined): Result<PdfPrinter> => (own ? ok(own) : foundPrinter());

export function reportHandlers({ core, printPdf }: BenchContext): Pick<Handlers, keyof typeof reportMethods> {
  return {
    'reports.formats': () =>
      ok(
        (Object.keys(reportFormats) as ReportFormat[]).map((format): ReportFormatEntry => {
          const printer = format === 'pdf' ? printerOf(printPdf) : null;
          return {
            format,
            title: reportFormats[format].title,
            failure: printer && !printer.ok ? failureDto(printer) : null,
          };
        }),
      ),
    'reports.render': async ({ runs, format, baseline }) => {
      // the baseline is one of the runs a report shows
      const shown = [...new Set([...(baseline === undefined ? [] : [baseline]), ...runs])];
      const found = resultsOf(core, shown);
      if (!found.ok) return found;
      const noted = found.value.map((r) => withNotes(core, r));
      const model = buildReport(reportInput(noted, core.store, baseline));
      const bytes = await renderReport(model, format, () => printerOf(printPdf));
      if (!bytes.ok) return bytes;
      const name = reportFileName(model, format);
      const compared = baseline === undefined ? '' : ` --baseline ${baseline}`;
      return ok({
        name,
        mediaType: reportFormats[format].mediaType,
        bytes: bytes.value,
        cli: `microjoule report ${model.runs.map((r) => r.runId).join(' ')}${compared} ${reportFormats[format].option} ${name}`,
      });
    },
  };
}
