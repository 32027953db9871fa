import { WallClock, type Clock } from '../base/clock.ts';
import { fail, failureText, ok, type Failure, type Result } from '../base/errors.ts';
import type { Link } from '../link/link.ts';
import type { Programmer } from '../link/programmer.ts';
import type { CodeCounts } from './code-counts.ts';
import { sameDiagnosis, type Diagnosis } from './diagnoses.ts';
import type { PicoCurrentOptions } from './current-model.ts';
import type { Ppk2Faults } from './monitors/ppk2-twin.ts';
import type { EmulatedMonitor } from './monitors/twins.ts';
import { FLASH_BYTES } from './pico/core/core.ts';
import { readUf2Image, type Uf2Image } from './pico/uf2.ts';
import type { Sensors } from './sensors/attach.ts';
import { RunRecorder, type RunRecording } from './replay.ts';
import { SimulatedLink } from './simulated-link.ts';
import { VirtualTime } from './virtual-time.ts';
import { InProcessHost, WorkerHost, type WorldHost } from './world-host.ts';
import type { AdvanceReply, PinEdges, WireName, WorldOptions } from './world.ts';

export interface SimulatedBenchOptions {
  /** Seeds the hidden current model and the monitor's noise. */
  readonly seed: number;
  readonly currentModel?: Omit<PicoCurrentOptions, 'seed'>;
  /**
   * Which monitor lies in the board's supply. The board is off until it switches it on; with `ina`, which only measures,
   * and with `none` it is powered from the start.
   */
  readonly monitor: EmulatedMonitor | 'none';
  readonly monitorFaults?: Ppk2Faults;
  /** `real` ties virtual time to the wall clock, for people and third-party clients. Default `free`. */
  readonly pace?: 'free' | 'real';
  /** Runs the world in this thread instead of a worker. Results are the same. */
  readonly inProcess?: boolean;
  /** For tests: how many cycles the interpreter runs at once. Never changes a result. */
  readonly sliceCycles?: number;
  /** The emulated core never waits for flash: for comparisons. Default: as the XIP cache and the flash chip have it. */
  readonly zeroWait?: boolean;
  /** How far back worldEnergy and worldCharge reach, virtual µs. Default: to the beginning. */
  readonly historyUs?: number;
  /** An inertial sensor, an analogue microphone. */
  readonly sensors?: Sensors;
  /** A USB cable to a computer, whose serial port is `usb`. Default: none. */
  readonly usb?: boolean;
  /** GPIOs whose edges `onPins` gets, a bit a pin. */
  readonly pinMask?: number;
  readonly onPins?: (edges: PinEdges) => void;
  /** Keeps all input, for `recording()`, with a hash of the board's state so often, virtual µs. */
  readonly recordHashUs?: number;
}

/** One emulated Pico and, if asked for, one emulated PPK2 in one virtual time. */
export interface SimulatedBench extends AsyncDisposable {
  readonly clock: Clock;
  readonly dut: Link;
  readonly monitor: Link | null;
  /** The board's second UART, whichever pins it is on. */
  readonly uart1: Link;
  /**
   * The serial port the board shows over USB (CDC-ACM); null without a cable. What is written before the port is there
   * waits for it.
   */
  readonly usb: Link | null;
  /** Bytes for `usb` that the board has not taken yet, as of the last advance. */
  readonly usbWaitingBytes: number;
  readonly programmer: Programmer;
  /** The computer's end of both UARTs takes the board's rate, whatever it is. */
  followBoardRate(): void;
  /** What silicon would let pass in silence, in the order it was first seen. */
  readonly diagnoses: readonly Diagnosis[];
  /** The board waits in its ROM for a UF2, as of the last advance. */
  readonly bootsel: boolean;
  /** Why the emulated board stopped, as of the last advance; null while it runs. */
  readonly fault: Failure | null;
  /** In WFI or WFE, as of the last advance. */
  readonly asleep: boolean;
  /** A cable pulled: the link ends unexpectedly; the monitor's takes the board's supply with it. */
  unplug(wire: 'dut' | 'monitor' | 'usb'): void;
  /** Plugged in again: a new link to the same device. */
  replug(wire: 'dut' | 'monitor' | 'usb'): Link;
  /** Everything the board was given so far, to let the run happen again (`replay`); null where nothing is kept. */
  recording(): RunRecording | null;
  /** Counts what every instruction costs from now on, split by the operators on the pins; null: not split. */
  startCodeCounts(operators: number | null): void;
  takeCodeCounts(): Promise<CodeCounts>;
  /** The exact energy the board took between two virtual times, J. For tests only. */
  worldEnergy(fromUs: number, toUs: number): Promise<number>;
  /** The exact charge, C. For tests only. */
  worldCharge(fromUs: number, toUs: number): Promise<number>;
}

export async function openSimulatedBench(options: SimulatedBenchOptions): Promise<Result<SimulatedBench>> {
  const worldOptions: WorldOptions = {
    seed: options.seed,
    monitor: options.monitor,
    ...(options.currentModel ? { currentModel: options.currentModel } : {}),
    ...(options.monitorFaults ? { monitorFaults: options.monitorFaults } : {}),
    ...(options.sliceCycles ? { sliceCycles: options.sliceCycles } : {}),
    ...(options.zeroWait === undefined ? {} : { zeroWait: options.zeroWait }),
    ...(options.sensors ? { sensors: options.sensors } : {}),
    ...(options.usb ? { usb: true } : {}),
    ...(options.historyUs === undefined ? {} : { historyUs: options.historyUs }),
    ...(options.pinMask === undefined ? {} : { pinMask: options.pinMask }),
    ...(options.recordHashUs === undefined ? {} : { hashEveryUs: options.recordHashUs }),
  };
  const recorder = options.recordHashUs === undefined ? null : new RunRecorder(worldOptions);
  const host = options.inProcess
    ? new InProcessHost(worldOptions, recorder)
    : new WorkerHost(worldOptions, recorder);
  return ok(new Bench(host, options, recorder));
}

class Bench implements SimulatedBench {
  readonly #host: WorldHost;
  readonly #recorder: RunRecorder | null;
  readonly #time: VirtualTime;
  readonly programmer: Programmer;
  readonly #monitorAddress: string;
  readonly diagnoses: Diagnosis[] = [];
  readonly #onPins: ((edges: PinEdges) => void) | undefined;
  readonly #uart1: SimulatedLink;
  #dut: SimulatedLink;
  #usb: SimulatedLink | null;
  #monitor: SimulatedLink | null;
  #fault: Failure | null = null;
  #usbWaitingBytes = 0;
  #asleep = false;
  #bootsel = false;

  constructor(host: WorldHost, options: SimulatedBenchOptions, recorder: RunRecorder | null) {
    this.#host = host;
    this.#recorder = recorder;
    this.#time = new VirtualTime({
      host,
      deliver: (reply) => this.#deliver(reply),
      hasPassiveReader: () =>
        this.#dut.hasPassiveReader ||
        this.#uart1.hasPassiveReader ||
        (this.#usb?.hasPassiveReader ?? false) ||
        (this.#monitor?.hasPassiveReader ?? false),
      wall: options.pace === 'real' ? new WallClock() : null,
      broken: (reason) => this.#closeLinks(reason.message, false),
    });
    this.#onPins = options.onPins;
    this.#dut = this.#link('dut');
    this.#uart1 = this.#link('uart1');
    this.#usb = options.usb ? this.#link('usb') : null;
    this.#monitorAddress = `sim:${options.monitor}`;
    this.#monitor = options.monitor === 'none' ? null : this.#link('monitor');
    this.programmer = this.#createProgrammer();
  }

  get clock(): Clock {
    return this.#time;
  }
  get dut(): Link {
    return this.#dut;
  }
  get uart1(): Link {
    return this.#uart1;
  }
  get usb(): Link | null {
    return this.#usb;
  }
  get usbWaitingBytes(): number {
    return this.#usbWaitingBytes;
  }
  get monitor(): Link | null {
    return this.#monitor;
  }
  get bootsel(): boolean {
    return this.#bootsel;
  }
  get fault(): Failure | null {
    return this.#fault;
  }
  get asleep(): boolean {
    return this.#asleep;
  }

  followBoardRate(): void {
    for (const wire of ['dut', 'uart1'] as const) this.#host.setBaud(wire, 0);
  }

  unplug(wire: 'dut' | 'monitor' | 'usb'): void {
    if (wire === 'monitor') this.#host.unplugMonitor();
    if (wire === 'usb') this.#host.setUsbPlugged(false);
    (wire === 'dut' ? this.#dut : wire === 'usb' ? this.#usb : this.#monitor)?.close('unplugged', false);
  }

  replug(wire: 'dut' | 'monitor' | 'usb'): Link {
    const link = this.#link(wire);
    if (wire === 'usb') this.#host.setUsbPlugged(true);
    if (wire === 'dut') this.#dut = link;
    else if (wire === 'usb') this.#usb = link;
    else this.#monitor = link;
    return link;
  }

  recording(): RunRecording | null {
    return this.#recorder?.recording() ?? null;
  }

  startCodeCounts(operators: number | null): void {
    this.#host.startCodeCounts(operators);
  }

  takeCodeCounts(): Promise<CodeCounts> {
    return this.#host.takeCodeCounts();
  }

  worldEnergy(fromUs: number, toUs: number): Promise<number> {
    return this.#host.energyJ(fromUs, toUs);
  }

  worldCharge(fromUs: number, toUs: number): Promise<number> {
    return this.#host.chargeC(fromUs, toUs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closeLinks('the bench was closed', true);
    this.#time.close();
    await this.#host[Symbol.asyncDispose]();
  }

  #link(wire: WireName): SimulatedLink {
    return new SimulatedLink({
      address: wire === 'monitor' ? this.#monitorAddress : `sim:pico/${wire === 'dut' ? 'uart0' : wire}`,
      wire,
      time: this.#time,
      write: (bytes) => this.#host.write(wire, bytes),
      setBaud: (baud) => (wire === 'monitor' ? undefined : this.#host.setBaud(wire, baud)),
    });
  }

  #createProgrammer(): Programmer {
    return {
      kind: 'sim',
      program: async (uf2, onProgress) => {
        const image = readUf2Image(uf2, FLASH_BYTES);
        if (!image.ok) return image;
        const started = await this.#start(image.value);
        if (!started.ok) return started;
        this.#revive();
        onProgress?.(1);
        return ok();
      },
      reset: async () => {
        if (await this.#host.reset()) {
          this.#revive();
          return ok();
        }
        return noPower();
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  async #start(image: Uf2Image): Promise<Result<void>> {
    if (image.kind === 'ram') return (await this.#host.loadRam(image.pages)) ? ok() : noPower();
    this.#host.program(image.pages);
    if (image.sparseSectors.length > 0)
      this.diagnoses.push({
        id: 'sim.diagnosis.uf2-sparse-sector',
        facts: { sectors: image.sparseSectors },
        cause: 'Sectors are filled only in part: the ROM of silicon can lose their pages (RP2040-E14).',
        next: 'Fill every sector but the last one completely.',
        firstUs: this.#time.nowUs(),
        count: 1,
      });
    return ok();
  }

  #revive(): void {
    if (this.#fault) this.#reopenLines();
    this.#fault = null;
  }

  #deliver(reply: AdvanceReply): void {
    this.#asleep = reply.asleep;
    this.#bootsel = reply.bootsel;
    this.#usbWaitingBytes = reply.usbWaitingBytes;
    for (const d of reply.diagnoses ?? []) this.#note(d);
    if (reply.pins) this.#onPins?.(reply.pins);
    if (reply.uart1) this.#uart1.arrive(reply.uart1);
    if (reply.usb) this.#usb?.arrive(reply.usb);
    if (reply.monitor) this.#monitor?.arrive(reply.monitor);
    if (reply.dut) this.#dut.arrive(reply.dut);
    if (reply.fault && !this.#fault) this.#stopLines(failureText(reply.fault));
    if (!reply.fault && this.#fault) this.#reopenLines();
    this.#fault = reply.fault;
  }

  #note(d: Diagnosis): void {
    const at = this.diagnoses.findIndex((known) => sameDiagnosis(known, d));
    if (at < 0) this.diagnoses.push(d);
    else this.diagnoses[at] = d;
  }

  #stopLines(reason: string): void {
    for (const line of [this.#dut, this.#uart1, this.#usb]) line?.close(reason, false);
  }

  #reopenLines(): void {
    for (const line of [this.#dut, this.#uart1, this.#usb]) line?.reopen();
  }

  #closeLinks(reason: string, expected: boolean): void {
    this.#dut.close(reason, expected);
    this.#uart1.close(reason, expected);
    this.#usb?.close(reason, expected);
    this.#monitor?.close(reason, expected);
  }
}

function noPower(): Result<never> {
  return fail('programmer.no-power', {}, 'The board has no power.', 'Switch the supply on first.');
}
