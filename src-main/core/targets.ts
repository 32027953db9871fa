import type { BoardDescriptor } from '../board/board.ts';
import { pico } from '../board/pico.ts';
import { qemuBoards } from '../board/qemu.ts';

/** Board + firmware + where it is. */
export interface TargetDescriptor {
  readonly id: string;
  readonly name: string;
  readonly board: BoardDescriptor;
  readonly source: 'measured' | 'emulated';
  /** What kept the time; cost models are keyed by it. */
  readonly timingModel: string;
  readonly assumptions: readonly string[];
  /** Real boards need a port. */
  readonly needsPort: boolean;
  /** Who emulates an emulated one; absent: Microjoule itself. */
  readonly emulator?: 'qemu';
}

export const targets: readonly TargetDescriptor[] = [
  {
    id: 'pico-emulated',
    name: 'Raspberry Pi Pico (emulated)',
    board: pico,
    source: 'emulated',
    timingModel: 'emulated/xip-1',
    assumptions: [
      'Cortex-M0+ instruction timing of the RP2040; a word that misses the 16 KiB XIP cache costs 50 cycles (20 SCK at clk_sys/2 and 10 assumed), replacement least recently used (assumed)',
      'supply current from an assumed model of the RP2040 with seeded operator factors',
    ],
    needsPort: false,
  },
  {
    id: 'pico',
    name: 'Raspberry Pi Pico over UART, flashed by UF2 drive',
    board: pico,
    source: 'measured',
    timingModel: 'silicon',
    assumptions: [],
    needsPort: true,
  },
  ...qemuBoards.map(qemuTarget),
];

function qemuTarget(board: BoardDescriptor): TargetDescriptor {
  return {
    id: board.id,
    name: `${board.name} in QEMU`,
    board,
    source: 'emulated',
    timingModel: 'qemu/instructions',
    assumptions: [
      'QEMU counts instructions (-icount shift=0): every instruction counts one, whatever it costs on silicon',
    ],
    needsPort: false,
    emulator: 'qemu',
  };
}

/** Each board once. */
export const boards: readonly BoardDescriptor[] = [...new Set(targets.map((t) => t.board))];

export function findTarget(id: string): TargetDescriptor | null {
  return targets.find((t) => t.id === id) ?? null;
}
