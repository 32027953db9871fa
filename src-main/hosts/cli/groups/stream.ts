import { Option } from 'commander';
import { count, duration, listOf, positive, share, streamNumber, wholeFrom1 } from '../arguments.ts';
import { perform, subcommand, targetOption, type CommandGroup } from '../command-group.ts';
import type { ScoreOptions } from '../commands/stream-score.ts';
import type { StreamCommandOptions } from '../commands/stream.ts';
import type { CommonOptions } from '../context.ts';

export const streamCommands: CommandGroup = (command) => {
  const stream = command('stream', 'stream sound or motion into a model and score its answers')
    .argument('[model]', '.tflite file')
    .option(
      '--source <what>',
      'FILE.wav, FILE.flac, FILE.csv, folder of a recording, mic[:DEVICE], gen:kws, gen:imu, text:PORT or frames:PORT of a board',
    )
    .addOption(targetOption())
    .option('--for <time>', 'stop after so much of the stream (60s, 10m)', duration)
    .addOption(
      new Option('--front-end <where>', 'who computes the features')
        .choices(['auto', 'device', 'host'])
        .default('auto'),
    )
    .addOption(
      new Option('--encoding <how>', 'of samples on the line').choices(['int16', 'mu-law', 'features']),
    )
    .option('--hop <ms>', 'from one inference to the next (default: 500, of an IMU half a window)', positive)
    .option('--threshold <p>', 'averaged output from which a class is detected', share, 0.6)
    .option('--smoothing <n>', 'windows that outputs are averaged over', wholeFrom1, 1)
    .option('--refractory <ms>', 'after a detection none for so long', positive, 1000)
    .option('--labels <list>', "names of the model's classes (default: from its card)", listOf)
    .option(
      '--ignore <list>',
      'classes that are no detection (default: silence, unknown and the like)',
      listOf,
    )
    .option('--truth <file>', 'what was really there: lines of label,start_s,end_s')
    .option('--record <dir>', 'keep what was streamed, for replay as a --source')
    .option('--channel <n>', 'of a file with several channels: which one (from 0), or `mix`')
    .option('--columns <mapping>', 'what is in which column, like time=0:ms,ax=1:g,…')
    .option('--rate <hz>', "of an IMU model's samples (default: 50)", positive)
    .option('--word <word>', 'gen:kws: only this keyword; without --for until it was spoken 50 times')
    .option('--seed <n>', 'of a generator', count, 1)
    .option('--baud <n>', 'line rate to the board', wholeFrom1, 921_600)
    .option('--source-baud <n>', 'line rate of text: and frames: sources', wholeFrom1)
    .option('--monitor [address]', 'measure the energy too; of a real target the address of its monitor')
    .option('--supply <volts>', 'supply voltage of the monitor', positive, 3.3)
    .option('--world-seed <n>', 'which emulated board', count, 1)
    .option('--port <address>', "the board's port, for a real target")
    .action(async (model: string | undefined, o: CommonOptions & StreamCommandOptions) =>
      perform(
        o,
        async (c) => (await import('../commands/stream.ts')).stream(model ?? null, o, c),
        '; what was streamed is kept',
      ),
    );
  subcommand(stream, 'score', 'score a recording, or a stored stream run, perhaps with other settings')
    .argument('<what>', 'folder of a recording, or the number of a stream run')
    .option('--threshold <p>', 'detect anew from the stored outputs', share)
    .option('--smoothing <n>', 'windows that outputs are averaged over', wholeFrom1)
    .option('--refractory <ms>', 'after a detection none for so long', positive)
    .option('--truth <file>', 'what was really there: lines of label,start_s,end_s')
    .action(async (what: string, o: CommonOptions & ScoreOptions) =>
      perform(o, async (c) => (await import('../commands/stream-score.ts')).score(what, o, c)),
    );
  subcommand(stream, 'list', 'stream runs of the database').action(async (o: CommonOptions) =>
    perform(o, async (c) => (await import('../commands/stream-results.ts')).list(c)),
  );
  subcommand(stream, 'show', 'one stream run in full')
    .argument('<stream>', 'number of the stream run', streamNumber)
    .action(async (id: number, o: CommonOptions) =>
      perform(o, async (c) => (await import('../commands/stream-results.ts')).show(id, c)),
    );
  subcommand(stream, 'report', 'write a report of a stream run')
    .argument('<stream>', 'number of the stream run', streamNumber)
    .option('--html <file>', 'self-contained HTML')
    .option('--md <file>', 'Markdown')
    .option('--json-file <file>', 'JSON')
    .action(async (id: number, o: CommonOptions & { html?: string; md?: string; jsonFile?: string }) =>
      perform(o, async (c) => (await import('../commands/stream-results.ts')).report(id, o, c)),
    );
};
