import { Rng } from '../../base/rng.ts';
import type { BoardPower, MonitorTwin } from '../parts.ts';
import { ByteOutput } from './byte-output.ts';
import { FaultPlan, type MonitorFaults } from './faults.ts';
import { PeriodMeans } from './period-means.ts';

/** What the emulated instrument answers to a number beyond its range. Source: SCPI-99, 9.91E37 is not-a-number. */
const NOT_A_NUMBER = 9.91e37;
const OVERFLOW = 9.9e37;
const FULL_SCALE_A = 3;
/** Currents are averaged in steps of this; a reading is the mean of the last 20, one power-line cycle at 50 Hz. */
const STEP_US = 1000;
const APERTURE_STEPS = 20;
/** From a query to its answer. */
const ANSWER_US = 2000;
const LOG_LIMIT_RECORDS = 20_000;

export interface ScpiTwinOptions {
  readonly power?: BoardPower;
  readonly seed?: number;
  readonly faults?: MonitorFaults;
  /** `generic`: readings only. `fastlog`: also `FLOG` with blocks of V, I pairs. Default generic. */
  readonly profile?: 'generic' | 'fastlog';
  /** Blocks of unknown length: `#0…\n` instead of `#<n><len>…`. */
  readonly indefiniteBlocks?: boolean;
}

export interface ScpiTwin extends MonitorTwin {
  readonly counts: { readonly produced: number; readonly dropped: number };
  readonly streaming: boolean;
}

/** An emulated source meter that speaks SCPI lines, in virtual time. `advanceTo(now)` must come before `receive`. */
export function createScpiTwin(options: ScpiTwinOptions = {}): ScpiTwin {
  return new Twin(options);
}

class Twin implements ScpiTwin {
  /** Whoever is connected may ask at any time: time goes on. */
  readonly streaming = true;
  readonly #options: ScpiTwinOptions;
  readonly #faults: FaultPlan;
  readonly #rng: Rng;
  readonly #out = new ByteOutput();
  readonly #answers: { readonly dueUs: number; readonly bytes: Uint8Array }[] = [];
  readonly #errors: string[] = [];
  readonly #recentA = new Float64Array(APERTURE_STEPS);
  readonly #log: number[] = [];
  readonly #means = new PeriodMeans(STEP_US, 0, (meanA) => this.#step(meanA));
  #line = '';
  #nowUs = 0;
  #currentA = 0;
  #steps = 0;
  #dropped = 0;
  #volts = 3.3;
  #limitA = 1;
  #on = false;
  #logging = false;

  constructor(options: ScpiTwinOptions) {
    this.#options = options;
    this.#rng = new Rng(options.seed ?? 1);
    this.#faults = new FaultPlan(options.faults ?? {}, () => this.#rng.float());
    const left = options.faults?.leftOverBytes ?? 0;
    if (left > 0) this.#out.text('+1.234500E-03\n'.repeat(Math.ceil(left / 14)).slice(-left));
  }

  get counts(): { produced: number; dropped: number } {
    return { produced: this.#steps, dropped: this.#dropped };
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

  receive(bytes: Uint8Array): void {
    for (const b of bytes) {
      if (b !== 0x0a) {
        this.#line = (this.#line + String.fromCharCode(b)).slice(-1000);
        continue;
      }
      const line = this.#line.trim();
      this.#line = '';
      if (line === '' || this.#options.faults?.mute) continue;
      for (const command of line.split(';')) this.#execute(command.trim());
    }
  }

  takeOutput(): Uint8Array | undefined {
    if (this.#faults.stalled(this.#steps)) return undefined;
    while (this.#answers.length > 0 && this.#answers[0]!.dueUs <= this.#nowUs)
      this.#out.bytes(this.#answers.shift()!.bytes);
    return this.#out.take();
  }

  /** A network plug: the output stays as it was. */
  unplug(): void {
    this.#answers.length = 0;
    this.#logging = false;
    this.#out.take();
  }

  #step(meanA: number): void {
    const index = this.#steps++;
    const seenA = this.#faults.seenA(meanA, index, FULL_SCALE_A);
    this.#recentA[index % APERTURE_STEPS] = seenA;
    if (!this.#logging) return;
    const full = this.#log.length >= 2 * LOG_LIMIT_RECORDS;
    if (full || this.#faults.drops(index, this.#log.length * 4, 8)) this.#dropped++;
    else this.#log.push(this.#on ? this.#volts : 0, seenA > FULL_SCALE_A ? OVERFLOW : seenA);
  }

  #execute(command: string): void {
    const [, header = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(command) ?? [];
    const word = header.toUpperCase();
    const is = (pattern: RegExp) => pattern.test(word);
    if (is(/^\*IDN\?$/)) return this.#answer(this.#idn());
    if (is(/^\*RST$/)) return this.#reset();
    if (is(/^\*CLS$/)) return void (this.#errors.length = 0);
    if (is(/^\*OPC\?$/)) return this.#answer('1');
    if (is(/^SYST(EM)?:ERR(OR)?(:NEXT)?\?$/)) return this.#answer(this.#errors.shift() ?? '0,"No error"');
    if (is(/^(SOUR(CE)?:)?VOLT(AGE)?$/)) return this.#setVolts(rest);
    if (is(/^(SOUR(CE)?:)?VOLT(AGE)?\?$/)) return this.#answer(number(this.#volts));
    if (is(/^(SOUR(CE)?:)?CURR(ENT)?$/)) return this.#setLimit(rest);
    if (is(/^(SOUR(CE)?:)?CURR(ENT)?\?$/)) return this.#answer(number(this.#limitA));
    if (is(/^OUTP(UT)?$/)) return this.#setOutput(rest.toUpperCase());
    if (is(/^OUTP(UT)?\?$/)) return this.#answer(this.#on ? '1' : '0');
    if (is(/^MEAS(URE)?:VOLT(AGE)?\?$/)) return this.#answer(number(this.#on ? this.#volts : 0));
    if (is(/^MEAS(URE)?:CURR(ENT)?\?$/)) return this.#answer(number(this.#reading()));
    if (this.#options.profile === 'fastlog' && is(/^FLOG$/)) return this.#setLog(rest);
    if (this.#options.profile === 'fastlog' && is(/^FLOG:DATA\?$/)) return this.#answerLog();
    this.#error('-113,"Undefined header"');
  }

  #idn(): string {
    return this.#options.profile === 'fastlog'
      ? 'Microjoule,Emulated fastlog meter,E0002,1.0'
      : 'Microjoule,Emulated source meter,E0001,1.0';
  }

  #reset(): void {
    this.#volts = 3.3;
    this.#limitA = 1;
    this.#logging = false;
    this.#setOutput('OFF');
  }

  #setVolts(text: string): void {
    const volts = Number(text);
    if (!(volts >= 0 && volts <= 20) || text === '') return this.#error('-222,"Data out of range"');
    this.#volts = volts;
    if (this.#on) this.#options.power?.setPower(true, volts);
  }

  #setLimit(text: string): void {
    const amperes = Number(text);
    if (!(amperes > 0 && amperes <= FULL_SCALE_A)) return this.#error('-222,"Data out of range"');
    this.#limitA = amperes;
  }

  #setOutput(word: string): void {
    if (!['ON', 'OFF', '1', '0'].includes(word)) return this.#error('-224,"Illegal parameter value"');
    this.#on = word === 'ON' || word === '1';
    this.#options.power?.setPower(this.#on, this.#volts);
  }

  #reading(): number {
    const seen = Math.min(this.#steps, APERTURE_STEPS);
    if (seen === 0) return NOT_A_NUMBER;
    let sum = 0;
    for (let i = 0; i < seen; i++) sum += this.#recentA[i]!;
    return sum / seen > FULL_SCALE_A ? OVERFLOW : sum / seen;
  }

  #setLog(word: string): void {
    this.#logging = word === '1' || word.toUpperCase() === 'ON';
    this.#log.length = 0;
  }

  #answerLog(): void {
    const values = Float32Array.from(this.#log.splice(0));
    const body = new Uint8Array(values.buffer);
    const length = String(body.length);
    const head = this.#options.indefiniteBlocks ? '#0' : `#${length.length}${length}`;
    this.#answerBytes(Buffer.concat([Buffer.from(head), body, Buffer.from('\n')]));
  }

  #answer(text: string): void {
    this.#answerBytes(new TextEncoder().encode(`${text}\n`));
  }

  #answerBytes(bytes: Uint8Array): void {
    this.#answers.push({ dueUs: this.#nowUs + ANSWER_US, bytes });
  }

  #error(text: string): void {
    if (this.#errors.length < 20) this.#errors.push(text);
  }
}

/** `+1.234560E-02` */
function number(value: number): string {
  const [mantissa, exponent] = value.toExponential(6).split('e') as [string, string];
  const power = Number(exponent);
  const digits = String(Math.abs(power)).padStart(2, '0');
  return `${value < 0 ? '' : '+'}${mantissa}E${power < 0 ? '-' : '+'}${digits}`;
}
