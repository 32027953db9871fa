import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { fail } from '../../base/errors.ts';
import { onStopRequest } from '../stop-request.ts';
import type { RunCommandOptions } from './commands/run.ts';
import type { CommandContext, CommonOptions } from './context.ts';
import type { EmulateOptions } from './emulate-options.ts';
import { exitCodes } from './exit-codes.ts';
import { terminalOutput } from './output.ts';

function positive(text: string): number {
  const n = Number(text);
  if (!Number.isFinite(n) || n <= 0) throw new InvalidArgumentError('must be a number above 0');
  return n;
}

function count(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 0) throw new InvalidArgumentError('must be a whole number from 0');
  return n;
}

function wholeFrom1(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('must be a whole number from 1');
  return n;
}

function runNumber(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1)
    throw new InvalidArgumentError('must be the number of a run; `microjoule runs` lists them');
  return n;
}

function runNumbers(text: string, before: readonly number[] = []): number[] {
  return [...before, runNumber(text)];
}

function tcpPort(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 0 || n > 65_535)
    throw new InvalidArgumentError('must be a port from 0 (any that is free) to 65535');
  return n;
}

function untilInterrupted(kept: string): AbortSignal {
  const controller = new AbortController();
  onStopRequest(
    () => {
      process.stderr.write(`\nstopping${kept} (once more: leave at once)\n`);
      controller.abort();
    },
    () => process.exit(exitCodes.interrupted),
  );
  return controller.signal;
}

/** Runs a command module that is loaded only now: starting up must not parse what is not asked for. */
async function perform(
  common: CommonOptions,
  body: (context: CommandContext) => Promise<number>,
  kept = '; what was measured is kept',
): Promise<void> {
  const output = terminalOutput(common.json ?? false);
  const code = await body({ output, db: common.db ?? null, signal: untilInterrupted(kept) });
  process.exitCode = code;
}

function program(json: boolean): Command {
  const cli = new Command('microjoule')
    .exitOverride()
    // with --json a usage error is a document on standard output, see main()
    .configureOutput(json ? { writeErr: () => undefined } : {})
    .description(
      'Latency and energy of neural networks on microcontrollers, from real boards or the emulated bench.',
    )
    .version('0.1.0')
    .configureHelp({ sortSubcommands: false })
    .addHelpText(
      'after',
      `
Exit codes: 0 done · 1 unexpected · 2 bad words or input · 3 device and host differ · 4 device or monitor · 5 storage · 130 interrupted
Examples:
  microjoule demo
  microjoule run models/kws-syn.tflite --target pico-emulated --mode energy
  microjoule infer models/kws-syn.tflite --input models/kws-syn-samples/FILE.bin --json
  microjoule report --html report.html`,
    );

  const command = (name: string, description: string) =>
    cli
      .command(name)
      .description(description)
      .option('--json', 'one JSON document on standard output')
      .option('--db <file>', 'database (default: MICROJOULE_DB, else microjoule.db in the data folder)');
  const target = new Option('--target <id>', 'target; `microjoule targets` lists them').default(
    'pico-emulated',
  );

  command('demo', 'benchmark our keyword spotter on the emulated Pico with the emulated PPK2')
    .option('--out <dir>', 'where database, traces and report go', 'microjoule-demo')
    .option('--windows <n>', 'windows a mode', count, 5)
    .option('--window-s <s>', 'seconds a window (virtual time)', positive, 10)
    .option('--items <n>', 'accuracy items', count, 100)
    .action(async (o: CommonOptions & { out: string; windows: number; windowS: number; items: number }) =>
      perform(o, async (c) => (await import('./commands/demo.ts')).demo(o, c)),
    );

  command('run [model]', 'measure a model on a target')
    .addOption(target)
    .addOption(
      new Option('--mode <mode>').choices(['performance', 'energy', 'accuracy']).default('performance'),
    )
    .option('--data <dir>', 'data set in the MLPerf Tiny layout (y_labels.csv and .bin files)')
    .option('--windows <n>', 'windows', count, 5)
    .option('--window-s <s>', 'seconds a window', positive, 10)
    .option('--items <n>', 'accuracy items at most', count)
    .option('--inferences <n>', 'inferences a window (default: tuned to the window)', count)
    .option('--warm-up <n>', 'warm-up inferences', count)
    .option('--supply <volts>', 'supply voltage of the monitor', positive, 3.3)
    .option('--port <address>', "the board's port, for a real target")
    .option('--monitor <address>', "the monitor's port, for a real target")
    .option('--seed <n>', 'seed of random inputs', count, 1)
    .option(
      '--world-seed <n>',
      'which emulated board and monitor: seed of their hidden current model',
      count,
      1,
    )
    .option('--note <text>', 'a remark that show and report carry')
    .option('--resume <run>', 'go on with an interrupted run (takes --port, --monitor, --note)', runNumber)
    .action(async (model: string | undefined, o: CommonOptions & RunCommandOptions, own: Command) => {
      const given = own.options
        .filter((x) => own.getOptionValueSource(x.attributeName()) === 'cli')
        .map((x) => x.long!);
      return perform(o, async (c) => (await import('./commands/run.ts')).run(model ?? null, o, given, c));
    });

  command('infer <model>', 'one inference; output integers as the model gives them')
    .requiredOption('--input <file>', "raw bytes in the model's own input encoding")
    .addOption(new Option('--target <id>', 'host (the twin) or a board').default('host'))
    .option('--port <address>', "the board's port, for a real target")
    .action(async (model: string, o: CommonOptions & { input: string; target: string; port?: string }) =>
      perform(o, async (c) => (await import('./commands/infer.ts')).infer(model, o, c)),
    );

  command('runs', 'list the runs of the database').action(async (o: CommonOptions) =>
    perform(o, async (c) => (await import('./commands/results.ts')).runs(c)),
  );
  command('show', 'one run in full')
    .argument('<run>', 'number of the run', runNumber)
    .action(async (run: number, o: CommonOptions) =>
      perform(o, async (c) => (await import('./commands/results.ts')).show(run, c)),
    );
  command('compare', "runs beside a baseline: better, worse, equal, or can't tell")
    .argument('<baseline>', 'number of a run', runNumber)
    .argument('<run...>', 'numbers of runs', runNumbers)
    .action(async (baseline: number, others: number[], o: CommonOptions) =>
      perform(o, async (c) => (await import('./commands/compare.ts')).compare(baseline, others, c)),
    );
  command('report', 'write a report of runs (default: the newest of each mode of one model)')
    .argument('[run...]', 'numbers of runs', runNumbers, [])
    .option('--html <file>', 'self-contained HTML')
    .option('--md <file>', 'Markdown')
    .option('--json-file <file>', 'JSON by docs/report.schema.json')
    .action(async (runs: number[], o: CommonOptions & { html?: string; md?: string; jsonFile?: string }) =>
      perform(o, async (c) => (await import('./commands/report.ts')).report(runs, o, c)),
    );
  command('export <what>', '`runs` or `profiles` as CSV, or with --json as a list of objects')
    .option('--csv [file]', 'CSV to a file, or to standard output')
    .action(async (what: string, o: CommonOptions & { csv?: string | true }) =>
      perform(o, async (c) =>
        (await import('./commands/export.ts')).exportRows(what, typeof o.csv === 'string' ? o.csv : null, c),
      ),
    );
  command('predict <model>', 'latency and energy before measuring')
    .addOption(target)
    .action(async (model: string, o: CommonOptions & { target: string }) =>
      perform(o, async (c) => (await import('./commands/predict.ts')).predict(model, o, c)),
    );
  command('sqnr <model>', 'what int8 costs: the host twin beside a float reference, layer by layer')
    .option('--data <dir>', 'data set in the MLPerf Tiny layout (default: random inputs)')
    .option('--items <n>', 'inputs at most', wholeFrom1, 32)
    .option('--seed <n>', 'seed of random inputs', count, 1)
    .action(async (model: string, o: CommonOptions & { data?: string; items: number; seed: number }) =>
      perform(o, async (c) => (await import('./commands/sqnr.ts')).sqnr(model, o, c)),
    );
  command('calibrate', 'measure generated layers on a target and fit its cost model')
    .addOption(target)
    .option('--port <address>', "the board's port, for a real target")
    .option('--seed <n>', 'seed of the layers', count, 1)
    .option('--out <file>', 'also write the cost model here')
    .action(async (o: CommonOptions & { target: string; seed: number; port?: string; out?: string }) =>
      perform(o, async (c) => (await import('./commands/calibrate.ts')).calibrate(o, c)),
    );
  command('targets', 'what a model can run on').action(async (o: CommonOptions) =>
    perform(o, async (c) => (await import('./commands/hardware.ts')).targets(c)),
  );
  command('ports', 'serial ports and what is on them').action(async (o: CommonOptions) =>
    perform(o, async (c) => (await import('./commands/hardware.ts')).ports(c)),
  );
  command('doctor', 'check permissions, ports and optional parts; each finding with its fix').action(
    async (o: CommonOptions) => perform(o, async (c) => (await import('./commands/doctor.ts')).doctor(c)),
  );
  command('emulate <what>', '`pico`, `ppk2` or `bench` (both in one world) for other programs')
    .option('--tcp <port>', 'pico, ppk2: serve on 127.0.0.1 (0: any free port)', tcpPort)
    .option('--pty <path>', 'pico, ppk2: serve on a pseudo-terminal that is linked at this path')
    .option('--dut-tcp <port>', "bench: the board's UART on 127.0.0.1", tcpPort)
    .option('--dut-pty <path>', "bench: the board's UART on a pseudo-terminal")
    .option('--monitor-tcp <port>', 'bench: the PPK2 on 127.0.0.1', tcpPort)
    .option('--monitor-pty <path>', 'bench: the PPK2 on a pseudo-terminal')
    .addOption(
      new Option('--pace <pace>', 'virtual time as the wall clock, or as fast as the clients read')
        .choices(['real', 'free'])
        .default('real'),
    )
    .option('--model <file>', 'deploy this model first')
    .option('--uf2 <file>', 'deploy this image first')
    .addOption(
      new Option('--mode <mode>', 'of the image: energy speaks at 9600 baud')
        .choices(['performance', 'energy'])
        .default('performance'),
    )
    .option('--baud <n>', "the board's line rate (default: by --mode)", positive)
    .option('--load <file>', 'ppk2: play this load (CSV time_us,current_a[,logic])')
    .option('--repeat', 'ppk2: again and again; otherwise the last step of the load holds')
    .option('--seed <n>', "seed of the board's hidden current model and of the PPK2's noise", count, 1)
    .option('--for <s>', 'end after so many seconds', positive)
    .action(async (what: string, o: CommonOptions & EmulateOptions) =>
      perform(o, async (c) => (await import('./commands/emulate.ts')).emulate(what, o, c), ''),
    );
  command('serve', "serve the bench's page on loopback")
    .option('--port <n>', 'port (0: any free one)', tcpPort, 0)
    .option('--listen <address>', 'address', '127.0.0.1')
    .action(async (o: CommonOptions & { port: number; listen: string }) =>
      perform(o, async (c) => (await import('./commands/serve.ts')).serve(o, c)),
    );
  return cli;
}

/** What went wrong with the words, as every other failure. */
function usageFailure(e: CommanderError, argv: readonly string[]) {
  const text = e.message.replace(/^error: /, '').replace(/^\(outputHelp\)$/, 'no command was named');
  const cause = text.charAt(0).toUpperCase() + text.slice(1) + (/[.?)]$/.test(text) ? '' : '.');
  return fail(
    'cli.usage',
    { words: argv.slice(2) },
    cause,
    'See microjoule --help, or microjoule COMMAND --help.',
  );
}

function bugFailure(e: unknown) {
  return fail(
    'host.bug',
    { stack: e instanceof Error ? (e.stack ?? e.message) : String(e) },
    'This is a bug of Microjoule.',
    'Please report it with what is printed here.',
  );
}

/** A reader that went away (`| head`) or a closed terminal is no bug of ours. */
function surviveClosedStreams(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (e: NodeJS.ErrnoException) => {
      if (e.code !== 'EPIPE' && e.code !== 'EIO') throw e;
    });
}

export async function main(argv: readonly string[]): Promise<void> {
  surviveClosedStreams();
  const json = argv.includes('--json');
  try {
    await program(json).parseAsync([...argv]);
  } catch (e) {
    if (!(e instanceof CommanderError)) process.exitCode = terminalOutput(json).fail(bugFailure(e));
    // commander has printed help, version or what was wrong
    else if (e.exitCode === 0) process.exitCode = exitCodes.done;
    else process.exitCode = json ? terminalOutput(true).fail(usageFailure(e, argv)) : exitCodes.badInput;
  }
}
