import type { Failure } from '../base/errors.ts';
import { ByteQueue } from './byte-queue.ts';
import { createPicoCurrentModel, type PicoCurrentOptions } from './current-model.ts';
import { HostUart } from './host-uart.ts';
import type { Ppk2Faults } from './monitors/ppk2-twin.ts';
import { createMonitorTwin, suppliesBoard, type EmulatedMonitor } from './monitors/twins.ts';
import { EmulatedPico } from './pico/emulated-pico.ts';
import type { Uf2Page } from './pico/uf2.ts';
import type { MonitorTwin } from './parts.ts';
import { WorldIntegral } from './world-integral.ts';

/** Wires between the simulated world and the product. */
export type WireName = 'dut' | 'monitor';

export interface WorldOptions {
  readonly seed: number;
  readonly monitor: EmulatedMonitor | 'none';
  readonly currentModel?: Omit<PicoCurrentOptions, 'seed'>;
  readonly monitorFaults?: Ppk2Faults;
  /** For tests: how many cycles the interpreter runs at once. Never changes a result. */
  readonly sliceCycles?: number;
  /** The emulated core never waits for flash: for comparisons. */
  readonly zeroWait?: boolean;
  /** How far back the exact integral reaches, virtual µs; a world that runs for days keeps no more. Default: all. */
  readonly historyUs?: number;
}

/** Ends an advance early: a byte value, or so many bytes in all, have come out of a wire. */
export interface Watch {
  readonly wire: WireName;
  readonly until?: number;
  readonly atLeast: number;
}

export interface AdvanceRequest {
  readonly deadlineUs: number;
  readonly watches: readonly Watch[];
}

export interface AdvanceReply {
  readonly nowUs: number;
  readonly dut: Uint8Array | null;
  readonly monitor: Uint8Array | null;
  /** Why the emulated board stopped, while it stands. */
  readonly fault: Failure | null;
  readonly asleep: boolean;
}

/** A full-speed USB device hands over what it has once a millisecond. */
const USB_FRAME_US = 1000;
const SUPPLY_V = 3.3;
/** Old steps of the integral are given up so often, not at every one. */
const FORGET_EVERY_US = 1_000_000;

/**
 * One board, one monitor, one current model in virtual time: no threads, no promises, no clock but its own.
 * The worker and the in-process bench drive the same object with the same requests.
 */
export class World {
  readonly pico: EmulatedPico;
  readonly #monitor: MonitorTwin | null;
  readonly #integral = new WorldIntegral();
  readonly #host: HostUart;
  readonly #dutOutput = new ByteQueue();
  readonly #monitorOutput = new ByteQueue();
  #volts = SUPPLY_V;
  #nowUs = 0;
  #dutWatch: Watch | null = null;
  readonly #historyUs: number;
  #forgottenUs = 0;

  constructor(options: WorldOptions) {
    const { seed, sliceCycles, zeroWait } = options;
    this.#historyUs = options.historyUs ?? Infinity;
    const model = createPicoCurrentModel({ ...options.currentModel, seed });
    model.connect(this.#integral);
    this.pico = new EmulatedPico({
      activity: model,
      ...(sliceCycles ? { sliceCycles } : {}),
      ...(zeroWait === undefined ? {} : { zeroWait }),
    });
    this.#host = new HostUart({
      toBoard: () => (this.pico.powered ? this.pico.uartInput(0) : null),
      arrived: (byte) => this.#fromBoard(byte),
    });
    this.pico.connectUart(0, this.#host);
    this.#monitor = options.monitor === 'none' ? null : this.#createMonitor(options.monitor, options);
    if (this.#monitor) model.connect(this.#monitor);
    if (options.monitor === 'none' || !suppliesBoard(options.monitor)) this.pico.setPower(true, 0);
  }

  get nowUs(): number {
    return this.#nowUs;
  }

  /** Time goes on to the deadline or to the first watched output, whichever is earlier. */
  advance(request: AdvanceRequest): AdvanceReply {
    const { deadlineUs, watches } = request;
    this.#dutWatch = watches.find((w) => w.wire === 'dut') ?? null;
    const monitorWatch = watches.find((w) => w.wire === 'monitor') ?? null;
    const stopped = this.pico.failure;
    while (this.#nowUs < deadlineUs) {
      if (monitorWatch && satisfied(this.#monitorOutput, monitorWatch)) break;
      if (this.#dutWatch && satisfied(this.#dutOutput, this.#dutWatch)) break;
      this.#step(monitorWatch ? Math.min(deadlineUs, this.#nextFrameUs()) : deadlineUs);
      if (this.pico.failure !== stopped) break;
    }
    return this.#reply();
  }

  write(wire: WireName, bytes: Uint8Array): void {
    if (wire === 'dut') this.#host.write(bytes, this.#nowUs);
    else this.#monitor?.receive(bytes);
  }

  setBaud(baud: number): void {
    this.#host.setBaud(baud);
  }

  /** The whole flash is replaced; a powered board starts from its new contents. */
  program(pages: readonly Uf2Page[]): void {
    this.pico.program(pages);
    this.reset();
  }

  /** The RUN pin. False when the board has no power. */
  reset(): boolean {
    if (!this.pico.powered) return false;
    this.pico.reset();
    return true;
  }

  /** Pulling the monitor's plug: what it supplied over it is without power. */
  unplugMonitor(): void {
    this.#monitor?.unplug();
    this.#monitorOutput.take();
  }

  /** ∫ I dt of the hidden current, C: what measurements are held against. */
  chargeC(fromUs: number, toUs: number): number {
    return this.#integral.chargeC(fromUs, toUs);
  }

  /** The charge times the voltage the board is supplied with now, J. */
  energyJ(fromUs: number, toUs: number): number {
    return this.chargeC(fromUs, toUs) * this.#volts;
  }

  #createMonitor(kind: EmulatedMonitor, options: WorldOptions): MonitorTwin {
    return createMonitorTwin({
      kind,
      seed: options.seed,
      power: { setPower: (on, volts) => this.#power(on, volts) },
      ...(options.monitorFaults ? { faults: options.monitorFaults } : {}),
    });
  }

  #power(on: boolean, volts: number): void {
    this.#volts = volts;
    this.pico.setPower(on, this.#nowUs);
  }

  #step(untilUs: number): void {
    const { failure } = this.pico;
    const reached = this.pico.advanceTo(untilUs);
    const stopped = this.pico.failure !== failure;
    const endUs = stopped ? this.pico.timeUs : reached ? untilUs : this.pico.pausedUs;
    this.#nowUs = Math.min(untilUs, Math.max(this.#nowUs, endUs));
    if (this.#nowUs - this.#historyUs > this.#forgottenUs + FORGET_EVERY_US) {
      this.#forgottenUs = this.#nowUs - this.#historyUs;
      this.#integral.forgetBefore(this.#forgottenUs);
    }
    if (!this.#monitor) return;
    this.#monitor.advanceTo(this.#nowUs);
    const sent = this.#monitor.takeOutput();
    if (sent) this.#monitorOutput.append(sent);
  }

  #nextFrameUs(): number {
    return (Math.floor(this.#nowUs / USB_FRAME_US) + 1) * USB_FRAME_US;
  }

  #fromBoard(byte: number): void {
    this.#dutOutput.push(byte);
    if (this.#dutWatch && (byte === this.#dutWatch.until || satisfied(this.#dutOutput, this.#dutWatch)))
      this.pico.requestPause();
  }

  #reply(): AdvanceReply {
    return {
      nowUs: this.#nowUs,
      dut: this.#dutOutput.length > 0 ? this.#dutOutput.take() : null,
      monitor: this.#monitorOutput.length > 0 ? this.#monitorOutput.take() : null,
      fault: this.pico.failure,
      asleep: this.pico.asleep,
    };
  }
}

function satisfied(output: ByteQueue, watch: Watch): boolean {
  if (output.length >= watch.atLeast) return true;
  return watch.until !== undefined && output.includes(watch.until);
}
