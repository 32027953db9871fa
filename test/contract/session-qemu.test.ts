/** The session contract over the boards in QEMU: the committed images, the harness, the line. */
import { WallClock } from '../../src-main/base/clock.ts';
import { orThrow } from '../../src-main/base/errors.ts';
import type { BoardDescriptor } from '../../src-main/board/board.ts';
import { qemuBoards } from '../../src-main/board/qemu.ts';
import { elfOfFlash } from '../../src-main/compile/elf-image.ts';
import { buildImage } from '../../src-main/compile/image.ts';
import { loadPrebuilt } from '../../src-main/compile/prebuilt.ts';
import { ownHarness } from '../../src-main/core/prepare.ts';
import { openQemuBoard } from '../../src-main/sim/qemu/qemu-board.ts';
import { describeWith } from '../needs.ts';
import { runsOn } from '../qemu/needs.ts';
import { identityProgram } from '../unit/firmware/identity-program.ts';
import { sessionContract } from './session.contract.ts';

// Large enough that one inference takes more than the 1 µs of the counter
const program = identityProgram({ units: 64, layers: 5, scale: 1 / 256, zeroPoint: -128 });

function flashOf(board: BoardDescriptor): Uint8Array {
  const { firmware, kernels } = orThrow(loadPrebuilt(board));
  const config = ownHarness('identity');
  return elfOfFlash(board, orThrow(buildImage({ board, firmware, kernels, program, config })).bin);
}

for (const board of qemuBoards)
  describeWith([runsOn(board)], 'with QEMU', () => {
    sessionContract(board.name, async () => {
      const qemu = orThrow(openQemuBoard(board, new WallClock()));
      orThrow(await qemu.programmer.program(flashOf(board)));
      return {
        link: qemu.link,
        expected: { mode: 'performance', inputBytes: 64, outputs: 64, mj: true },
        options: { bootUs: 500_000 },
        [Symbol.asyncDispose]: () => qemu[Symbol.asyncDispose](),
      };
    });
  });
