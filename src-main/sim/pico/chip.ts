import type { Failure, FactValue } from '../../base/errors.ts';
import type { EventSlots } from './events.ts';
import type { Timeline } from './timeline.ts';

/** What a peripheral knows of the chip it sits in. */
export interface Chip {
  readonly events: EventSlots;
  readonly timeline: Timeline;
  /** clk_sys cycles since the world began, at the start of the running instruction or at the event being fired. */
  now(): number;
  /** Drives one of the 32 interrupt lines. */
  setInterrupt(irq: number, asserted: boolean): void;
  /** Stops the emulation with a named diagnosis; PC, address and time are added. The first one wins. */
  stop(id: string, facts: Readonly<Record<string, FactValue>>, cause: string, next: string): void;
  /**
   * Another master (DMA) uses the bus port of `address` in `cycle`: one call for each of its accesses, reads and
   * writes alike, for cycles from `now` to 1000 later. If the core's own access falls on the same port (ROM, XIP, each SRAM bank,
   * the fast peripherals, APB) in that cycle, the core waits a cycle; the other master never does (the data sheet's
   * 2.1.1 has them take turns). While no call has been made for the present or a later cycle this costs nothing; a
   * DMA that runs for long should not make calls further ahead than it knows its accesses.
   */
  contend(address: number, cycle: number): void;
  /** Names what silicon lets pass in silence and goes on. PC and time are added; one entry an id and PC. */
  note(id: string, facts: Readonly<Record<string, FactValue>>, cause: string, next: string): void;
}

export type StopFailure = Failure;

/**
 * A block of registers. Offsets are word-aligned within the block. `undefined` and `false` mean that this model
 * has no such register: the bus stops the emulation with its name.
 */
export interface RegisterBlock {
  read(offset: number): number | undefined;
  write(offset: number, value: number): boolean;
  /**
   * Write-1-to-clear registers take the written word itself through every atomic alias: set and clear both clear the
   * bits that are 1. Absent where a block has none, or none that firmware touches through an alias.
   */
  clearsOnWrite?(offset: number): boolean;
  /** Back to the data sheet's reset values: power-on, or the block's bit in RESETS. */
  reset(): void;
}

export function hex(value: number): string {
  const digits = (value >>> 0).toString(16).padStart(8, '0');
  return `0x${digits.slice(0, 4)}_${digits.slice(4)}`;
}
