import { fail } from '../../../base/errors.ts';
import { csv, profilesTable, rowObjects, runsTable } from '../../../report/csv.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCoreToRead } from '../open-core.ts';
import { writeText } from '../write-text.ts';
import { resultsOf } from './report.ts';

const exports = { runs: runsTable, profiles: profilesTable } as const;

/** CSV to a file or to standard output; with --json and no file the same rows as objects. */
export async function exportRows(
  what: string,
  path: string | null,
  { output, db }: CommandContext,
): Promise<number> {
  const tableOf = Object.entries(exports).find(([name]) => name === what)?.[1];
  if (!tableOf)
    return output.fail(
      fail(
        'cli.unknown-export',
        { what, known: Object.keys(exports) },
        'There is no such export.',
        'microjoule export runs --csv FILE',
      ),
    );
  const opened = await openCoreToRead(db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const list = core.runs(1_000_000);
  if (!list.ok) return output.fail(list);
  const results = resultsOf(core, list.value.map((r) => r.runId).reverse());
  if (!results.ok) return output.fail(results);
  const table = tableOf(results.value);
  if (path === null) {
    output.result(rowObjects(table), () => csv(table.head, table.rows).trimEnd());
    return exitCodes.done;
  }
  const written = writeText(path, csv(table.head, table.rows));
  if (!written.ok) return output.fail(written);
  output.result({ written: path, rows: table.rows.length }, () => `${table.rows.length} rows → ${path}`);
  return exitCodes.done;
}
