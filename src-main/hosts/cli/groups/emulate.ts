import { Option } from 'commander';
import { count, gpioList, lineRate, positive, tcpPort, words } from '../arguments.ts';
import { pageKeys } from '../page-keys.ts';
import { perform, type CommandGroup } from '../command-group.ts';
import type { CommonOptions } from '../context.ts';
import type { EmulateOptions } from '../emulate-options.ts';

export const emulateCommands: CommandGroup = (command) => {
  command(
    'emulate <what>',
    'for other programs: `pico`, a monitor (`ppk2`, `lpm01a`, `scpi`, `ina`) or `bench` (board and monitor in one world)',
  )
    .option('--tcp <port>', 'pico, monitors: serve on 127.0.0.1 (0: any free port)', tcpPort)
    .option('--pty <path>', 'pico, monitors: serve on a pseudo-terminal that is linked at this path')
    .option('--uart1-tcp <port>', "the board's second UART on 127.0.0.1", tcpPort)
    .option('--uart1-pty <path>', "the board's second UART on a pseudo-terminal")
    .option('--usb-tcp <port>', 'the serial port the board shows over USB (CDC-ACM) on 127.0.0.1', tcpPort)
    .option('--usb-pty <path>', 'the same on a pseudo-terminal')
    .option('--dut-tcp <port>', "bench: the board's UART on 127.0.0.1", tcpPort)
    .option('--dut-pty <path>', "bench: the board's UART on a pseudo-terminal")
    .option('--monitor-tcp <port>', 'bench: the monitor on 127.0.0.1', tcpPort)
    .option('--monitor-pty <path>', 'bench: the monitor on a pseudo-terminal')
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
    .option(
      '--baud <n>',
      "the line rate, or `board`: whatever the board's UART is set to (default: by --mode; with --uf2 `board`)",
      lineRate,
    )
    .option('--pins <file>', 'write edges of GPIO pins to this file (VCD)')
    .option('--gpio <list>', 'the pins of --pins, like 0,2-5 (default: all)', gpioList)
    .option(
      '--profile <file>',
      'count what each instruction costs; at the end a flame graph (SVG) to this file and a table',
    )
    .option('--elf <file>', 'names of functions and source lines for --profile with --uf2')
    .option('--load <file>', 'monitors: play this load (CSV time_us,current_a[,logic])')
    .option('--repeat', 'monitors: again and again; otherwise the last step of the load holds')
    .option('--monitor <kind>', 'bench: which monitor (default: ppk2)')
    .option(
      '--fault <what>',
      'bench, monitors: what goes wrong on purpose, like drop=0.01 or stall=5000+2000 (several times)',
      words,
    )
    .option('--seed <n>', "seed of the board's hidden current model and of the monitor's noise", count, 1)
    .option('--for <s>', 'end after so many seconds', positive)
    .action(async (what: string, o: CommonOptions & EmulateOptions) =>
      perform(o, async (c) => (await import('../commands/emulate.ts')).emulate(what, o, c), ''),
    );
  command('serve', "serve the bench's page on loopback")
    .option('--port <n>', 'port (0: any free one)', tcpPort, 0)
    .option('--listen <address>', 'address', '127.0.0.1')
    .addHelpText('after', pageKeys)
    .action(async (o: CommonOptions & { port: number; listen: string }) =>
      perform(o, async (c) => (await import('../commands/serve.ts')).serve(o, c)),
    );
};
