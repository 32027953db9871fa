import type { BoardDescriptor } from '../board/board.ts';
import { pico } from '../board/pico.ts';
import type { FlashCost } from '../predict/flash.ts';

/**
 * RP2040's XIP cache (data sheet 2.6.3.1) with what our boot2 sets: EBh at clk_sys/2, 20 SCK a word, and 10 cycles of
 * overhead, which were observed on silicon and are not published.
 */
const xip: FlashCost = { wordCycles: 20 * 2 + 10, cacheBytes: 16 * 1024, lineBytes: 8, ways: 2 };

/** Board + firmware + where it is. */
export interface TargetDescriptor {
  readonly id: string;
  readonly name: string;
  readonly board: BoardDescriptor;
  readonly source: 'measured' | 'emulated';
  /** What kept the time; cost models are keyed by it. */
  readonly timingModel: string;
  readonly assumptions: readonly string[];
  /** What a deployed image's constants cost to read in place. */
  readonly flash: FlashCost;
  /** Real boards need a port. */
  readonly needsPort: boolean;
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
    flash: xip,
    needsPort: false,
  },
  {
    id: 'pico',
    name: 'Raspberry Pi Pico over UART, flashed by UF2 drive',
    board: pico,
    source: 'measured',
    timingModel: 'silicon',
    assumptions: [],
    flash: xip,
    needsPort: true,
  },
];

/** Each board once. */
export const boards: readonly BoardDescriptor[] = [...new Set(targets.map((t) => t.board))];

export function findTarget(id: string): TargetDescriptor | null {
  return targets.find((t) => t.id === id) ?? null;
}
