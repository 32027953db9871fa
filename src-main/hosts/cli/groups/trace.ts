import { Option } from 'commander';
import {
  count,
  current,
  duration,
  finiteFrom0,
  namedStretches,
  positive,
  secondsFrom0,
  share,
  stretch,
  wholeFrom1,
  words,
} from '../arguments.ts';
import { perform, subcommand, type CommandGroup } from '../command-group.ts';
import type { RecordOptions } from '../commands/record.ts';
import type { ExportOptions, ImportOptions } from '../commands/trace-files.ts';
import type { PhaseOptions, RepetitionOptions } from '../commands/trace-parts.ts';
import type { MarkerOptions, SpanOptions } from '../commands/trace.ts';
import type { CommonOptions } from '../context.ts';

const span = {
  from: 'from this time of the trace on (default: its beginning)',
  to: 'to this time (default: its end)',
};

export const traceCommands: CommandGroup = (command) => {
  command('record', 'record the current of a power monitor into a trace file')
    .option(
      '--monitor <address>',
      '`emulated`, KIND:ADDRESS or a port; more than once for several at once',
      words,
    )
    .option('--for <time>', 'stop after so much (60s, 5m, 2h); else Ctrl-C ends it', duration)
    .option('--out <file>', 'trace file (default: in the folder of traces); of several monitors a folder')
    .option('--title <text>', 'what it is')
    .option(
      '--supply <volts>',
      'what the monitor supplies, or what the device is supplied with',
      positive,
      3.3,
    )
    .addOption(
      new Option(
        '--mode <mode>',
        '`source`: the monitor supplies the device; `ampere` (default where it can): it only measures',
      ).choices(['source', 'ampere']),
    )
    .option(
      '--unfiltered',
      'of a PPK2: without the filter that replaces three samples after each change of range',
    )
    .option('--load <file>', 'what an emulated monitor measures (CSV time_us,current_a[,logic])')
    .option('--real-time', 'an emulated monitor at the pace of a real one')
    .option('--seed <n>', "of an emulated monitor's noise", count, 1)
    .action(async (o: CommonOptions & RecordOptions) =>
      perform(
        o,
        async (c) => (await import('../commands/record.ts')).record(o, c),
        '; what was recorded is kept',
      ),
    );

  const trace = command('trace', 'look at recorded traces');
  subcommand(trace, 'ls', 'traces of the folder and the database').action(async (o: CommonOptions) =>
    perform(o, async (c) => (await import('../commands/trace.ts')).list(c)),
  );
  subcommand(trace, 'stats', 'current, charge and energy of a span, with what is uncertain of them')
    .argument('<trace>', 'file or id')
    .option('--from <time>', span.from, secondsFrom0)
    .option('--to <time>', span.to, secondsFrom0)
    .action(async (name: string, o: CommonOptions & SpanOptions) =>
      perform(o, async (c) => (await import('../commands/trace.ts')).stats(name, o, c)),
    );
  subcommand(trace, 'cut', 'a new trace of a span, without loss')
    .argument('<trace>', 'file or id')
    .requiredOption('--from <time>', span.from, secondsFrom0)
    .requiredOption('--to <time>', span.to, secondsFrom0)
    .option('--out <file>', 'trace file (default: in the folder of traces)')
    .option('--title <text>', 'what it is')
    .action(async (name: string, o: CommonOptions & SpanOptions & { out?: string; title?: string }) =>
      perform(o, async (c) => (await import('../commands/trace.ts')).cut(name, o, c)),
    );
  subcommand(trace, 'compare', 'two traces, or two spans, side by side, with a verdict')
    .argument('<a>', 'file or id')
    .argument('<b>', 'file or id')
    .option('--from <time>', `of both: ${span.from}`, secondsFrom0)
    .option('--to <time>', `of both: ${span.to}`, secondsFrom0)
    .option('--b-from <time>', 'of the second one, where it differs', secondsFrom0)
    .option('--b-to <time>', 'of the second one, where it differs', secondsFrom0)
    .action(async (a: string, b: string, o: CommonOptions & SpanOptions & { bFrom?: number; bTo?: number }) =>
      perform(o, async (c) => (await import('../commands/trace.ts')).compare(a, b, o, c)),
    );
  subcommand(
    trace,
    'markers',
    'windows, gaps, marks and annotations of a trace; adds and deletes annotations',
  )
    .argument('<trace>', 'file or id')
    .option('--from <time>', span.from, secondsFrom0)
    .option('--to <time>', span.to, secondsFrom0)
    .option('--add <text>', 'annotate the span from --from to --to')
    .option('--delete <n>', 'delete annotation n (kept for --restore)', wholeFrom1)
    .option('--restore <n>', 'bring annotation n back', wholeFrom1)
    .action(async (name: string, o: CommonOptions & MarkerOptions) =>
      perform(o, async (c) => (await import('../commands/trace.ts')).markers(name, o, c)),
    );
  subcommand(trace, 'export', 'a span as a file for other programs; says what the format leaves behind')
    .argument('<trace>', 'file or id')
    .requiredOption('--out <file>', 'its extension tells the format: .csv, .ppk2, .jls, .parquet')
    .addOption(
      new Option('--format <format>', 'in place of the extension').choices([
        'csv',
        'ppk-csv',
        'ppk2',
        'jls',
        'parquet',
      ]),
    )
    .addOption(
      new Option('--table <table>', 'of CSV (default: samples)').choices([
        'samples',
        'edges',
        'gaps',
        'marks',
        'supplies',
      ]),
    )
    .option('--from <time>', span.from, secondsFrom0)
    .option('--to <time>', span.to, secondsFrom0)
    .option('--force', 'overwrite the file')
    .action(async (name: string, o: CommonOptions & ExportOptions) =>
      perform(
        o,
        async (c) => (await import('../commands/trace-files.ts')).exportTrace(name, o, c),
        '; nothing is left behind',
      ),
    );
  subcommand(trace, 'import', 'a trace of a .ppk2, PPK CSV, CSV, JLS or EEMBC energy file')
    .argument('<file>', 'what it is is told by how it begins')
    .option('--out <file>', 'trace file (default: in the folder of traces)')
    .option('--title <text>', 'what it is (default: the name of the file)')
    .option('--supply <volts>', 'what the device was supplied with, where the file does not say', positive)
    .option('--timestamps <file>', "of an EEMBC energy trace: the runner's trace1-timestamps.json")
    .option('--gain-error <percent>', 'bound of the monitor, without which no energy is given', finiteFrom0)
    .option('--offset-error <current>', 'with --gain-error: bound of its zero, like 200nA', current)
    .option('--signal <name>', 'of a JLS file: the signal that is the current')
    .option('--force', 'overwrite the trace file')
    .action(async (file: string, o: CommonOptions & ImportOptions) =>
      perform(
        o,
        async (c) => (await import('../commands/trace-files.ts')).importTrace(file, o, c),
        '; nothing is left behind',
      ),
    );
  subcommand(trace, 'repetition', 'inferences that no pin marks: period, confidence and energy of one')
    .argument('<trace>', 'file or id')
    .option('--from <time>', span.from, secondsFrom0)
    .option('--to <time>', span.to, secondsFrom0)
    .option('--shortest <time>', 'period to look for at least (default: 16 samples)', duration)
    .option('--longest <time>', 'at most (default: a third of the stretch)', duration)
    .option('--confidence <share>', 'refuse below it (default: 0.5)', share)
    .action(async (name: string, o: CommonOptions & RepetitionOptions) =>
      perform(o, async (c) => (await import('../commands/trace-parts.ts')).repetition(name, o, c)),
    );
  subcommand(trace, 'phases', 'energy of named stretches, with and without that of an idle one')
    .argument('<trace>', 'file or id')
    .requiredOption('--idle <a..b>', 'the stretch taken as idle, like 0s..100ms', stretch)
    .requiredOption('--phase <name=a..b>', 'a phase, like load=0.1s..0.25s (several times)', namedStretches)
    .action(async (name: string, o: CommonOptions & PhaseOptions) =>
      perform(o, async (c) => (await import('../commands/trace-parts.ts')).phases(name, o, c)),
    );
};
