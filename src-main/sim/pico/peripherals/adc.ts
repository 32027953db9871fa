/**
 * ADC: RP2040 data sheet 4.9. Five inputs, conversions of 96 clk_adc cycles, the pacing divider, round robin, a FIFO of
 * four with threshold, interrupt and DREQ. The converter itself is ideal: 12 bits of 3.3 V, no noise, none of the
 * DNL spikes of RP2040-E11; a source may bring noise of its own. The input is held at a conversion's first cycle.
 */
import type { Chip, RegisterBlock } from '../chip.ts';
import type { EventSlot } from '../events.ts';
import { ratio, type Frequency } from '../frequency.ts';
import { TickDomain } from '../tick-domain.ts';

export interface AdcWiring {
  /** The voltage at an input (0–3: GPIO26–29, 4: the temperature diode), V; NaN makes the conversion fail. */
  readonly voltage: (input: number, timeUs: number) => number;
  /** DREQ_ADC may have changed. */
  readonly dreqChanged: () => void;
}

export const ADC_REFERENCE_V = 3.3;
const IRQ_ADC_FIFO = 22;
const INPUTS = 5;
const TEMPERATURE_INPUT = 4;
const FIFO_DEPTH = 4;
const CONVERSION_TICKS = 96;
/** READY rises "a few" clk_adc cycles after EN; the figure is not published. */
const START_UP_TICKS = 8;

const EN = 1;
const TS_EN = 1 << 1;
const START_ONCE = 1 << 2;
const START_MANY = 1 << 3;
const READY = 1 << 8;
const ERR = 1 << 9;
const ERR_STICKY = 1 << 10;
const KEPT = EN | TS_EN | START_MANY | (7 << 12) | (31 << 16);

const FIFO_EN = 1;
const FIFO_SHIFT = 1 << 1;
const FIFO_ERR = 1 << 2;
const FIFO_DREQ_EN = 1 << 3;
const FIFO_UNDER = 1 << 10;
const FIFO_OVER = 1 << 11;
const FIFO_KEPT = 0x0f00_000f;

export class Adc implements RegisterBlock {
  readonly #chip: Chip;
  readonly #wiring: AdcWiring;
  readonly #doneAt: EventSlot;
  readonly #startAt: EventSlot;
  /** Counts clk_adc. */
  readonly #ticks = new TickDomain();
  readonly #fifo = new Uint16Array(FIFO_DEPTH);
  #head = 0;
  #level = 0;
  #control = 0;
  #error = false;
  #errorSticky = false;
  #result = 0;
  #fifoControl = 0;
  #under = false;
  #over = false;
  #divider = 0;
  #enabled = 0;
  #forced = 0;
  #driven = false;
  #converting = false;
  /** The value that comes out at the end of the running conversion, V. */
  #held = 0;
  /** The tick from which conversions may start. */
  #readyTick = 0;
  /** When the divider starts the next conversion, 1/256 ticks. */
  #nextStart256 = 0;

  constructor(chip: Chip, wiring: AdcWiring) {
    this.#chip = chip;
    this.#wiring = wiring;
    this.#doneAt = chip.events.slot((cycle) => this.#done(cycle));
    this.#startAt = chip.events.slot((cycle) => this.#start(cycle));
  }

  /** clk_adc and clk_sys; null while it stands. */
  setClocks(adc: Frequency | null, sys: Frequency | null): void {
    this.#ticks.setRatio(this.#chip.now(), adc && sys ? ratio(adc, sys) : null);
    if (this.#converting) this.#scheduleDone();
    else this.#scheduleStart();
  }

  /** How many results the DMA may take now (2.5.3.2: a credit an item). */
  get dreq(): number {
    if (!(this.#fifoControl & FIFO_DREQ_EN)) return 0;
    return this.#level >= this.#threshold() ? this.#level : 0;
  }

  read(offset: number): number | undefined {
    switch (offset) {
      case 0x00:
        return this.#status();
      case 0x04:
        return this.#result;
      case 0x08:
        return this.#fifoStatus();
      case 0x0c:
        return this.#pop();
      case 0x10:
        return this.#divider;
      case 0x14:
        return this.#raw();
      case 0x18:
        return this.#enabled;
      case 0x1c:
        return this.#forced;
      case 0x20:
        return (this.#raw() & this.#enabled) | this.#forced;
      default:
        return undefined;
    }
  }

  write(offset: number, value: number): boolean {
    switch (offset) {
      case 0x00:
        this.#writeControl(value);
        break;
      case 0x04:
      case 0x0c:
      case 0x14:
      case 0x20:
        break; // read-only
      case 0x08:
        this.#writeFifoControl(value);
        break;
      case 0x10:
        this.#divider = value & 0xff_ffff;
        this.#nextStart256 = this.#ticksNow() * 256 + this.#period256();
        this.#scheduleStart();
        break;
      case 0x18:
        this.#enabled = value & 1;
        break;
      case 0x1c:
        this.#forced = value & 1;
        break;
      default:
        return false;
    }
    this.#drive();
    return true;
  }

  reset(): void {
    this.#doneAt.clear();
    this.#startAt.clear();
    this.#head = this.#level = this.#control = this.#result = this.#fifoControl = this.#divider = 0;
    this.#enabled = this.#forced = 0;
    this.#error = this.#errorSticky = this.#under = this.#over = this.#converting = false;
    this.#drive();
  }

  #ticksNow(): number {
    return this.#ticks.ticksAt(this.#chip.now());
  }

  #ready(): boolean {
    return (this.#control & EN) !== 0 && !this.#converting && this.#ticksNow() >= this.#readyTick;
  }

  #status(): number {
    return (
      this.#control |
      (this.#ready() ? READY : 0) |
      (this.#error ? ERR : 0) |
      (this.#errorSticky ? ERR_STICKY : 0)
    );
  }

  #writeControl(value: number): void {
    const was = this.#control;
    this.#control = value & KEPT;
    if (value & ERR_STICKY) this.#errorSticky = false;
    if (!(value & EN)) {
      this.#converting = false;
      this.#doneAt.clear();
      this.#startAt.clear();
      return;
    }
    if (!(was & EN)) this.#readyTick = this.#ticksNow() + START_UP_TICKS;
    if (value & START_ONCE) this.#startOnce();
    if (value & START_MANY && !(was & START_MANY)) this.#nextStart256 = this.#ticksNow() * 256;
    if ((value & START_MANY) !== (was & START_MANY)) this.#scheduleStart();
  }

  #startOnce(): void {
    if (this.#ready()) {
      this.#start(this.#chip.now());
      return;
    }
    this.#chip.note(
      'sim.diagnosis.adc-start-lost',
      { block: 'ADC', converting: this.#converting ? 1 : 0 },
      'START_ONCE was written while CS.READY is 0: no conversion starts.',
      'Poll CS.READY after setting EN and after each conversion.',
    );
  }

  /** 1 + INT + FRAC / 256 ticks between starts; 0 lets them follow each other. */
  #period256(): number {
    return this.#divider === 0 ? 0 : 256 + this.#divider;
  }

  #scheduleStart(): void {
    if (this.#converting || (this.#control & (EN | START_MANY)) !== (EN | START_MANY)) {
      this.#startAt.clear();
      return;
    }
    const period = this.#period256();
    // Starts that fell into a conversion, or into start-up, are lost; the divider goes on counting
    const earliest = this.#readyTick * 256;
    if (this.#nextStart256 < earliest)
      this.#nextStart256 =
        period === 0
          ? earliest
          : this.#nextStart256 + Math.ceil((earliest - this.#nextStart256) / period) * period;
    const cycle = this.#ticks.cycleOf(Math.ceil(this.#nextStart256 / 256));
    if (cycle === Infinity) this.#startAt.clear();
    else this.#startAt.at(Math.max(cycle, this.#chip.now()));
  }

  #start(cycle: number): void {
    const input = (this.#control >> 12) & 7;
    const timeUs = this.#chip.timeline.usAt(cycle);
    const off = input >= INPUTS || (input === TEMPERATURE_INPUT && !(this.#control & TS_EN));
    this.#held = off ? 0 : this.#wiring.voltage(input, timeUs);
    this.#converting = true;
    this.#readyTick = this.#ticks.ticksAt(cycle) + CONVERSION_TICKS;
    this.#nextStart256 += this.#period256();
    this.#startAt.clear();
    this.#scheduleDone();
  }

  #scheduleDone(): void {
    const cycle = this.#ticks.cycleOf(this.#readyTick);
    if (cycle === Infinity) this.#doneAt.clear();
    else this.#doneAt.at(Math.max(cycle, this.#chip.now()));
  }

  #done(cycle: number): void {
    this.#converting = false;
    this.#error = Number.isNaN(this.#held);
    if (this.#error) this.#errorSticky = true;
    this.#result = this.#error ? 0 : code(this.#held);
    this.#nextInput();
    if (this.#fifoControl & FIFO_EN) this.#push();
    // Back to back, the next one starts with this one's last cycle, however late the core lets us know
    if (this.#control & START_MANY && this.#nextStart256 <= this.#readyTick * 256 && this.#divider === 0) {
      this.#nextStart256 = this.#readyTick * 256;
      this.#start(cycle);
    } else this.#scheduleStart();
  }

  /** 4.9.2.4: AINSEL moves to the next input whose bit is set in RROBIN. */
  #nextInput(): void {
    const robin = (this.#control >> 16) & 31;
    if (robin === 0) return;
    let input = (this.#control >> 12) & 7;
    do input = (input + 1) % INPUTS;
    while (!((robin >> input) & 1));
    this.#control = (this.#control & ~(7 << 12)) | (input << 12);
  }

  #push(): void {
    if (this.#level >= FIFO_DEPTH) {
      this.#over = true;
      return;
    }
    const value = this.#fifoControl & FIFO_SHIFT ? this.#result >> 4 : this.#result;
    const flag = this.#error && this.#fifoControl & FIFO_ERR ? 1 << 15 : 0;
    this.#fifo[(this.#head + this.#level) % FIFO_DEPTH] = value | flag;
    this.#level++;
    this.#drive();
    this.#wiring.dreqChanged();
  }

  #pop(): number {
    if (this.#level === 0) {
      this.#under = true;
      return 0;
    }
    const value = this.#fifo[this.#head]!;
    this.#head = (this.#head + 1) % FIFO_DEPTH;
    this.#level--;
    this.#drive();
    return value;
  }

  #writeFifoControl(value: number): void {
    this.#fifoControl = value & FIFO_KEPT;
    if (value & FIFO_UNDER) this.#under = false;
    if (value & FIFO_OVER) this.#over = false;
    this.#wiring.dreqChanged();
  }

  #fifoStatus(): number {
    return (
      this.#fifoControl |
      (this.#level === 0 ? 1 << 8 : 0) |
      (this.#level === FIFO_DEPTH ? 1 << 9 : 0) |
      (this.#under ? FIFO_UNDER : 0) |
      (this.#over ? FIFO_OVER : 0) |
      (this.#level << 16)
    );
  }

  #threshold(): number {
    return (this.#fifoControl >> 24) & 15;
  }

  #raw(): number {
    return this.#level >= this.#threshold() ? 1 : 0;
  }

  #drive(): void {
    const status = (this.#raw() & this.#enabled) | this.#forced;
    if ((status !== 0) === this.#driven) return;
    this.#driven = status !== 0;
    this.#chip.setInterrupt(IRQ_ADC_FIFO, this.#driven);
  }
}

function code(volts: number): number {
  return Math.min(4095, Math.max(0, Math.floor((volts / ADC_REFERENCE_V) * 4096)));
}
