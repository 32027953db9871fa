import { pico } from '../board/pico.ts';
import type { PartCounts, RawCodeCounts } from '../compile/code-profile.ts';
import { OperatorPins } from './operator-pins.ts';
import { ROM_BYTES } from './pico/core/core.ts';
import type { EmulatedPico } from './pico/emulated-pico.ts';

const FLASH_START = 0x1000_0000;
const SRAM_START = 0x2000_0000;
/** Bucket of what ran outside every operator. */
const OUTSIDE = -1;

/** Counts of a stretch of time on the emulated board, without any code of the firmware's for it. */
export type CodeCounts = RawCodeCounts;

/** Profiles one emulated Pico, split by the operators its pins show. */
export class CodeCounter {
  readonly #pico: EmulatedPico;
  readonly #pins = new OperatorPins(pico.pins);
  /** Operators of an inference; null: everything is one part. */
  #operators: number | null = null;
  #bucket = OUTSIDE;
  #running = false;

  constructor(board: EmulatedPico) {
    this.#pico = board;
  }

  start(operators: number | null): void {
    this.#operators = operators;
    this.#bucket = OUTSIDE;
    this.#pico.startProfile();
    this.#pico.core.profile.switchTo(OUTSIDE);
    this.#running = true;
    this.#follow();
  }

  /** Every change of the pins, whether counting or not: the counter must be right when it starts. */
  pins(levels: number): void {
    this.#pins.update(levels);
    if (this.#running && this.#operators !== null) this.#follow();
  }

  /** Ends counting. */
  take(clkSysHz: number): CodeCounts {
    this.#pico.stopProfile();
    this.#running = false;
    const { slots: _, ...totals } = this.#pico.profile();
    const { profile } = this.#pico.core;
    const parts = profile.buckets().map((bucket): PartCounts => {
      const slots = profile.slots(bucket);
      const opcodes = Uint16Array.from(slots.address, (address) => this.#halfword(address));
      return { operator: bucket === OUTSIDE ? null : bucket, slots: { ...slots, opcodes } };
    });
    return { ...totals, clkSysHz, parts };
  }

  #follow(): void {
    const inside = this.#operators !== null && this.#pins.inWindow;
    const bucket = inside ? this.#pins.counter % this.#operators! : OUTSIDE;
    if (bucket === this.#bucket) return;
    this.#bucket = bucket;
    this.#pico.core.profile.switchTo(bucket);
  }

  #halfword(address: number): number {
    const { rom, flash, sram } = this.#pico.core;
    if (address < ROM_BYTES) return rom[address]! | (rom[address + 1]! << 8);
    const [memory, at] =
      address >= SRAM_START ? [sram, address - SRAM_START] : [flash, (address - FLASH_START) % flash.length];
    return memory[at]! | (memory[at + 1]! << 8);
  }
}
