import type { BoardDescriptor } from '../../board/board.ts';

/** How QEMU is started for a board. */
export interface QemuMachine {
  readonly program: string;
  /** The Debian package it comes in. */
  readonly package: string;
  readonly args: readonly string[];
}

/** Instructions are counted: with shift=0 each takes one nanosecond of virtual time. No display, no monitor, no network. */
const COMMON = ['-icount', 'shift=0', '-nographic', '-nodefaults', '-monitor', 'none', '-serial', 'stdio'];

const machines: Readonly<Record<string, QemuMachine>> = {
  'mps2-an386': arm('mps2-an386'),
  'mps2-an500': arm('mps2-an500'),
  'mps3-an547': arm('mps3-an547'),
  'rv32-virt': {
    program: 'qemu-system-riscv32',
    package: 'qemu-system-misc',
    args: ['-M', 'virt', '-bios', 'none', ...COMMON],
  },
};

function arm(machine: string): QemuMachine {
  return { program: 'qemu-system-arm', package: 'qemu-system-arm', args: ['-M', machine, ...COMMON] };
}

/** Null for a board that QEMU is not started for. */
export function qemuMachineOf(board: BoardDescriptor): QemuMachine | null {
  return machines[board.id] ?? null;
}
