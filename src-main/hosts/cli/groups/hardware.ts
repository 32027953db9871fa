import { perform, type CommandGroup } from '../command-group.ts';
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
};
