/** TIMER: RP2040 data sheet 4.6. A 64-bit count of the watchdog's 1 µs ticks, four alarms on its low half. */
import type { Chip, RegisterBlock } from '../chip.ts';
import type { EventSlot } from '../events.ts';
import { TickDomain } from '../tick-domain.ts';

const WRAP = 4294967296;
const FIRST_IRQ = 0;

export class Timer implements RegisterBlock {
  readonly #chip: Chip;
  readonly #ticks = new TickDomain();
  readonly #alarmAt: EventSlot[] = [];
  readonly #alarm = new Uint32Array(4);
  #tickRatio: { n: number; d: number } | null = null;
  #armed = 0;
  #raw = 0;
  #enabled = 0;
  #forced = 0;
  /** The four interrupt lines as they stand. */
  #driven = 0;
  #paused = false;
  #debugPause = 7;
  #latchedHigh = 0;
  #writtenLow = 0;

  constructor(chip: Chip) {
    this.#chip = chip;
    for (let n = 0; n < 4; n++) this.#alarmAt.push(chip.events.slot(() => this.#fire(n)));
  }

  /** The tick generator's rate against clk_sys changed (or stopped: null). */
  setTick(ratio: { n: number; d: number } | null): void {
    this.#tickRatio = ratio;
    this.#ticks.setRatio(this.#chip.now(), this.#paused ? null : ratio);
    for (let n = 0; n < 4; n++) if ((this.#armed >> n) & 1) this.#schedule(n);
  }

  read(offset: number): number | undefined {
    const count = this.#count();
    switch (offset) {
      case 0x00: // write-only
      case 0x04:
        return 0;
      case 0x08:
        return this.#latchedHigh;
      case 0x0c:
        this.#latchedHigh = Math.floor(count / WRAP);
        return count >>> 0;
      case 0x10:
      case 0x14:
      case 0x18:
      case 0x1c:
        return this.#alarm[(offset - 0x10) >> 2];
      case 0x20:
        return this.#armed;
      case 0x24:
        return Math.floor(count / WRAP);
      case 0x28:
        return count >>> 0;
      case 0x2c:
        return this.#debugPause;
      case 0x30:
        return this.#paused ? 1 : 0;
      case 0x34:
        return this.#raw;
      case 0x38:
        return this.#enabled;
      case 0x3c:
        return this.#forced;
      case 0x40:
        return this.#status();
      default:
        return undefined;
    }
  }

  write(offset: number, value: number): boolean {
    switch (offset) {
      case 0x00:
        this.#setCount(value * WRAP + this.#writtenLow);
        break;
      case 0x04:
        this.#writtenLow = value;
        break;
      case 0x10:
      case 0x14:
      case 0x18:
      case 0x1c:
        this.#arm((offset - 0x10) >> 2, value);
        break;
      case 0x20:
        this.#disarm(value & 15);
        break;
      case 0x2c:
        this.#debugPause = value & 7;
        break;
      case 0x30:
        this.#paused = (value & 1) === 1;
        this.setTick(this.#tickRatio);
        break;
      case 0x34:
        this.#raw &= ~value;
        break;
      case 0x38:
        this.#enabled = value & 15;
        break;
      case 0x3c:
        this.#forced = value & 15;
        break;
      default:
        return false;
    }
    this.#drive();
    return true;
  }

  reset(): void {
    this.#paused = false;
    this.#disarm(15);
    this.#ticks.setRatio(this.#chip.now(), this.#tickRatio);
    this.#setCount(0);
    this.#alarm.fill(0);
    this.#raw = this.#enabled = this.#forced = this.#latchedHigh = this.#writtenLow = 0;
    this.#debugPause = 7;
    this.#drive();
  }

  #count(): number {
    return this.#ticks.ticksAt(this.#chip.now());
  }

  #setCount(count: number): void {
    this.#ticks.setTicks(this.#chip.now(), count);
    for (let n = 0; n < 4; n++) if ((this.#armed >> n) & 1) this.#schedule(n);
  }

  #arm(n: number, value: number): void {
    this.#alarm[n] = value;
    this.#armed |= 1 << n;
    this.#schedule(n);
  }

  #disarm(mask: number): void {
    this.#armed &= ~mask;
    for (let n = 0; n < 4; n++) if ((mask >> n) & 1) this.#alarmAt[n]!.clear();
  }

  /** 4.6.3: matches equality of the low 32 bits, so a target in the past fires after the wrap. */
  #schedule(n: number): void {
    const count = this.#count();
    const ahead = (this.#alarm[n]! - count) >>> 0;
    const cycle = this.#ticks.cycleOf(count + ahead);
    if (cycle === Infinity) this.#alarmAt[n]!.clear();
    else this.#alarmAt[n]!.at(Math.max(cycle, this.#chip.now()));
  }

  #fire(n: number): void {
    this.#armed &= ~(1 << n);
    this.#raw |= 1 << n;
    this.#drive();
  }

  #status(): number {
    return (this.#raw & this.#enabled) | this.#forced;
  }

  #drive(): void {
    const status = this.#status();
    if (status === this.#driven) return;
    this.#driven = status;
    for (let n = 0; n < 4; n++) this.#chip.setInterrupt(FIRST_IRQ + n, ((status >> n) & 1) === 1);
  }
}
