import { Rng } from '../../base/rng.ts';
import type { MonitorTwin } from '../parts.ts';
import { ByteOutput } from './byte-output.ts';
import { FaultPlan, type MonitorFaults } from './faults.ts';
import { PeriodMeans } from './period-means.ts';

/** The text forms that sketches print: Adafruit's example, plotter columns and labels, JSON, CSV with a time. */
export type InaForm = 'adafruit' | 'columns' | 'labels' | 'json' | 'csv';

/** Source: INA219 data sheet: 4 mV a bit of the bus voltage; 0.1 mA a bit with the usual 0.1 Ω shunt and 3.2 A. */
const CURRENT_STEP_A = 1e-4;
const BUS_STEP_V = 4e-3;
const FULL_SCALE_A = 3.2;
const SUPPLY_V = 3.3;

export interface InaTwinOptions {
  readonly seed?: number;
  readonly faults?: MonitorFaults;
  /** Default csv. */
  readonly form?: InaForm;
  /** Default 500. */
  readonly sampleRateHz?: number;
}

export interface InaTwin extends MonitorTwin {
  readonly counts: { readonly produced: number; readonly dropped: number };
  readonly streaming: boolean;
}

/** An emulated microcontroller that prints what an INA219 says, from its reset on, whether anybody listens or not. */
export function createInaTwin(options: InaTwinOptions = {}): InaTwin {
  return new Twin(options);
}

class Twin implements InaTwin {
  readonly streaming = true;
  readonly #options: InaTwinOptions;
  readonly #form: InaForm;
  readonly #periodUs: number;
  readonly #faults: FaultPlan;
  readonly #rng: Rng;
  readonly #out = new ByteOutput();
  readonly #means: PeriodMeans;
  #nowUs = 0;
  #currentA = 0;
  #sample = 0;
  #dropped = 0;
  #streamByte = 0;

  constructor(options: InaTwinOptions) {
    this.#options = options;
    this.#form = options.form ?? 'csv';
    this.#periodUs = 1e6 / (options.sampleRateHz ?? 500);
    this.#rng = new Rng(options.seed ?? 1);
    this.#faults = new FaultPlan(options.faults ?? {}, () => this.#rng.float());
    this.#means = new PeriodMeans(this.#periodUs, 0, (meanA) => this.#emit(meanA));
    const left = options.faults?.leftOverBytes ?? 0;
    this.#out.bytes(this.#rng.bytes(left));
    if (!options.faults?.mute && this.#form === 'csv') this.#send('millis,bus_V,current_mA\r\n');
    if (!options.faults?.mute && this.#form === 'columns') this.#send('bus_V current_mA\r\n');
  }

  get counts(): { produced: number; dropped: number } {
    return { produced: this.#sample, dropped: this.#dropped };
  }

  current(timeUs: number, currentA: number, _logic: number): void {
    this.advanceTo(timeUs);
    this.#currentA = currentA;
  }

  advanceTo(timeUs: number): void {
    if (timeUs <= this.#nowUs) return;
    this.#nowUs = timeUs;
    this.#means.hold(this.#currentA, 0, timeUs);
  }

  /** The sketch reads nothing. */
  receive(_bytes: Uint8Array): void {
    // nobody listens
  }

  takeOutput(): Uint8Array | undefined {
    return this.#faults.stalled(this.#sample) ? undefined : this.#out.take();
  }

  unplug(): void {
    this.#out.take();
  }

  #emit(meanA: number): void {
    const index = this.#sample++;
    if (this.#options.faults?.mute) return;
    const seenA = Math.min(FULL_SCALE_A, this.#faults.seenA(meanA, index, FULL_SCALE_A));
    const noise = (this.#rng.float() - 0.5) * CURRENT_STEP_A;
    const amperes = Math.round((seenA + noise) / CURRENT_STEP_A) * CURRENT_STEP_A;
    const volts = Math.round(SUPPLY_V / BUS_STEP_V) * BUS_STEP_V;
    const millis = Math.floor(((index + 1) * this.#periodUs) / 1000);
    const text = this.#text(millis, volts, amperes * 1000);
    if (this.#faults.drops(index, this.#out.length, text.length)) this.#dropped++;
    else this.#send(text);
  }

  #text(millis: number, volts: number, milliamperes: number): string {
    const v = volts.toFixed(2);
    const i = milliamperes.toFixed(1);
    switch (this.#form) {
      case 'adafruit':
        return `Bus Voltage:   ${v} V\r\nCurrent:       ${i} mA\r\n\r\n`;
      case 'columns':
        return `${v} ${i}\r\n`;
      case 'labels':
        return `V:${v},I:${i}\r\n`;
      case 'json':
        return `{"bus_V":${v},"current_mA":${i}}\r\n`;
      case 'csv':
        return `${millis},${v},${i}\r\n`;
    }
  }

  #send(text: string): void {
    const { loseBytes } = this.#options.faults ?? {};
    for (const b of Buffer.from(text)) if (!loseBytes?.has(this.#streamByte++)) this.#out.byte(b);
  }
}
