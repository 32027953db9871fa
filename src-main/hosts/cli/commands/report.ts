import { fail, ok, type Result } from '../../../base/errors.ts';
import type { RunResult } from '../../../contract/index.ts';
import type { Core } from '../../../core.ts';
import { reportInput } from '../../../core/report-input.ts';
import type { ReportFormat } from '../../../contract/bench/reports.ts';
import { foundPrinter } from '../../../core/chromium.ts';
import { renderReport } from '../../../core/render-report.ts';
import { reportMarkdown } from '../../../report/markdown.ts';
import { buildReport } from '../../../report/report-model.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCoreToRead } from '../open-core.ts';
import { withNotes } from '../run-notes.ts';
import { writeBytes } from '../write-text.ts';

/** The newest finished run of each mode, all of the model of the newest one. */
function newestRuns(core: Core): Result<number[]> {
  const list = core.runs();
  if (!list.ok) return list;
  const finished = list.value.filter((r) => r.status === 'finished');
  const newest = finished[0];
  if (!newest)
    return fail(
      'store.no-runs',
      { path: core.store.path },
      'The database holds no finished run.',
      'Run a benchmark first: microjoule demo.',
    );
  const own = finished.filter((r) => r.modelSha256 === newest.modelSha256 && r.targetId === newest.targetId);
  return ok([...new Map(own.toReversed().map((r) => [r.mode, r.runId])).values()]);
}

export function resultsOf(core: Core, ids: readonly number[]): Result<RunResult[]> {
  const out: RunResult[] = [];
  for (const id of ids) {
    const r = core.result(id);
    if (!r.ok) return r;
    out.push(withNotes(core, r.value));
  }
  return ok(out);
}

export interface ReportOptions {
  readonly html?: string;
  readonly pdf?: string;
  readonly md?: string;
  readonly jsonFile?: string;
  readonly csv?: string;
  readonly operatorsCsv?: string;
  readonly baseline?: number;
}

/** The file of each format that was asked for. */
function filesOf(o: ReportOptions): (readonly [ReportFormat, string])[] {
  const asked: readonly (readonly [ReportFormat, string | undefined])[] = [
    ['html', o.html],
    ['pdf', o.pdf],
    ['md', o.md],
    ['json', o.jsonFile],
    ['csv', o.csv],
    ['operators-csv', o.operatorsCsv],
  ];
  return asked.flatMap(([format, path]) => (path === undefined ? [] : [[format, path] as const]));
}

export async function report(
  ids: readonly number[],
  o: ReportOptions,
  { output, db }: CommandContext,
): Promise<number> {
  const opened = await openCoreToRead(db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const chosen = ids.length ? ok([...ids]) : newestRuns(core);
  if (!chosen.ok) return output.fail(chosen);
  const shown = [...new Set([...(o.baseline === undefined ? [] : [o.baseline]), ...chosen.value])];
  const runs = resultsOf(core, shown);
  if (!runs.ok) return output.fail(runs);
  const model = buildReport(reportInput(runs.value, core.store, o.baseline));
  const written: string[] = [];
  for (const [format, path] of filesOf(o)) {
    const bytes = await renderReport(model, format, foundPrinter);
    const done = bytes.ok ? writeBytes(path, bytes.value) : bytes;
    if (!done.ok) return output.fail(done);
    written.push(path);
  }
  output.result({ runs: shown, written }, () =>
    written.length ? `runs ${shown.join(', ')} → ${written.join(', ')}` : reportMarkdown(model),
  );
  return exitCodes.done;
}
