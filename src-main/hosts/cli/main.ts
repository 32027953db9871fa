import { Command, CommanderError } from 'commander';
import { fail } from '../../base/errors.ts';
import { withCommonOptions, type CommandGroup } from './command-group.ts';
import { exitCodes } from './exit-codes.ts';
import { emulateCommands } from './groups/emulate.ts';
import { hardwareCommands } from './groups/hardware.ts';
import { measureCommands } from './groups/measure.ts';
import { powerCommands } from './groups/power.ts';
import { resultCommands } from './groups/results.ts';
import { streamCommands } from './groups/stream.ts';
import { traceCommands } from './groups/trace.ts';
import { terminalOutput } from './output.ts';

/** In the order in which --help lists them. */
const groups: readonly CommandGroup[] = [
  measureCommands,
  resultCommands,
  hardwareCommands,
  emulateCommands,
  streamCommands,
  traceCommands,
  powerCommands,
];

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

  for (const group of groups)
    group((name, description) => withCommonOptions(cli.command(name).description(description)));
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
