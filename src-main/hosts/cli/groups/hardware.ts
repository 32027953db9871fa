import { positive } from '../arguments.ts';
import { perform, targetOption, type CommandGroup } from '../command-group.ts';
import type { CheckWiringOptions } from '../commands/check-wiring.ts';
import type { CommonOptions } from '../context.ts';

export const hardwareCommands: CommandGroup = (command) => {
  command('targets', 'what a model can run on').action(async (o: CommonOptions) =>
    perform(o, async (c) => (await import('../commands/hardware.ts')).targets(c)),
  );
  command('ports', 'serial ports and what is on them').action(async (o: CommonOptions) =>
    perform(o, async (c) => (await import('../commands/hardware.ts')).ports(c)),
  );
  command('doctor', 'check permissions, ports and optional parts; each finding with its fix').action(
    async (o: CommonOptions) => perform(o, async (c) => (await import('../commands/doctor.ts')).doctor(c)),
  );
  command('check-wiring', 'ping, sync edge, idle current, clock drift of a board and its monitor')
    .addOption(targetOption())
    .option('--port <address>', "the board's port, for a real target")
    .option(
      '--monitor <address>',
      "the monitor's port, for a real target; without it only the board is asked",
    )
    .option('--supply <volts>', 'supply voltage of the monitor', positive)
    .option('--program', 'put our firmware on the board first')
    .action(async (o: CommonOptions & CheckWiringOptions) =>
      perform(o, async (c) => (await import('../commands/check-wiring.ts')).checkWiring(o, c)),
    );
};
