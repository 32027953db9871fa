import type { Command } from 'commander';
import { Option } from 'commander';
import { KernelChoice } from '../../contract/index.ts';
import { onStopRequest } from '../stop-request.ts';
import type { CommandContext, CommonOptions } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { terminalOutput } from './output.ts';

/** Adds a command with the options that all have: `--json` and `--db`. */
export type AddCommand = (name: string, description: string) => Command;

/** One file of groups/: says its commands, and loads their bodies only when one is asked for. */
export type CommandGroup = (command: AddCommand) => void;

/** `parent NAME …`, with the options that all commands have: `subcommand(command('trace', …), 'ls', …)`. */
export function subcommand(parent: Command, name: string, description: string): Command {
  // what is written after NAME belongs to it, although the parent has options of the same names
  for (let above: Command | null = parent; above; above = above.parent) above.enablePositionalOptions();
  return withCommonOptions(parent.command(name).description(description));
}

export function withCommonOptions(command: Command): Command {
  return command
    .option('--json', 'one JSON document on standard output')
    .option('--db <file>', 'database (default: MICROJOULE_DB, else microjoule.db in the data folder)');
}

export function targetOption(): Option {
  return new Option('--target <id>', 'target; `microjoule targets` lists them').default('pico-emulated');
}

export function kernelsOption(): Option {
  return new Option('--kernels <set>', 'compute kernels: the fastest, small ones, or the portable ones')
    .choices([...KernelChoice.options])
    .default('fast');
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
export async function perform(
  common: CommonOptions,
  body: (context: CommandContext) => Promise<number>,
  kept = '; what was measured is kept',
): Promise<void> {
  const output = terminalOutput(common.json ?? false);
  const code = await body({ output, db: common.db ?? null, signal: untilInterrupted(kept) });
  process.exitCode = code;
}
