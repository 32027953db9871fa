/** What kernels are made for; the compiler knows boards by it. `wasm` is the host twin. */
export const coreIds = ['m0plus', 'm4f', 'm7', 'm55', 'rv32imc', 'wasm'] as const;
export type CoreId = (typeof coreIds)[number];

/** How a board reads flash in place: words come through a cache, and a word that is not there costs time. */
export interface FlashCache {
  /** Cycles the core waits for one word. */
  readonly wordCycles: number;
  readonly cacheBytes: number;
  readonly lineBytes: number;
  readonly ways: number;
}

/**
 * A board is declared, not programmed: one descriptor a board. Adding one = a descriptor + firmware/ports/<id>
 * (docs/how-to/add-a-board.md).
 */
export interface BoardDescriptor {
  /** `pico`; also the word in `mj id`. */
  readonly id: string;
  readonly name: string;
  readonly core: {
    readonly id: CoreId;
    readonly name: 'cortex-m0plus' | 'cortex-m4f' | 'cortex-m7' | 'cortex-m55' | 'rv32imc' | 'wasm';
    /** Beside what the id says: `muls-1-cycle`. */
    readonly features: readonly string[];
  };
  readonly clockHz: number;
  /** What `latency` is measured in: a real or emulated clock gives time, QEMU only instructions. */
  readonly unit: 'us' | 'instructions';
  readonly flash: {
    readonly base: number;
    readonly bytes: number;
    readonly eraseBytes: number;
    /** Absent: as fast as RAM. */
    readonly cache?: FlashCache;
  };
  readonly ram: { readonly base: number; readonly bytes: number };
  /** The layout of an image in flash. */
  readonly image: {
    /** Firmware occupies [flash.base, flash.base + firmwareBytes). */
    readonly firmwareBytes: number;
    readonly configOffset: number;
    readonly programOffset: number;
    /** Bytes of RAM the firmware leaves for arena + uploaded Program. */
    readonly arenaBytes: number;
  };
  readonly usb: readonly { readonly vendorId: number; readonly productId?: number; readonly name: string }[];
  /** Monitor logic channel → what the firmware shows there and on which pin. */
  readonly pins: {
    readonly window: PinUse;
    readonly operator: readonly [PinUse, PinUse, PinUse];
    readonly timestamp: PinUse;
  };
  readonly program: { readonly kind: 'uf2'; readonly familyId: number } | { readonly kind: 'elf' };
  /**
   * Where the monitor feeds the board (the documented wiring, and what the current figures are for) and what may be
   * set there. Nothing outside this range is ever switched on.
   */
  readonly supply: {
    readonly point: string;
    readonly minV: number;
    readonly maxV: number;
    readonly source: string;
  };
  /** Data-sheet supply currents for the wide first prediction, in A, with their source. */
  readonly power: {
    readonly supplyV: number;
    readonly runA: number;
    readonly sleepA: number;
    readonly source: string;
  };
}

/** The board's limits with another core: `wasm` for Programs that only the host twin runs. */
export function onCore(board: BoardDescriptor, id: CoreId): BoardDescriptor {
  const names = {
    m0plus: 'cortex-m0plus',
    m4f: 'cortex-m4f',
    m7: 'cortex-m7',
    m55: 'cortex-m55',
    rv32imc: 'rv32imc',
    wasm: 'wasm',
  } as const;
  return { ...board, core: { id, name: names[id], features: [] } };
}

export interface PinUse {
  /** GPIO number on the board. */
  readonly gpio: number;
  /** Logic channel of the monitor, D0 = 0. */
  readonly channel: number;
}
