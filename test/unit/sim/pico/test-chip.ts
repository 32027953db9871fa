import type { FactValue } from '../../../../src-main/base/errors.ts';
import type { Chip } from '../../../../src-main/sim/pico/chip.ts';
import { EventSlots } from '../../../../src-main/sim/pico/events.ts';
import { frequency } from '../../../../src-main/sim/pico/frequency.ts';
import { Timeline } from '../../../../src-main/sim/pico/timeline.ts';

/** A chip without a core, for specs of single blocks: cycles pass by hand. */
export class TestChip implements Chip {
  readonly timeline = new Timeline();
  readonly events: EventSlots;
  interrupts = 0;
  /** Ids of what stopped the emulation. */
  readonly stops: string[] = [];
  /** Ids of what was noted. */
  readonly notes: string[] = [];
  #cycle = 0;

  constructor(sysHz = 125_000_000) {
    this.events = new EventSlots(this.timeline, () => undefined);
    this.timeline.restart(0, 0, frequency(sysHz));
  }

  now(): number {
    return this.#cycle;
  }

  setInterrupt(irq: number, asserted: boolean): void {
    this.interrupts = asserted ? this.interrupts | (1 << irq) : this.interrupts & ~(1 << irq);
  }

  interrupt(irq: number): boolean {
    return ((this.interrupts >>> irq) & 1) === 1;
  }

  contend(): void {
    return;
  }

  stop(id: string, _facts: Readonly<Record<string, FactValue>>): void {
    this.stops.push(id);
  }

  note(id: string, _facts: Readonly<Record<string, FactValue>>): void {
    this.notes.push(id);
  }

  /** Lets `cycles` pass, firing what falls due on the way at its own cycle. */
  pass(cycles: number): void {
    const end = this.#cycle + cycles;
    while (this.events.next <= end) {
      this.#cycle = Math.max(this.#cycle, this.events.next);
      this.events.fireDue(this.#cycle);
    }
    this.#cycle = end;
  }

  passUs(us: number): void {
    this.pass(this.timeline.cycleFrom(this.timeline.usAt(this.#cycle) + us) - this.#cycle);
  }
}
