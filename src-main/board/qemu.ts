import type { BoardDescriptor, CoreId } from './board.ts';

/** Nothing is wired to an emulated board without time: its firmware only counts. */
const noPins: BoardDescriptor['pins'] = {
  window: { gpio: 0, channel: 0 },
  operator: [
    { gpio: 1, channel: 1 },
    { gpio: 2, channel: 2 },
    { gpio: 3, channel: 3 },
  ],
  timestamp: { gpio: 4, channel: 4 },
};

const noSupply = 'QEMU has neither time nor current: docs/qemu.md';

interface QemuMemory {
  readonly flash: { readonly base: number; readonly bytes: number };
  readonly ram: { readonly base: number; readonly bytes: number };
}

/** Firmware, configuration and Program lie at the same offsets on all of them: firmware/ports/mps/port.c. */
function qemuBoard(
  id: string,
  name: string,
  core: { readonly id: CoreId; readonly name: BoardDescriptor['core']['name'] },
  { flash, ram }: QemuMemory,
): BoardDescriptor {
  return {
    id,
    name,
    core: { ...core, features: [] },
    clockHz: 1_000_000_000, // of the counter: one instruction is one nanosecond (-icount shift=0)
    unit: 'instructions',
    flash: { ...flash, eraseBytes: 4096 },
    ram,
    image: {
      firmwareBytes: 256 * 1024,
      configOffset: 256 * 1024,
      programOffset: 260 * 1024,
      arenaBytes: 1024 * 1024,
    },
    usb: [],
    pins: noPins,
    program: { kind: 'elf' },
    supply: { point: 'none', minV: 0, maxV: 0, source: noSupply },
    power: { supplyV: 0, runA: 0, sleepA: 0, source: noSupply },
  };
}

const MIB = 1024 * 1024;

/** Arm DAI0386: SSRAM1 at 0 stands for flash, SSRAM2 and 3 are RAM. */
export const mps2An386 = qemuBoard(
  'mps2-an386',
  'Arm MPS2 AN386 (Cortex-M4F)',
  { id: 'm4f', name: 'cortex-m4f' },
  { flash: { base: 0, bytes: 4 * MIB }, ram: { base: 0x2000_0000, bytes: 4 * MIB } },
);

/** Arm DAI0500: memories as the AN386. */
export const mps2An500 = qemuBoard(
  'mps2-an500',
  'Arm MPS2 AN500 (Cortex-M7)',
  { id: 'm7', name: 'cortex-m7' },
  { flash: { base: 0, bytes: 4 * MIB }, ram: { base: 0x2000_0000, bytes: 4 * MIB } },
);

/** Arm DAI0547: code SRAM stands for flash; the first bank of SRAM is RAM. */
export const mps3An547 = qemuBoard(
  'mps3-an547',
  'Arm MPS3 AN547 (Cortex-M55)',
  { id: 'm55', name: 'cortex-m55' },
  { flash: { base: 0x0100_0000, bytes: 2 * MIB }, ram: { base: 0x2100_0000, bytes: 2 * MIB } },
);

/** QEMU hw/riscv/virt.c: all memory is DRAM; its first 8 MiB stand for flash. */
export const rv32Virt = qemuBoard(
  'rv32-virt',
  'QEMU virt (RV32IMC)',
  { id: 'rv32imc', name: 'rv32imc' },
  { flash: { base: 0x8000_0000, bytes: 8 * MIB }, ram: { base: 0x8080_0000, bytes: 8 * MIB } },
);

export const qemuBoards: readonly BoardDescriptor[] = [mps2An386, mps2An500, mps3An547, rv32Virt];
