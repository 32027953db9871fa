import { WallClock } from '../base/clock.ts';
import { fail, ok, type Result } from '../base/errors.ts';
import type { BoardDescriptor } from '../board/board.ts';
import { openQemuBoard } from '../sim/qemu/qemu-board.ts';
import type { Rig, RigFactory } from './rig.ts';

/** A board in QEMU: a child process, without a monitor. Nothing runs before the first image. */
export function qemuRigs(board: BoardDescriptor): RigFactory {
  return {
    async open(): Promise<Result<Rig>> {
      const clock = new WallClock();
      const opened = openQemuBoard(board, clock);
      if (!opened.ok) return opened;
      const qemu = opened.value;
      return ok({
        clock,
        dut: qemu.link,
        monitor: null,
        monitorKind: null,
        programmer: qemu.programmer,
        serials: { board: 'emulated', monitor: null },
        [Symbol.asyncDispose]: () => qemu[Symbol.asyncDispose](),
      });
    },
    // a QEMU that has ended has lost the image with it: the run begins it anew
    reopen: async (old) =>
      fail(
        'device.lost',
        { address: old.dut.address },
        'QEMU has ended.',
        'Start the run again with --resume.',
      ),
  };
}
