import {
  currentOrPower,
  durations,
  finite,
  finiteFrom0,
  positive,
  runNumbers,
  secondsFrom0,
  share,
  words,
} from '../arguments.ts';
import type { BatteryOptions } from '../commands/battery.ts';
import { perform, subcommand, type CommandGroup } from '../command-group.ts';
import type { MonitorCheckOptions } from '../commands/monitor.ts';
import type { CommonOptions } from '../context.ts';

export const powerCommands: CommandGroup = (command) => {
  const monitor = command('monitor', 'power monitors');
  subcommand(monitor, 'ls', 'kinds that are known, what is plugged in, when each was checked').action(
    async (o: CommonOptions) =>
      perform(o, async (c) => (await import('../commands/monitor.ts')).listMonitors(c)),
  );
  subcommand(monitor, 'check', 'zero, known resistors, voltage and loss; what it finds bounds later energies')
    .argument('<monitor>', 'KIND:ADDRESS, or a port whose USB ids tell the kind')
    .option('--supply <volts>', 'voltage of the check', positive, 3.3)
    .option('--resistor <ohm>', 'known resistor with its tolerance, like 1000:1% (several times)', words)
    .option(
      '--voltmeter <volts>',
      'voltage at the output by a voltmeter (else asked for on a terminal)',
      positive,
    )
    .option('--voltmeter-tolerance <percent>', 'of the voltmeter', positive, 0.5)
    .option('--zero-s <s>', 'seconds without any load; 0 leaves it out', secondsFrom0, 3)
    .option('--read-s <s>', 'seconds a resistor', positive, 3)
    .option('--loss-s <s>', 'seconds in which samples are counted; 0 leaves it out', secondsFrom0, 60)
    .option('--temperature <celsius>', 'of the room, for the record', finite)
    .option('--wiring <text>', 'cables and jumpers, for the record')
    .option('--serial <name>', 'of a monitor that tells none')
    .option('--yes', 'ask nothing: what is to be connected is said, and is there')
    .action(async (address: string, o: CommonOptions & MonitorCheckOptions) =>
      perform(o, async (c) => (await import('../commands/monitor.ts')).check(address, o, c), ''),
    );

  command('battery', 'how long a battery lasts on a duty cycle of runs and stretches of a trace')
    .requiredOption('--capacity <mAh>', 'of the battery', positive)
    .requiredOption('--volts <V>', 'mean voltage over its discharge', positive)
    .option('--efficiency <share>', 'of its energy that reaches the board', share, 0.9)
    .requiredOption(
      '--sleep <amount>',
      'between activities: a current at --volts or a power, like 2uA',
      currentOrPower,
    )
    .option('--sleep-tolerance <percent>', 'of it', finiteFrom0, 0)
    .option('--run <n>', 'one inference of a run (several times)', runNumbers)
    .option('--trace <file>', 'a stretch of a trace, file or id')
    .option('--from <time>', 'of the stretch (default: its beginning)', secondsFrom0)
    .option('--to <time>', 'of the stretch (default: its end)', secondsFrom0)
    .option('--every <time>', 'how often: once for all, or for each run and then the trace', durations)
    .action(async (o: CommonOptions & BatteryOptions) =>
      perform(o, async (c) => (await import('../commands/battery.ts')).battery(o, c), ''),
    );
};
