import type { BoardDescriptor } from '../../src-main/board/board.ts';
import { needs, type Need } from '../needs.ts';

/** To run a board's prebuilt image. */
export function runsOn(board: BoardDescriptor): Need {
  return board.core.id === 'rv32imc' ? needs.qemuRiscv : needs.qemuArm;
}

/** To build for it as well. */
export function buildsFor(board: BoardDescriptor): readonly Need[] {
  return [runsOn(board), board.core.id === 'rv32imc' ? needs.riscvGcc : needs.armGcc];
}
