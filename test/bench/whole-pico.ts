/**
 * The whole emulated Pico while the prebuilt firmware infers our keyword spotter, for benchmarks: from power-on and warm,
 * and the same image in rp2040js, which has no boot ROM and starts at the application.
 */
import { join } from 'node:path';
import { orThrow } from '../../src-main/base/errors.ts';
import { prepare } from '../../src-main/core.ts';
import type { DutActivity } from '../../src-main/sim/parts.ts';
import { EmulatedPico } from '../../src-main/sim/pico/emulated-pico.ts';
import { HostUart } from '../../src-main/sim/host-uart.ts';
import { readUf2, type Uf2Page } from '../../src-main/sim/pico/uf2.ts';
import { root } from '../needs.ts';
import { Rp2040jsPico } from '../unit/firmware/rp2040js-pico.ts';

const CLOCK_HZ = 125e6;
const INPUT_BYTES = 490;
/** As MLPerf's runner loads, and then more inferences than any measurement lasts. */
const COMMANDS = [
  `db load ${INPUT_BYTES}%`,
  ...Array.from(
    { length: Math.ceil(INPUT_BYTES / 31) },
    (_, i) => `db ${'5a'.repeat(Math.min(31, INPUT_BYTES - 31 * i))}%`,
  ),
  'infer 100000 0%',
];
const STEP_US = 2_000;
const FLASH_BYTES = 2 * 1024 * 1024;

/** Seconds are those the measuring thread had a core: what else runs on the machine, it does not pay for. */
export interface Sample {
  readonly cycles: number;
  readonly seconds: number;
}

/** CPU time of this thread, s. */
export function threadSeconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
}

export function kwsSynPages(): readonly Uf2Page[] {
  const { image } = orThrow(prepare(join(root, 'models/kws-syn.tflite'), 'pico-emulated'));
  return orThrow(readUf2(image.uf2, FLASH_BYTES));
}

/** Runs in steps of virtual time until the thread has worked for `seconds`. */
function timed(seconds: number, cyclesNow: () => number, step: () => void): Sample {
  const from = cyclesNow();
  const began = threadSeconds();
  let elapsed = 0;
  while (elapsed < seconds) {
    step();
    elapsed = threadSeconds() - began;
  }
  return { cycles: cyclesNow() - from, seconds: elapsed };
}

/** Ours, with activity and UART connected as in the product. Counts cycles that were executed, not those slept through. */
export class BusyPico {
  readonly #began = threadSeconds();
  readonly #chip: EmulatedPico;
  #text = '';
  #us = 0;
  #asleepSinceUs: number | null = null;
  #sleptUs = 0;

  /** With a per-PC profile from power-on, or without. */
  constructor(pages: readonly Uf2Page[], profiled = false) {
    this.#chip = new EmulatedPico({ activity: { activity: (a) => this.#noteSleep(a) } });
    if (profiled) this.#chip.startProfile();
    const uart = new HostUart({
      toBoard: () => this.#chip.uartInput(0),
      arrived: (byte) => (this.#text += String.fromCharCode(byte)),
    });
    this.#chip.connectUart(0, uart);
    this.#chip.program(pages);
    this.#chip.setPower(true, 0);
    for (const command of COMMANDS) {
      this.#until('m-ready');
      this.#text = '';
      uart.write(Buffer.from(command), this.#us);
    }
    this.#until('m-infer-start');
  }

  /** The WebAssembly memory of one instance: flash, SRAM, decoded code, counts. */
  get memoryBytes(): number {
    return this.#chip.core.sram.buffer.byteLength;
  }

  /** From the chip's making on: boot and the commands are in it. */
  first(seconds: number): Sample {
    const left = seconds - (threadSeconds() - this.#began);
    this.run(Math.max(0, left));
    const slept = (this.#sleptUs * CLOCK_HZ) / 1e6;
    return { cycles: this.#chip.now() - slept, seconds: threadSeconds() - this.#began };
  }

  run(seconds: number): Sample {
    return timed(
      seconds,
      () => this.#chip.now(),
      () => this.#step(STEP_US),
    );
  }

  #noteSleep(a: DutActivity): void {
    if (this.#asleepSinceUs !== null) this.#sleptUs += a.timeUs - this.#asleepSinceUs;
    this.#asleepSinceUs = a.asleep ? a.timeUs : null;
  }

  #until(mark: string): void {
    while (!this.#text.includes(mark)) {
      if (this.#us > 5e6) throw new Error(`no ${mark}: ${this.#text}`);
      this.#step(100);
    }
  }

  #step(us: number): void {
    this.#chip.advanceTo((this.#us += us));
    if (this.#chip.failure) throw new Error(this.#chip.failure.cause);
    if (this.#chip.asleep && this.#text.includes('m-infer-start'))
      throw new Error('the firmware is not busy');
  }
}

/** The same bytes in rp2040js. */
export class BusyRp2040js {
  readonly #chip: Rp2040jsPico;

  constructor(pages: readonly Uf2Page[]) {
    const flash = new Uint8Array(FLASH_BYTES).fill(0xff);
    for (const page of pages) flash.set(page.bytes, page.offset);
    this.#chip = new Rp2040jsPico(flash);
    for (const command of COMMANDS) {
      this.#until('m-ready');
      this.#chip.type(command);
    }
    this.#until('m-infer-start');
  }

  first(seconds: number): Sample {
    return this.run(seconds);
  }

  run(seconds: number): Sample {
    return timed(
      seconds,
      () => (this.#chip.nowUs * CLOCK_HZ) / 1e6,
      () => void this.#chip.runUntil(() => false, STEP_US),
    );
  }

  #until(mark: string): void {
    if (!this.#chip.runUntil((text) => text.includes(mark), 5e6)) throw new Error(`no ${mark} from rp2040js`);
    this.#chip.take();
  }
}
