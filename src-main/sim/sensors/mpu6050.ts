/**
 * An inertial sensor with the register map of the InvenSense MPU-6050 (MPU-6000/MPU-6050 Register Map and Descriptions,
 * revision 4.2): power management, sample-rate divider, ranges, data registers, 1024-byte FIFO, interrupt pin, on a
 * clock of its own. Filters (DLPF) only choose the base rate; the accelerometer is taken at the sample's time, without its own 1 kHz
 * grid; resets and waking take no time. The auxiliary I2C master, cycle mode, motion detection and self-test are not modelled.
 */
import type { I2cDevice } from '../pico/i2c-bus.ts';
import type { OutsidePart } from '../pico/surroundings.ts';
import { IMU_AXES, STANDARD_GRAVITY, type ImuSource } from './imu-source.ts';

export interface Mpu6050Options {
  /** 0x68 with AD0 low, 0x69 with AD0 high. */
  readonly address?: number;
  readonly source: ImuSource;
  /** How much faster than nominal its clock is. The part's own tolerance is ±1 % (±5 % on CLKSEL 0). */
  readonly clockErrorPpm?: number;
  /** The level of the INT pin from a virtual time on. */
  readonly interrupt: (level: boolean, timeUs: number) => void;
  /** The next deadline is another one than before. */
  readonly changed: () => void;
  /** A register or a use of it that this model does not have was written. */
  readonly unmodelled: (register: number, value: number) => void;
}

const SMPLRT_DIV = 0x19;
const CONFIG = 0x1a;
const GYRO_CONFIG = 0x1b;
const ACCEL_CONFIG = 0x1c;
const FIFO_EN = 0x23;
const INT_PIN_CFG = 0x37;
const INT_ENABLE = 0x38;
const INT_STATUS = 0x3a;
const ACCEL_XOUT_H = 0x3b;
const SIGNAL_PATH_RESET = 0x68;
const USER_CTRL = 0x6a;
const PWR_MGMT_1 = 0x6b;
const PWR_MGMT_2 = 0x6c;
const FIFO_COUNTH = 0x72;
const FIFO_COUNTL = 0x73;
const FIFO_R_W = 0x74;
const WHO_AM_I = 0x75;

/** Bits that do something here; others set are named. */
const WRITABLE: Readonly<Record<number, number>> = {
  [SMPLRT_DIV]: 0xff,
  [CONFIG]: 0x07,
  [GYRO_CONFIG]: 0x18,
  [ACCEL_CONFIG]: 0x18,
  [FIFO_EN]: 0xf8,
  [INT_PIN_CFG]: 0xf0,
  [INT_ENABLE]: 0x11,
  [SIGNAL_PATH_RESET]: 0x07,
  [USER_CTRL]: 0x45,
  [PWR_MGMT_1]: 0xcf,
  [PWR_MGMT_2]: 0x3f,
  [FIFO_R_W]: 0xff,
};

const DATA_RDY = 1;
const FIFO_OFLOW = 1 << 4;
const FIFO_BYTES = 1024;
const DATA_BYTES = 14;
/** Without LATCH_INT_EN the pin gives pulses of 50 µs (4.15). */
const PULSE_US = 50;
const GYRO_LSB_PER_DEGREE = [131, 65.5, 32.8, 16.4];
const ACCEL_LSB_PER_G = [16384, 8192, 4096, 2048];
const DEGREES = 180 / Math.PI;
/** 25 °C: degrees = TEMP_OUT / 340 + 36.53 (4.18). */
const TEMPERATURE = Math.round((25 - 36.53) * 340);

export class Mpu6050 implements I2cDevice, OutsidePart {
  readonly address: number;
  readonly #options: Mpu6050Options;
  readonly #registers = new Uint8Array(128);
  /** The data registers as they read, and as they will once the bus is idle (4.17). */
  readonly #data = new Uint8Array(DATA_BYTES);
  readonly #latest = new Uint8Array(DATA_BYTES);
  readonly #felt = new Float64Array(IMU_AXES);
  readonly #fifo = new Uint8Array(FIFO_BYTES);
  #fifoHead = 0;
  #fifoCount = 0;
  #fifoLast = 0;
  #countLow = 0;
  #status = 0;
  #pointer = 0;
  #pointerExpected = false;
  #onBus = false;
  #powered = false;
  /** Sample n is taken at #startUs + (n + 1) periods. */
  #startUs = 0;
  #taken = 0;
  #periodUs = 0;
  #pin = false;
  #pulseEndsUs = Infinity;

  constructor(options: Mpu6050Options) {
    this.#options = options;
    this.address = options.address ?? 0x68;
    this.#setDefaults();
  }

  get nextUs(): number {
    if (!this.#powered) return Infinity;
    const watched = (this.#registers[INT_ENABLE]! & (DATA_RDY | FIFO_OFLOW)) !== 0;
    return Math.min(this.#pulseEndsUs, watched ? this.#nextSampleUs() : Infinity);
  }

  /** Takes the samples that are due until `us`; nothing is computed while nobody looks. */
  advanceTo(us: number): void {
    if (!this.#powered) return;
    this.#skipForgotten(us);
    for (;;) {
      const sampleUs = this.#nextSampleUs();
      if (this.#pulseEndsUs <= Math.min(us, sampleUs)) this.#endPulse();
      else if (sampleUs <= us) this.#sample(sampleUs);
      else return;
    }
  }

  powerOn(us: number): void {
    this.#powered = true;
    this.#setDefaults();
    this.#fifoLast = 0;
    this.#data.fill(0);
    this.#latest.fill(0);
    this.#restart(us);
    this.#drivePin(us);
  }

  powerOff(_us: number): void {
    this.#powered = false;
    this.#onBus = false;
  }

  start(read: boolean, timeUs: number): boolean {
    if (!this.#powered) return false;
    this.advanceTo(timeUs);
    this.#data.set(this.#latest);
    this.#onBus = true;
    if (!read) this.#pointerExpected = true;
    return true;
  }

  write(byte: number, timeUs: number): boolean {
    this.advanceTo(timeUs);
    if (this.#pointerExpected) {
      this.#pointer = byte & 0x7f;
      this.#pointerExpected = false;
      return true;
    }
    this.#writeRegister(this.#pointer, byte, timeUs);
    if (this.#pointer !== FIFO_R_W) this.#pointer = (this.#pointer + 1) & 0x7f;
    this.#options.changed();
    return true;
  }

  read(timeUs: number): number {
    this.advanceTo(timeUs);
    const value = this.#readRegister(this.#pointer);
    if (this.#pointer !== FIFO_R_W) this.#pointer = (this.#pointer + 1) & 0x7f;
    // 4.15: the status is cleared by reading it, or by any read
    if (this.#pointer === INT_STATUS + 1 || this.#registers[INT_PIN_CFG]! & 0x10) this.#clearStatus(timeUs);
    return value;
  }

  stop(timeUs: number): void {
    this.advanceTo(timeUs);
    this.#onBus = false;
    this.#pointerExpected = false;
    this.#data.set(this.#latest);
  }

  #setDefaults(): void {
    this.#registers.fill(0);
    this.#registers[PWR_MGMT_1] = 0x40;
    this.#fifoHead = this.#fifoCount = this.#status = 0;
    this.#pulseEndsUs = Infinity;
  }

  #running(): boolean {
    const power = this.#registers[PWR_MGMT_1]!;
    return this.#powered && (power & 0x40) === 0 && (power & 7) !== 7;
  }

  /** 4.2: gyroscope output rate 8 kHz with the filter off (DLPF_CFG 0 or 7), else 1 kHz, over 1 + SMPLRT_DIV. */
  #restart(us: number): void {
    const filter = this.#registers[CONFIG]! & 7;
    const baseHz = filter === 0 || filter === 7 ? 8000 : 1000;
    const fast = 1 + (this.#options.clockErrorPpm ?? 0) * 1e-6;
    this.#periodUs = (1e6 * (1 + this.#registers[SMPLRT_DIV]!)) / (baseHz * fast);
    this.#startUs = us;
    this.#taken = 0;
  }

  #nextSampleUs(): number {
    return this.#running() ? this.#startUs + (this.#taken + 1) * this.#periodUs : Infinity;
  }

  /** After a long time without a look, only what still fits the FIFO matters. */
  #skipForgotten(us: number): void {
    if (!this.#running()) return;
    const due = Math.floor((us - this.#startUs) / this.#periodUs) - this.#taken;
    if (due <= FIFO_BYTES) return;
    this.#taken += due - FIFO_BYTES;
    if (this.#fifoOn()) this.#raise(FIFO_OFLOW, us);
  }

  #fifoOn(): boolean {
    return (this.#registers[USER_CTRL]! & 0x40) !== 0 && this.#registers[FIFO_EN] !== 0;
  }

  #sample(timeUs: number): void {
    this.#taken++;
    this.#options.source(timeUs, this.#felt);
    const accelLsb = ACCEL_LSB_PER_G[(this.#registers[ACCEL_CONFIG]! >> 3) & 3]! / STANDARD_GRAVITY;
    const gyroLsb = GYRO_LSB_PER_DEGREE[(this.#registers[GYRO_CONFIG]! >> 3) & 3]! * DEGREES;
    const standby = this.#registers[PWR_MGMT_2]!;
    for (let axis = 0; axis < IMU_AXES; axis++) {
      const off = ((standby >> (5 - axis)) & 1) === 1;
      const scale = axis < 3 ? accelLsb : gyroLsb;
      this.#put(axis < 3 ? axis : axis + 1, off ? 0 : saturated(this.#felt[axis]! * scale));
    }
    this.#put(3, this.#registers[PWR_MGMT_1]! & 0x08 ? 0 : TEMPERATURE);
    if (!this.#onBus) this.#data.set(this.#latest);
    if (this.#fifoOn()) this.#toFifo(timeUs);
    this.#raise(DATA_RDY, timeUs);
  }

  /** Word n of the data registers, high byte first. */
  #put(n: number, value: number): void {
    this.#latest[2 * n] = (value >> 8) & 0xff;
    this.#latest[2 * n + 1] = value & 0xff;
  }

  /** 4.6: what FIFO_EN names, in the order of the registers. Bits: temperature 7, gyroscope 6–4, accelerometer 3. */
  #toFifo(timeUs: number): void {
    const chosen = this.#registers[FIFO_EN]!;
    for (let n = 0; n < DATA_BYTES / 2; n++) {
      const bit = n < 3 ? 3 : n === 3 ? 7 : 10 - n;
      if (!((chosen >> bit) & 1)) continue;
      this.#pushFifo(this.#latest[2 * n]!, timeUs);
      this.#pushFifo(this.#latest[2 * n + 1]!, timeUs);
    }
  }

  /** 4.31: when it is full, the oldest byte is lost and the overflow flag set. */
  #pushFifo(byte: number, timeUs: number): void {
    if (this.#fifoCount === FIFO_BYTES) {
      this.#fifoHead = (this.#fifoHead + 1) % FIFO_BYTES;
      this.#fifoCount--;
      this.#raise(FIFO_OFLOW, timeUs);
    }
    this.#fifo[(this.#fifoHead + this.#fifoCount) % FIFO_BYTES] = byte;
    this.#fifoCount++;
  }

  #popFifo(): number {
    if (this.#fifoCount > 0) {
      this.#fifoLast = this.#fifo[this.#fifoHead]!;
      this.#fifoHead = (this.#fifoHead + 1) % FIFO_BYTES;
      this.#fifoCount--;
    }
    return this.#fifoLast;
  }

  #readRegister(register: number): number {
    if (register >= ACCEL_XOUT_H && register < ACCEL_XOUT_H + DATA_BYTES)
      return this.#data[register - ACCEL_XOUT_H]!;
    switch (register) {
      case INT_STATUS:
        return this.#status;
      case FIFO_COUNTH:
        this.#countLow = this.#fifoCount & 0xff; // 4.30: the high byte latches both
        return this.#fifoCount >> 8;
      case FIFO_COUNTL:
        return this.#countLow;
      case FIFO_R_W:
        return this.#popFifo();
      case WHO_AM_I:
        return 0x68;
      default:
        return this.#registers[register]!;
    }
  }

  #writeRegister(register: number, value: number, timeUs: number): void {
    const writable = WRITABLE[register];
    if (writable === undefined || (value & ~writable) !== 0) this.#options.unmodelled(register, value);
    if (writable === undefined) return;
    const was = this.#registers[register]!;
    if (register === PWR_MGMT_1 && value & 0x80) {
      this.#setDefaults();
      this.#restart(timeUs);
    } else if (register === FIFO_R_W) this.#pushFifo(value, timeUs);
    else if (register === USER_CTRL) this.#userControl(value);
    else if (register !== SIGNAL_PATH_RESET) this.#registers[register] = value & writable;
    const retimes = register === SMPLRT_DIV || register === CONFIG || register === PWR_MGMT_1;
    if (retimes && was !== this.#registers[register]) this.#restart(timeUs);
    this.#drivePin(timeUs);
  }

  /** FIFO_EN stays, FIFO_RESET and SIG_COND_RESET clear themselves. */
  #userControl(value: number): void {
    this.#registers[USER_CTRL] = value & 0x40;
    if (value & 0x04) this.#fifoHead = this.#fifoCount = 0;
    if (value & 0x01) this.#latest.fill(0);
  }

  #raise(bit: number, timeUs: number): void {
    this.#status |= bit;
    if ((this.#registers[INT_ENABLE]! & bit) === 0) return;
    if (!(this.#registers[INT_PIN_CFG]! & 0x20)) this.#pulseEndsUs = timeUs + PULSE_US;
    this.#drivePin(timeUs);
  }

  #clearStatus(timeUs: number): void {
    this.#status = 0;
    this.#drivePin(timeUs);
  }

  #endPulse(): void {
    const us = this.#pulseEndsUs;
    this.#pulseEndsUs = Infinity;
    this.#drivePin(us);
  }

  /** INT_LEVEL 1 turns it round; open drain (INT_OPEN) drives low and lets go, which the pad's pull makes high. */
  #drivePin(timeUs: number): void {
    const config = this.#registers[INT_PIN_CFG]!;
    const latched = (config & 0x20) !== 0;
    const active = latched
      ? (this.#status & this.#registers[INT_ENABLE]!) !== 0
      : this.#pulseEndsUs !== Infinity;
    const level = active !== ((config & 0x80) !== 0);
    if (level === this.#pin) return;
    this.#pin = level;
    this.#options.interrupt(level, timeUs);
  }
}

function saturated(value: number): number {
  return Math.min(32767, Math.max(-32768, Math.round(value)));
}
