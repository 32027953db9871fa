import { runNumber, runNumbers, wholeFrom1 } from '../arguments.ts';
import { perform, type CommandGroup } from '../command-group.ts';
import type { ReportOptions } from '../commands/report.ts';
import type { WindowOptions } from '../commands/window.ts';
import type { CommonOptions } from '../context.ts';

export const resultCommands: CommandGroup = (command) => {
  command('runs', 'list the runs of the database').action(async (o: CommonOptions) =>
    perform(o, async (c) => (await import('../commands/results.ts')).runs(c)),
  );
  command('show', 'one run in full')
    .argument('<run>', 'number of the run', runNumber)
    .action(async (run: number, o: CommonOptions) =>
      perform(o, async (c) => (await import('../commands/results.ts')).show(run, c)),
    );
  command('window', 'leave a window out of a finished run, or count it again')
    .argument('<run>', 'number of the run', runNumber)
    .argument('<window>', 'number of the window, from 1', wholeFrom1)
    .option('--exclude <reason>', 'leave it out; the window stays as it was measured')
    .option('--count', 'undo that')
    .action(async (run: number, window: number, o: CommonOptions & WindowOptions) =>
      perform(o, async (c) => (await import('../commands/window.ts')).window(run, window, o, c)),
    );
  command('compare', "runs beside a baseline: better, worse, equal, or can't tell")
    .argument('<baseline>', 'number of a run', runNumber)
    .argument('<run...>', 'numbers of runs', runNumbers)
    .action(async (baseline: number, others: number[], o: CommonOptions) =>
      perform(o, async (c) => (await import('../commands/compare.ts')).compare(baseline, others, c)),
    );
  command('report', 'write a report of runs (default: the newest of each mode of one model)')
    .argument('[run...]', 'numbers of runs', runNumbers, [])
    .option('--html <file>', 'self-contained HTML')
    .option('--md <file>', 'Markdown')
    .option('--pdf <file>', 'PDF, printed by Chromium, Chrome or Edge where one is found')
    .option('--json-file <file>', 'JSON by docs/report.schema.json')
    .option('--csv <file>', 'CSV, a row a run')
    .option('--operators-csv <file>', 'CSV, a row an operator')
    .option('--baseline <run>', 'compare the runs with this one', runNumber)
    .action(async (runs: number[], o: CommonOptions & ReportOptions) =>
      perform(o, async (c) => (await import('../commands/report.ts')).report(runs, o, c)),
    );
  command('note', 'a remark on a run; show and report carry it')
    .argument('<run>', 'number of the run', runNumber)
    .argument('<text>', 'what the numbers do not say')
    .action(async (run: number, text: string, o: CommonOptions) =>
      perform(o, async (c) => (await import('../commands/note.ts')).note(run, text, c)),
    );
  command('export <what>', '`runs` or `profiles` as CSV, or with --json as a list of objects')
    .option('--csv [file]', 'CSV to a file, or to standard output')
    .action(async (what: string, o: CommonOptions & { csv?: string | true }) =>
      perform(o, async (c) =>
        (await import('../commands/export.ts')).exportRows(what, typeof o.csv === 'string' ? o.csv : null, c),
      ),
    );
};
