import { Option, type Command } from 'commander';
import { count, finite, positive, runNumber, wholeFrom1 } from '../arguments.ts';
import { kernelsOption, perform, targetOption, type CommandGroup } from '../command-group.ts';
import type { ProfileOptions } from '../commands/profile.ts';
import type { PredictOptions } from '../commands/predict.ts';
import type { RunCommandOptions } from '../commands/run.ts';
import type { CommonOptions } from '../context.ts';

export const measureCommands: CommandGroup = (command) => {
  command('demo', 'benchmark our keyword spotter on the emulated Pico with the emulated PPK2')
    .option('--out <dir>', 'where database, traces and report go', 'microjoule-demo')
    .option('--windows <n>', 'windows a mode', count, 5)
    .option('--window-s <s>', 'seconds a window (virtual time)', positive, 10)
    .option('--items <n>', 'accuracy items', count, 100)
    .action(async (o: CommonOptions & { out: string; windows: number; windowS: number; items: number }) =>
      perform(o, async (c) => (await import('../commands/demo.ts')).demo(o, c)),
    );

  command('run [model]', 'measure a model on a target')
    .addOption(targetOption())
    .addOption(kernelsOption())
    .addOption(
      new Option('--mode <mode>').choices(['performance', 'energy', 'accuracy']).default('performance'),
    )
    .option('--data <dir>', 'data set in the MLPerf Tiny layout (y_labels.csv and .bin files)')
    .option('--windows <n>', 'windows', count, 5)
    .option('--window-s <s>', 'seconds a window', positive, 10)
    .option(
      '--until <percent>',
      'stop once the 95 % interval is below ± so much; --windows is then the most there are (default 50)',
      positive,
    )
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
    .option('--wiring <text>', 'cables and jumpers, for the record')
    .option('--temperature <celsius>', 'of the room, for the record', finite)
    .option('--zero-wait', 'emulated target: as if flash and bus never made the core wait')
    .option('--record-input <file>', 'emulated target: keep everything the board was given, for `replay`')
    .option('--resume <run>', 'go on with an interrupted run (takes --port, --monitor, --note)', runNumber)
    .action(async (model: string | undefined, o: CommonOptions & RunCommandOptions, own: Command) => {
      const given = own.options
        .filter((x) => own.getOptionValueSource(x.attributeName()) === 'cli')
        .map((x) => x.long!);
      return perform(o, async (c) => (await import('../commands/run.ts')).run(model ?? null, o, given, c));
    });

  command('infer <model>', 'one inference; output integers as the model gives them')
    .requiredOption('--input <file>', "raw bytes in the model's own input encoding")
    .addOption(new Option('--target <id>', 'host (the twin) or a board').default('host'))
    .option('--port <address>', "the board's port, for a real target")
    .action(async (model: string, o: CommonOptions & { input: string; target: string; port?: string }) =>
      perform(o, async (c) => (await import('../commands/infer.ts')).infer(model, o, c)),
    );

  command('predict <model>', 'latency and energy before measuring')
    .addOption(targetOption())
    .addOption(kernelsOption())
    .option('--explain', 'per layer every kernel: cycles, flash, RAM, or why it cannot, and what decided')
    .action(async (model: string, o: CommonOptions & PredictOptions) =>
      perform(o, async (c) => (await import('../commands/predict.ts')).predict(model, o, c)),
    );
  command('sqnr <model>', 'what int8 costs: the host twin beside a float reference, layer by layer')
    .option('--data <dir>', 'data set in the MLPerf Tiny layout (default: random inputs)')
    .option('--items <n>', 'inputs at most', wholeFrom1, 32)
    .option('--seed <n>', 'seed of random inputs', count, 1)
    .action(async (model: string, o: CommonOptions & { data?: string; items: number; seed: number }) =>
      perform(o, async (c) => (await import('../commands/sqnr.ts')).sqnr(model, o, c)),
    );
  command('calibrate', 'measure generated layers on a target and fit its cost model')
    .addOption(targetOption())
    .option('--port <address>', "the board's port, for a real target")
    .option('--seed <n>', 'seed of the layers', count, 1)
    .option('--out <file>', 'also write the cost model here')
    .action(async (o: CommonOptions & { target: string; seed: number; port?: string; out?: string }) =>
      perform(o, async (c) => (await import('../commands/calibrate.ts')).calibrate(o, c)),
    );
  command(
    'profile [model]',
    'where the cycles go: operators, functions, source lines, with nothing in the firmware for it',
  )
    .addOption(targetOption())
    .addOption(kernelsOption())
    .option('--run <run>', 'the model of this run; the profile is kept with it and in its report', runNumber)
    .option('--inferences <n>', 'inferences to count', wholeFrom1, 1)
    .option('--seed <n>', 'seed of the random input', count, 1)
    .option('--zero-wait', 'as if flash and bus never made the core wait')
    .option('--svg <file>', 'also write a flame graph')
    .option('--lines <n>', 'functions and source lines to list', wholeFrom1, 12)
    .action(async (model: string | undefined, o: CommonOptions & ProfileOptions) =>
      perform(o, async (c) => (await import('../commands/profile.ts')).profile(model ?? null, o, c)),
    );
  command(
    'replay <recording>',
    'let a recorded run on the emulated board happen again, and compare its states',
  ).action(async (recording: string, o: CommonOptions) =>
    perform(o, async (c) => (await import('../commands/replay.ts')).replayRun(recording, c)),
  );
};
