import { Rng } from '../../base/rng.ts';
import type { BoardPower, MonitorTwin } from '../parts.ts';
import { FaultPlan, type MonitorFaults } from './faults.ts';
import { deviceTable } from './ppk2-device-table.ts';
import { Ppk2Encoder } from './ppk2-encoder.ts';

export const PPK2_SAMPLE_US = 10;
/** What the maker lets it measure; its converter goes on beyond. */
const FULL_SCALE_A = 1;

/** The sample counter goes on in every case, as in the device. */
export interface Ppk2Faults extends MonitorFaults {
  /** `-nan` in place of these metadata keys. */
  readonly unreadableKeys?: readonly string[];
}

export interface Ppk2TwinOptions {
  readonly power?: BoardPower;
  readonly seed?: number;
  /** Peak of the triangular noise before quantisation, in converter steps. Default 1. */
  readonly noiseLsb?: number;
  /** Relative gain error of the hardware against its own table, by range, beside that of `faults`. */
  readonly gainError?: readonly number[];
  /** Supply of the DUT in ampere-meter mode, V. Default 3.3. */
  readonly externalVolts?: number;
  readonly faults?: Ppk2Faults;
}

export interface Ppk2Twin extends MonitorTwin {
  /** Samples produced and dropped since the stream began, for tests. */
  readonly counts: { readonly produced: number; readonly dropped: number };
  readonly streaming: boolean;
}

/**
 * An emulated Nordic PPK2 in virtual time: eats current steps, speaks the wire bytes of the real one. A sample is
 * the exact mean of the current over its 10 µs, its logic bits are those in the middle of them. `advanceTo(now)` must
 * come before `receive`, which takes place at that time.
 */
export function createPpk2Twin(options: Ppk2TwinOptions = {}): Ppk2Twin {
  return new Twin(options);
}

const PAYLOAD_BYTES: Readonly<Record<number, number>> = { 0x0c: 1, 0x0d: 2, 0x11: 1, 0x25: 5 };

class Twin implements Ppk2Twin {
  readonly #power: BoardPower | undefined;
  readonly #faults: Ppk2Faults;
  readonly #plan: FaultPlan;
  readonly #rng: Rng;
  readonly #encoder: Ppk2Encoder;
  readonly #externalVolts: number;
  readonly #command: number[] = [];
  readonly #userGain: number[] = [...deviceTable.userGain];
  #out = new Uint8Array(1 << 16);
  #outLength = 0;
  #mode = 2;
  #vddMv = 3741;
  #powered = false;
  #nowUs = 0;
  #currentA = 0;
  #logic = 0;
  streaming = false;
  #streamStartUs = 0;
  #sample = 0;
  #dropped = 0;
  #streamByte = 0;
  /** ∫ I dt since the present sample began, A·µs. */
  #chargeAUs = 0;
  #middleLogic = 0;

  constructor(options: Ppk2TwinOptions) {
    this.#power = options.power;
    this.#faults = options.faults ?? {};
    this.#rng = new Rng(options.seed ?? 1);
    this.#plan = new FaultPlan(this.#faults, () => this.#rng.float());
    this.#externalVolts = options.externalVolts ?? 3.3;
    this.#encoder = new Ppk2Encoder(
      new Rng((options.seed ?? 1) ^ 0x5eed),
      options.noiseLsb ?? 1,
      this.#vddMv / 1000,
      options.gainError ?? [0, 0, 0, 0, 0],
    );
  }

  get counts(): { produced: number; dropped: number } {
    return { produced: this.#sample, dropped: this.#dropped };
  }

  current(timeUs: number, currentA: number, logic: number): void {
    this.advanceTo(timeUs);
    this.#currentA = currentA;
    this.#logic = logic & 0xff;
  }

  advanceTo(timeUs: number): void {
    if (timeUs <= this.#nowUs) return;
    if (this.streaming) this.#sampleUntil(timeUs);
    this.#nowUs = timeUs;
  }

  receive(bytes: Uint8Array): void {
    for (const b of bytes) {
      this.#command.push(b);
      const needed = 1 + (PAYLOAD_BYTES[this.#command[0]!] ?? 0);
      if (this.#command.length < needed) continue;
      this.#execute(this.#command);
      this.#command.length = 0;
    }
  }

  takeOutput(): Uint8Array | undefined {
    if (this.#outLength === 0 || (this.streaming && this.#plan.stalled(this.#sample))) return undefined;
    const taken = this.#out.slice(0, this.#outLength);
    this.#outLength = 0;
    return taken;
  }

  unplug(): void {
    this.receive(Uint8Array.of(0x07, 0x20));
    this.#outLength = 0;
  }

  #execute(c: readonly number[]): void {
    if (this.#faults.mute) return;
    switch (c[0]) {
      case 0x06:
        this.#start();
        break;
      case 0x07:
        this.streaming = false;
        break;
      case 0x0c:
        this.#powered = c[1] !== 0;
        this.#applyPower();
        break;
      case 0x0d:
        this.#vddMv = Math.min(5000, Math.max(800, c[1]! * 256 + c[2]!));
        this.#encoder.setVolts(this.#vddMv / 1000);
        if (this.#powered) this.#applyPower();
        break;
      case 0x11:
        if (c[1] === 1 || c[1] === 2) this.#mode = c[1];
        if (this.#powered) this.#applyPower();
        break;
      case 0x19:
        this.#sendMetadata();
        break;
      case 0x20:
        this.streaming = false;
        this.#powered = false;
        this.#applyPower();
        break;
      case 0x25:
        if (c[1]! < 5) this.#userGain[c[1]!] = new DataView(Uint8Array.from(c).buffer).getFloat32(2, true);
        break;
      default:
        // the device says nothing to a byte it does not know
        break;
    }
  }

  #applyPower(): void {
    this.#power?.setPower(this.#powered, this.#mode === 2 ? this.#vddMv / 1000 : this.#externalVolts);
  }

  #start(): void {
    this.streaming = true;
    this.#streamStartUs = this.#nowUs;
    this.#sample = 0;
    this.#dropped = 0;
    this.#streamByte = 0;
    this.#chargeAUs = 0;
  }

  /** Emits every sample whose period ends by `timeUs`. Hot while the current is constant over many samples. */
  #sampleUntil(timeUs: number): void {
    let from = this.#nowUs;
    const i = this.#currentA;
    for (;;) {
      const startUs = this.#streamStartUs + this.#sample * PPK2_SAMPLE_US;
      const endUs = startUs + PPK2_SAMPLE_US;
      const middleUs = startUs + PPK2_SAMPLE_US / 2;
      if (from <= middleUs && timeUs > middleUs) this.#middleLogic = this.#logic;
      if (endUs > timeUs) {
        this.#chargeAUs += i * (timeUs - from);
        return;
      }
      const meanA = from === startUs ? i : (this.#chargeAUs + i * (endUs - from)) / PPK2_SAMPLE_US;
      this.#emit(meanA);
      this.#chargeAUs = 0;
      from = endUs;
    }
  }

  #emit(meanA: number): void {
    const index = this.#sample++;
    const seenA = this.#plan.seenA(meanA, index, FULL_SCALE_A);
    const word = this.#encoder.encode(seenA) | ((index & 63) << 18) | (this.#middleLogic << 24);
    const { loseBytes } = this.#faults;
    if (this.#plan.drops(index, this.#outLength, 4)) {
      this.#dropped++;
      return;
    }
    this.#reserve(4);
    for (let shift = 0; shift < 32; shift += 8) {
      if (!loseBytes?.has(this.#streamByte)) this.#out[this.#outLength++] = word >>> shift;
      this.#streamByte++;
    }
  }

  #sendMetadata(): void {
    const left = this.#faults.leftOverBytes ?? 0;
    const text = new TextEncoder().encode(this.#metadataText());
    this.#reserve(left + text.length);
    this.#out.set(this.#rng.bytes(left), this.#outLength);
    this.#out.set(text, this.#outLength + left);
    this.#outLength += left + text.length;
  }

  #metadataText(): string {
    const lines: string[] = ['Calibrated: 0'];
    const row = (key: string, values: readonly number[]) => {
      for (const [r, value] of values.entries()) {
        const name = `${key}${r}`;
        lines.push(`${name}: ${this.#faults.unreadableKeys?.includes(name) ? '-nan' : String(value)}`);
      }
    };
    row('R', deviceTable.shuntOhm);
    row('GS', deviceTable.gainSlope);
    row('GI', deviceTable.gain);
    row('O', deviceTable.zeroCount);
    row('S', deviceTable.supplySlope);
    row('I', deviceTable.offsetA);
    row('UG', this.#userGain);
    lines.push(
      `VDD: ${this.#vddMv}`,
      `HW: ${deviceTable.hardware}`,
      `mode: ${this.#mode}`,
      `IA: ${deviceTable.IA}`,
      'END',
      '',
    );
    return lines.join('\n');
  }

  #reserve(bytes: number): void {
    if (this.#outLength + bytes <= this.#out.length) return;
    const larger = new Uint8Array(Math.max(this.#out.length * 2, this.#outLength + bytes));
    larger.set(this.#out.subarray(0, this.#outLength));
    this.#out = larger;
  }
}
