/**
 * D+ and D− as the device sees them: pull-up, bus reset, suspend, resume. RP2040 data sheet 4.1.2.4, 4.1.2.8; USB 2.0
 * section 7.1.7.
 */
import type { Chip } from '../chip.ts';
import type { EventSlot } from '../events.ts';

/** 7.1.7.6: idle for 3 ms means suspend. */
const SUSPEND_US = 3000;
/** 7.1.7.5: SE0 for 2.5 µs means reset. */
const RESET_SEEN_US = 2.5;
/** SIE_STATUS.LINE_STATE. */
const SE0 = 0;
const J = 1;
const K = 2;

export interface LineEvents {
  readonly reset: () => void;
  readonly resetEnded: () => void;
  readonly suspended: () => void;
  readonly resumed: () => void;
}

export class UsbLine {
  readonly #chip: Chip;
  readonly #events: LineEvents;
  readonly #suspendAt: EventSlot;
  readonly #resetAt: EventSlot;
  #pulledUp = false;
  #busReset = false;
  #resuming = false;
  #suspended = false;
  /** End of the last thing heard, µs. */
  #heardUs = 0;
  #watching = false;

  constructor(chip: Chip, events: LineEvents) {
    this.#chip = chip;
    this.#events = events;
    this.#suspendAt = chip.events.slot(() => this.#checkIdle());
    this.#resetAt = chip.events.slot(() => {
      this.#suspended = false;
      this.#events.reset();
    });
  }

  get pulledUp(): boolean {
    return this.#pulledUp;
  }

  get suspended(): boolean {
    return this.#suspended;
  }

  get inReset(): boolean {
    return this.#busReset;
  }

  get state(): number {
    if (this.#busReset) return SE0;
    return this.#resuming ? K : this.#pulledUp ? J : SE0;
  }

  /** True when that changed it. */
  setPulledUp(pulledUp: boolean): boolean {
    if (pulledUp === this.#pulledUp) return false;
    this.#pulledUp = pulledUp;
    this.#suspendAt.clear();
    this.#resetAt.clear();
    this.#suspended = this.#busReset = this.#resuming = this.#watching = false;
    if (pulledUp) this.heard(this.#chip.timeline.usAt(this.#chip.now()));
    return true;
  }

  /** Something was on the bus until `us`. */
  heard(us: number): void {
    if (!this.#pulledUp) return;
    this.#heardUs = us;
    this.#suspended = false;
    if (!this.#watching) this.#watch();
  }

  setReset(active: boolean, us: number): void {
    this.#busReset = active;
    if (active) this.#resetAt.atUs(us + RESET_SEEN_US);
    else {
      this.#resetAt.clear();
      this.heard(us);
      this.#events.resetEnded();
    }
  }

  setResume(active: boolean, us: number): void {
    const wakes = active && this.#suspended;
    this.#resuming = active;
    this.heard(us);
    if (wakes) this.#events.resumed();
  }

  #watch(): void {
    this.#watching = true;
    this.#suspendAt.atUs(this.#heardUs + SUSPEND_US);
  }

  /** Looks again 3 ms after the last packet rather than putting a deadline off at each one. */
  #checkIdle(): void {
    this.#watching = false;
    const nowUs = this.#chip.timeline.usAt(this.#chip.now());
    if (nowUs < this.#heardUs + SUSPEND_US - 1e-3 || this.#busReset || this.#resuming) {
      if (this.#busReset || this.#resuming) this.#heardUs = nowUs;
      this.#watch();
      return;
    }
    this.#suspended = true;
    this.#events.suspended();
  }
}
