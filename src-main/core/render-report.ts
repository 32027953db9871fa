import { ok, type Result } from '../base/errors.ts';
import type { ReportFormat } from '../contract/bench/reports.ts';
import { csv, profilesTable, runsTable } from '../report/csv.ts';
import { reportHtml } from '../report/html.ts';
import { reportJson } from '../report/json.ts';
import { reportMarkdown } from '../report/markdown.ts';
import type { ReportModel } from '../report/report-model.ts';
import type { PdfPrinter } from './chromium.ts';

export interface FormatDescription {
  readonly title: string;
  readonly extension: string;
  readonly mediaType: string;
  /** Of `microjoule report`. */
  readonly option: string;
}

export const reportFormats: Readonly<Record<ReportFormat, FormatDescription>> = {
  html: { title: 'HTML', extension: 'html', mediaType: 'text/html', option: '--html' },
  pdf: { title: 'PDF', extension: 'pdf', mediaType: 'application/pdf', option: '--pdf' },
  md: { title: 'Markdown', extension: 'md', mediaType: 'text/markdown', option: '--md' },
  json: { title: 'JSON', extension: 'json', mediaType: 'application/json', option: '--json-file' },
  csv: { title: 'CSV of runs', extension: 'csv', mediaType: 'text/csv', option: '--csv' },
  'operators-csv': {
    title: 'CSV of operators',
    extension: 'csv',
    mediaType: 'text/csv',
    option: '--operators-csv',
  },
};

function textOf(model: ReportModel, format: Exclude<ReportFormat, 'pdf'>): string {
  const table = (t: ReturnType<typeof runsTable>) => csv(t.head, t.rows);
  switch (format) {
    case 'html':
      return reportHtml(model);
    case 'md':
      return reportMarkdown(model);
    case 'json':
      return reportJson(model);
    case 'csv':
      return table(runsTable(model.runs));
    case 'operators-csv':
      return table(profilesTable(model.runs));
  }
}

/** The bytes of the file. Only a PDF can fail: it is the HTML as a browser prints it. */
export async function renderReport(
  model: ReportModel,
  format: ReportFormat,
  printer: () => Result<PdfPrinter>,
): Promise<Result<Uint8Array>> {
  if (format === 'pdf') {
    const print = printer();
    return print.ok ? print.value(reportHtml(model)) : print;
  }
  return ok(new TextEncoder().encode(textOf(model, format)));
}

/** `microjoule-kws-syn-runs-1-2.html`: plain letters on every system. */
export function reportFileName(model: ReportModel, format: ReportFormat): string {
  const names = [...new Set(model.runs.map((r) => r.plan.model.name))].join('-');
  const plain = names.replace(/[^\w.-]+/g, '-').slice(0, 60);
  const runs = model.runs.map((r) => r.runId).join('-');
  const what = format === 'operators-csv' ? '-operators' : '';
  return `microjoule-${plain}-run${model.runs.length > 1 ? 's' : ''}-${runs}${what}.${reportFormats[format].extension}`;
}
