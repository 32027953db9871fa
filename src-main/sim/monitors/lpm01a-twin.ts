import { Rng } from '../../base/rng.ts';
import type { BoardPower, MonitorTwin } from '../parts.ts';
import { ByteOutput } from './byte-output.ts';
import { FaultPlan, type MonitorFaults } from './faults.ts';
import { decimalSample, hexSample, numberWord } from './lpm01a-encoder.ts';
import { PeriodMeans } from './period-means.ts';

/** Dynamic acquisition ends here. Source: the maker's range of dynamic currents. */
const FULL_SCALE_A = 0.05;
const RATES = [100e3, 50e3, 20e3, 10e3, 5e3, 2e3, 1e3, 500, 200, 100, 50, 20, 10, 5, 2, 1];
const STAMP_EVERY = 1000;
const BUFFER_BYTES = 1 << 20;
/** Commands that only set something, and are acknowledged with their words. */
const SETTINGS =
  /^(htc|hrc|lcd [12] ".*"|acqtime (inf|\S+)|acqmode (dyn|stat)|funcmode (optim|high)|trigsrc (sw|d7)|trigdelay \S+|currthre \S+|eventsrc d7 (fal|ris)|pwrend (on|off)|echo .*|status|calib|autotest|range)$/;

export interface Lpm01aTwinOptions {
  readonly power?: BoardPower;
  readonly seed?: number;
  readonly faults?: MonitorFaults;
  /** Which logic line of the world its D7 is wired to: the board's timestamp pin. */
  readonly eventChannel?: number;
  /** A NUL byte in so many samples, as the real one slips in now and then. Default 5000. */
  readonly nulEvery?: number;
}

export interface Lpm01aTwin extends MonitorTwin {
  readonly counts: { readonly produced: number; readonly dropped: number };
  readonly streaming: boolean;
}

/** An emulated X-NUCLEO-LPM01A in virtual time. `advanceTo(now)` must come before `receive`. */
export function createLpm01aTwin(options: Lpm01aTwinOptions = {}): Lpm01aTwin {
  return new Twin(options);
}

class Twin implements Lpm01aTwin {
  readonly #power: BoardPower | undefined;
  readonly #options: Lpm01aTwinOptions;
  readonly #rng: Rng;
  readonly #faults: FaultPlan;
  readonly #out = new ByteOutput();
  #line = '';
  #nowUs = 0;
  #currentA = 0;
  #logic = 0;
  #volts = 3.3;
  #powered = false;
  #rateHz = 1000;
  #binary = false;
  #energy = false;
  #eventEdge: 'fal' | 'ris' = 'fal';
  #means: PeriodMeans | null = null;
  #sample = 0;
  #dropped = 0;
  #events = 0;
  #streamByte = 0;
  #saidLeftOvers = false;

  constructor(options: Lpm01aTwinOptions) {
    this.#options = options;
    this.#power = options.power;
    this.#rng = new Rng(options.seed ?? 1);
    this.#faults = new FaultPlan(options.faults ?? {}, () => this.#rng.float());
  }

  get counts(): { produced: number; dropped: number } {
    return { produced: this.#sample, dropped: this.#dropped };
  }

  get streaming(): boolean {
    return this.#means !== null;
  }

  current(timeUs: number, currentA: number, logic: number): void {
    this.advanceTo(timeUs);
    const bit = 1 << (this.#options.eventChannel ?? 4);
    const fell = (this.#logic & bit) !== 0 && (logic & bit) === 0;
    const rose = (this.#logic & bit) === 0 && (logic & bit) !== 0;
    this.#currentA = currentA;
    this.#logic = logic;
    if (this.#eventEdge === 'fal' ? fell : rose) this.#event();
  }

  advanceTo(timeUs: number): void {
    if (timeUs <= this.#nowUs) return;
    this.#nowUs = timeUs;
    this.#means?.hold(this.#currentA, this.#logic, timeUs);
  }

  receive(bytes: Uint8Array): void {
    for (const b of bytes) {
      if (b === 0x0a) {
        const command = this.#line.replace(/\r$/, '').trim();
        this.#line = '';
        if (command !== '' && !this.#options.faults?.mute) this.#execute(command);
      } else this.#line = (this.#line + String.fromCharCode(b)).slice(-200);
    }
  }

  takeOutput(): Uint8Array | undefined {
    return this.streaming && this.#faults.stalled(this.#sample) ? undefined : this.#out.take();
  }

  unplug(): void {
    this.#means = null;
    this.#setPower(false);
    this.#out.take();
  }

  #execute(command: string): void {
    if (!this.#saidLeftOvers) this.#leftOvers();
    if (command === 'start') return this.#start();
    if (command === 'stop') return this.#stop();
    const [word, ...words] = command.split(/\s+/);
    if (this.streaming && word !== 'pwr') return this.#error(command, 'acquisition on going');
    const answer = this.#answer(word!, words, command);
    if (answer === null) this.#error(command, 'bad parameter');
    else if (this.streaming && this.#binary) this.#meta(0xf9, this.#powered ? 1 : 0);
    else this.#out.text(`\r\nPowerShield > ack ${command}${answer === '' ? '' : ` ${answer}`}\r\n\r\n`);
  }

  /** What follows the echoed command; null where the device refuses. */
  #answer(word: string, words: readonly string[], command: string): string | null {
    switch (word) {
      case 'version':
        return '1.0.4';
      case 'powershield':
        return '004B0028 34385116 38333834';
      case 'temp':
        return '25.0';
      case 'volt':
        return this.#setVolts(words[0] ?? '');
      case 'freq':
        this.#rateHz = RATES.find((r) => r === numberWord(words[0] ?? '')) ?? NaN;
        return Number.isNaN(this.#rateHz) ? null : '';
      case 'output':
        this.#energy = words[0] === 'energy';
        return words[0] === 'energy' || words[0] === 'current' ? '' : null;
      case 'format':
        this.#binary = words[0] === 'bin_hexa';
        return words[0] === 'bin_hexa' || words[0] === 'ascii_dec' ? '' : null;
      case 'pwr':
        if (words[0] === 'on' || words[0] === 'off') this.#setPower(words[0] === 'on');
        return ['on', 'off', 'auto', 'get'].includes(words[0] ?? '') ? '' : null;
      case 'psrst':
      case 'targrst':
        return '';
      default:
        if (word === 'eventsrc') this.#eventEdge = words[1] === 'ris' ? 'ris' : 'fal';
        return SETTINGS.test(command) ? '' : null;
    }
  }

  #setVolts(text: string): string | null {
    if (text === 'get') return `${Math.round(this.#volts * 1000)}m`;
    const volts = numberWord(text);
    if (!(volts >= 1.8 && volts <= 3.3)) return null;
    this.#volts = volts;
    if (this.#powered) this.#setPower(true);
    return '';
  }

  #setPower(on: boolean): void {
    this.#powered = on;
    this.#power?.setPower(on, this.#volts);
  }

  #error(command: string, detail: string): void {
    this.#out.text(`\r\nPowerShield > error ${command}\r\nError detail: ${detail}\r\n\r\n`);
  }

  #leftOvers(): void {
    this.#saidLeftOvers = true;
    const count = this.#options.faults?.leftOverBytes ?? 0;
    if (count > 0) this.#out.text('5120-03\r\n'.repeat(Math.ceil(count / 9)).slice(-count));
  }

  #start(): void {
    const tooFast = !this.#binary && this.#rateHz > 5000;
    if (Number.isNaN(this.#rateHz) || tooFast)
      return this.#error('start', 'frequency not allowed in this format');
    this.#out.text('\r\nPowerShield > ack start\r\n\r\n');
    this.#sample = 0;
    this.#dropped = 0;
    this.#events = 0;
    this.#streamByte = 0;
    this.#stamp();
    this.#means = new PeriodMeans(1e6 / this.#rateHz, this.#nowUs, (meanA) => this.#emit(meanA));
  }

  #stop(): void {
    if (!this.streaming) return;
    this.#end();
  }

  #end(): void {
    this.#means = null;
    if (this.#binary) this.#meta(0xf4);
    else this.#out.text('end\r\n\r\nsummary beg\r\nsamples ' + this.#sample + '\r\nsummary end\r\n');
    this.#out.text('\r\nPowerShield > Acquisition completed\r\n\r\n');
  }

  #emit(meanA: number): void {
    // an acquisition that has just ended itself
    if (!this.streaming) return;
    const index = this.#sample++;
    const seenA = this.#faults.seenA(meanA, index, FULL_SCALE_A);
    if (seenA > FULL_SCALE_A) return this.#overcurrent();
    const value = this.#energy ? (seenA * this.#volts) / this.#rateHz : seenA;
    if (this.#faults.drops(index, this.#out.length, this.#binary ? 2 : 9)) this.#dropped++;
    else if (this.#binary) this.#send([hexSample(value) >> 8, hexSample(value) & 0xff]);
    else this.#send(Buffer.from(`${decimalSample(value)}\r\n`));
    if (!this.#binary && index % (this.#options.nulEvery ?? 5000) === 4321) this.#send([0]);
    if (this.#sample % STAMP_EVERY === 0) this.#stamp();
  }

  #overcurrent(): void {
    if (this.#binary) this.#meta(0xf5);
    else this.#out.text('Error detail: overcurrent, power off\r\n');
    this.#setPower(false);
    this.#end();
  }

  #stamp(): void {
    const ms = Math.round((this.#sample * 1000) / this.#rateHz);
    const limit = this.#options.faults?.outputLimitBytes ?? BUFFER_BYTES;
    const percent = Math.min(100, Math.floor((100 * this.#out.length) / limit));
    if (this.#binary) this.#meta(0xf3, ms >>> 24, (ms >>> 16) & 255, (ms >>> 8) & 255, ms & 255, percent);
    else {
      const s = String(Math.floor(ms / 1000)).padStart(3, '0');
      const rest = String(ms % 1000).padStart(3, '0');
      this.#send(Buffer.from(`TimeStamp: ${s}s ${rest}ms, buff ${String(percent).padStart(2, '0')}%\r\n`));
    }
  }

  #event(): void {
    if (!this.streaming) return;
    this.#events++;
    // the device says `ris` whatever edge it was told to look for
    if (!this.#binary) this.#send(Buffer.from(`event ${this.#events} ris\r\n`));
  }

  #meta(type: number, ...payload: number[]): void {
    this.#send([0xf0, type, ...payload, 0xff, 0xff]);
  }

  #send(bytes: ArrayLike<number>): void {
    const { loseBytes } = this.#options.faults ?? {};
    for (let i = 0; i < bytes.length; i++) if (!loseBytes?.has(this.#streamByte++)) this.#out.byte(bytes[i]!);
  }
}
