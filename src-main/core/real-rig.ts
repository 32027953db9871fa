import { WallClock } from '../base/clock.ts';
import { fail, ok, type Result } from '../base/errors.ts';
import type { BoardDescriptor } from '../board/board.ts';
import type { Link } from '../link/link.ts';
import { openLink } from '../link/open.ts';
import { Uf2DriveProgrammer } from '../link/uf2-drive.ts';
import type { Rig, RigFactory } from './rig.ts';

export interface RealRigOptions {
  readonly board: BoardDescriptor;
  /** Of the board's UART. */
  readonly port: string;
  readonly monitorPort: string | null;
}

/** CDC devices ignore it; other bridges want one. */
const MONITOR_BAUD = 115_200;
const DUT_BAUD = 115_200;
/** A person finds BOOTSEL and the plug in this time. */
const DRIVE_APPEARS_US = 60_000_000;
const REPLUG_POLL_US = 500_000;

async function openLinks(options: RealRigOptions, clock: WallClock, withMonitor: boolean): Promise<Result<Pick<Rig, 'dut' | 'monitor'>>> {
  const dut = await openLink(options.port, { clock, baud: DUT_BAUD });
  if (!dut.ok) return dut;
  if (!withMonitor || options.monitorPort === null) return ok({ dut: dut.value, monitor: null });
  const monitor = await openLink(options.monitorPort, { clock, baud: MONITOR_BAUD });
  if (!monitor.ok) {
    await dut.value[Symbol.asyncDispose]();
    return monitor;
  }
  return ok({ dut: dut.value, monitor: monitor.value });
}

function rigOf(options: RealRigOptions, clock: WallClock, links: { dut: Link; monitor: Link | null }): Rig {
  const { program } = options.board;
  const programmer = new Uf2DriveProgrammer({
    clock,
    boardId: 'RPI-RP2',
    familyId: program.kind === 'uf2' ? program.familyId : 0,
    appearUs: DRIVE_APPEARS_US,
  });
  return {
    clock,
    ...links,
    programmer,
    async [Symbol.asyncDispose]() {
      await links.monitor?.[Symbol.asyncDispose]();
      await links.dut[Symbol.asyncDispose]();
    },
  };
}

/** A board on a serial port, flashed through its USB drive, and perhaps a monitor on another port. */
export function realRigs(options: RealRigOptions): RigFactory {
  const clock = new WallClock();
  return {
    async open(withMonitor) {
      const links = await openLinks(options, clock, withMonitor);
      return links.ok ? ok(rigOf(options, clock, links.value)) : links;
    },
    async reopen(old, withMonitor, signal) {
      await old[Symbol.asyncDispose]();
      for (;;) {
        if (signal.aborted) return fail('run.aborted', {}, 'Waiting for the board was stopped.', 'Resume the run when the board is back.');
        const links = await openLinks(options, clock, withMonitor);
        if (links.ok) return ok(rigOf(options, clock, links.value));
        await clock.sleepUntilUs(clock.nowUs() + REPLUG_POLL_US, signal);
      }
    },
  };
}
