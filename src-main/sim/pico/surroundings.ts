import type { Alarm } from '../serial-line.ts';
import type { EventSlot, EventSlots } from './events.ts';
import type { Timeline } from './timeline.ts';

/**
 * Something on the board beside the chip (a sensor) that does things at times of its own. It lives through resets of
 * the chip; power it shares with the chip.
 */
export interface OutsidePart {
  /** When it next does something that can be seen on a pin, virtual µs; Infinity when nothing is due. */
  readonly nextUs: number;
  /** Does what is due until `us`; `us` never goes back. */
  advanceTo(us: number): void;
  powerOn(us: number): void;
  powerOff(us: number): void;
}

interface PendingInput {
  readonly us: number;
  readonly pin: number;
  readonly level: boolean | null;
}

export interface SurroundingsWiring {
  readonly events: EventSlots;
  readonly timeline: Timeline;
  readonly now: () => number;
  /** Puts a level on a pin, or lets it go (null). */
  readonly drive: (pin: number, level: boolean | null) => void;
}

/** Inputs of the two flip-flops between pad and chip: data sheet 2.19.4. */
const SYNCHRONISER_CYCLES = 2;
const FORGET_AT = 4096;

/**
 * The world beside the chip: levels put on pins at given times, and parts with deadlines. Its two deadlines are set
 * again whenever a reset of the chip has cleared all slots.
 */
export class Surroundings {
  readonly #wiring: SurroundingsWiring;
  readonly #inputAt: EventSlot;
  readonly #partAt: EventSlot;
  readonly #parts: OutsidePart[] = [];
  readonly #alarms: OutsideAlarm[] = [];
  /** In the order of their times; equal times in the order they were given. */
  readonly #inputs: PendingInput[] = [];
  /** Those before this index are done; they are thrown away many at a time. */
  #firstInput = 0;
  #powered = false;

  constructor(wiring: SurroundingsWiring) {
    this.#wiring = wiring;
    this.#inputAt = wiring.events.slot((cycle) => this.#applyInputs(cycle));
    this.#partAt = wiring.events.slot((cycle) => this.#advanceParts(cycle));
  }

  attach(part: OutsidePart): void {
    this.#parts.push(part);
    if (this.#powered) part.powerOn(this.#wiring.timeline.usAt(this.#wiring.now()));
    this.partChanged();
  }

  /** A deadline of something at the end of a cable: it stays through resets of the chip. */
  alarm(fire: () => void): Alarm {
    const alarm = new OutsideAlarm(this.#wiring.events, fire);
    this.#alarms.push(alarm);
    return alarm;
  }

  /** A level from outside from `us` on; the chip sees it two cycles later. A time that has passed means now. */
  driveInput(pin: number, level: boolean | null, us: number): void {
    let at = this.#inputs.length;
    while (at > this.#firstInput && this.#inputs[at - 1]!.us > us) at--;
    this.#inputs.splice(at, 0, { us, pin, level });
    if (at === this.#firstInput) this.#scheduleInput();
  }

  /** A part has another deadline than before: it was written to. */
  partChanged(): void {
    let next = Infinity;
    for (const part of this.#parts) if (part.nextUs < next) next = part.nextUs;
    if (next === Infinity || !this.#powered) this.#partAt.clear();
    else this.#partAt.atUs(next);
  }

  powerOn(us: number): void {
    this.#powered = true;
    for (const part of this.#parts) part.powerOn(us);
    this.resume();
  }

  powerOff(us: number): void {
    this.#powered = false;
    for (const part of this.#parts) part.powerOff(us);
  }

  /** After all slots were cleared, or clk_sys changed. */
  resume(): void {
    this.partChanged();
    this.#scheduleInput();
    for (const alarm of this.#alarms) alarm.restore();
  }

  #scheduleInput(): void {
    const first = this.#inputs[this.#firstInput];
    if (!first) this.#inputAt.clear();
    else {
      const { timeline, now } = this.#wiring;
      this.#inputAt.at(Math.max(timeline.cycleFrom(first.us) + SYNCHRONISER_CYCLES, now()));
    }
  }

  #applyInputs(cycle: number): void {
    const { timeline, drive } = this.#wiring;
    while (this.#firstInput < this.#inputs.length) {
      const input = this.#inputs[this.#firstInput]!;
      if (timeline.cycleFrom(input.us) + SYNCHRONISER_CYCLES > cycle) break;
      drive(input.pin, input.level);
      this.#firstInput++;
    }
    if (this.#firstInput >= FORGET_AT || this.#firstInput === this.#inputs.length) {
      this.#inputs.splice(0, this.#firstInput);
      this.#firstInput = 0;
    }
    this.#scheduleInput();
  }

  #advanceParts(cycle: number): void {
    const { timeline } = this.#wiring;
    const us = timeline.usAt(cycle);
    // A deadline's cycle may lie a rounding of doubles before its time
    for (const part of this.#parts)
      if (timeline.cycleFrom(part.nextUs) <= cycle) part.advanceTo(Math.max(us, part.nextUs));
    this.partChanged();
  }
}

class OutsideAlarm implements Alarm {
  readonly #slot: EventSlot;
  #us = Infinity;

  constructor(events: EventSlots, fire: () => void) {
    this.#slot = events.slot(() => {
      this.#us = Infinity;
      fire();
    });
  }

  at(us: number): void {
    this.#us = us;
    this.#slot.atUs(us);
  }

  clear(): void {
    this.#us = Infinity;
    this.#slot.clear();
  }

  /** After all slots were cleared. */
  restore(): void {
    if (this.#us !== Infinity) this.#slot.atUs(this.#us);
  }
}
