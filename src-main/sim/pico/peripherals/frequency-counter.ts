/**
 * FC0, the frequency counter of CLOCKS: RP2040 data sheet 2.15.6. Counts a clock over 0.98 µs · 2^INTERVAL of a reference
 * it takes to be REF_KHZ; a wrong REF_KHZ gives a result that is wrong by as much, as on silicon.
 */
import type { Chip } from '../chip.ts';
import type { EventSlot } from '../events.ts';
import { hertz, type Frequency } from '../frequency.ts';

const REF_KHZ = 0x80;
const MIN_KHZ = 0x84;
const MAX_KHZ = 0x88;
const DELAY = 0x8c;
const INTERVAL = 0x90;
const SRC = 0x94;
const STATUS = 0x98;
const RESULT = 0x9c;

const PASS = 1 << 0;
const DONE = 1 << 4;
const RUNNING = 1 << 8;
const FAIL = 1 << 16;
const SLOW = 1 << 20;
const FAST = 1 << 24;
const DIED = 1 << 28;
const UNIT_US = 0.98;

const WIDTHS: ReadonlyMap<number, number> = new Map([
  [REF_KHZ, 0xf_ffff],
  [MIN_KHZ, 0x1ff_ffff],
  [MAX_KHZ, 0x1ff_ffff],
  [DELAY, 7],
  [INTERVAL, 15],
  [SRC, 0xff],
]);
const DEFAULTS: readonly (readonly [number, number])[] = [
  [REF_KHZ, 0],
  [MIN_KHZ, 0],
  [MAX_KHZ, 0x1ff_ffff],
  [DELAY, 1],
  [INTERVAL, 8],
  [SRC, 0],
];

export interface CountedClocks {
  readonly reference: () => Frequency | null;
  /** By SRC's number; null where nothing runs. */
  readonly source: (number: number) => Frequency | null;
}

export class FrequencyCounter {
  readonly #chip: Chip;
  readonly #clocks: CountedClocks;
  readonly #doneAt: EventSlot;
  readonly #registers = new Map<number, number>(DEFAULTS);
  #status = 0;
  #result = 0;

  constructor(chip: Chip, clocks: CountedClocks) {
    this.#chip = chip;
    this.#clocks = clocks;
    this.#doneAt = chip.events.slot(() => this.#finish());
  }

  /** Offsets 0x80 to 0x9c of CLOCKS. */
  read(offset: number): number | undefined {
    if (offset === STATUS) return this.#status;
    return offset === RESULT ? this.#result : this.#registers.get(offset);
  }

  write(offset: number, value: number): boolean {
    const width = WIDTHS.get(offset);
    if (width === undefined) return false;
    this.#registers.set(offset, value & width);
    if (offset === SRC) this.#begin();
    return true;
  }

  reset(): void {
    for (const [offset, value] of DEFAULTS) this.#registers.set(offset, value);
    this.#status = this.#result = 0;
    this.#doneAt.clear();
  }

  /** What the counter takes for one second, in seconds. */
  #scale(): number {
    const reference = this.#clocks.reference();
    return reference ? (this.#registers.get(REF_KHZ)! * 1000) / hertz(reference) : 0;
  }

  #begin(): void {
    this.#status = RUNNING;
    const { timeline } = this.#chip;
    const us = UNIT_US * 2 ** this.#registers.get(INTERVAL)! * this.#scale();
    this.#doneAt.atUs(timeline.usAt(this.#chip.now()) + us);
  }

  #finish(): void {
    const clock = this.#clocks.source(this.#registers.get(SRC)!);
    const khz = clock ? (hertz(clock) / 1000) * this.#scale() : 0;
    // KHZ 29:5, FRAC 4:0
    this.#result = Math.min(Math.round(khz * 32), 0x3fff_ffff);
    const slow = khz < this.#registers.get(MIN_KHZ)!;
    const fast = khz > this.#registers.get(MAX_KHZ)!;
    const verdict = slow ? SLOW | FAIL : fast ? FAST | FAIL : PASS;
    this.#status = DONE | verdict | (clock ? 0 : DIED);
  }
}
