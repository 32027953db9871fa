import type { FactValue, Failure } from '../base/errors.ts';
import { ByteQueue } from './byte-queue.ts';
import { CodeCounter, type CodeCounts } from './code-counts.ts';
import type { Diagnosis } from './diagnoses.ts';
import { createPicoCurrentModel, type PicoCurrentOptions } from './current-model.ts';
import { HostUart } from './host-uart.ts';
import type { Ppk2Faults } from './monitors/ppk2-twin.ts';
import { createMonitorTwin, suppliesBoard, type EmulatedMonitor } from './monitors/twins.ts';
import { EmulatedPico } from './pico/emulated-pico.ts';
import { hertz } from './pico/frequency.ts';
import type { RamPage, Uf2Page } from './pico/uf2.ts';
import type { ActivitySink, DutActivity, MonitorTwin } from './parts.ts';
import { StateHasher, type StateHash } from './state-hash.ts';
import { attachSensors, type Sensors } from './sensors/attach.ts';
import { UsbHost } from './usb/usb-host.ts';
import { WorldIntegral } from './world-integral.ts';

/** Wires between the simulated world and the product. */
export type WireName = 'dut' | 'uart1' | 'usb' | 'monitor';

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
  /** What is soldered to the board's pins. */
  readonly sensors?: Sensors;
  /** Hashes of the board's state are handed out this often, virtual µs: proofs that a replay is the same. Default: none. */
  readonly hashEveryUs?: number;
  /** A computer is at the other end of a USB cable; its serial port is the wire `usb`. Default: no cable. */
  readonly usb?: boolean;
  /** GPIOs whose edges are handed out, a bit a pin. Default: none. */
  readonly pinMask?: number;
}

/** Levels of the chosen GPIOs, each from its time on. In step. */
export interface PinEdges {
  readonly timesUs: number[];
  readonly levels: number[];
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
  readonly uart1: Uint8Array | null;
  readonly usb: Uint8Array | null;
  /** Bytes for the USB serial port that the board has not taken yet. */
  readonly usbWaitingBytes: number;
  readonly monitor: Uint8Array | null;
  /** Why the emulated board stopped, while it stands. */
  readonly fault: Failure | null;
  readonly asleep: boolean;
  /** The ROM waits for a UF2. */
  readonly bootsel: boolean;
  /** Named for the first time since the last reply. */
  readonly diagnoses: readonly Diagnosis[] | null;
  readonly pins: PinEdges | null;
  readonly hashes: readonly StateHash[] | null;
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
  readonly #hosts: Readonly<Record<'dut' | 'uart1', HostUart>>;
  readonly #dutOutput = new ByteQueue();
  readonly #uart1Output = new ByteQueue();
  readonly #usb: UsbHost | null;
  readonly #usbOutput = new ByteQueue();
  readonly #monitorOutput = new ByteQueue();
  #volts = SUPPLY_V;
  #nowUs = 0;
  readonly #watches: { dut: Watch | null; uart1: Watch | null; usb: Watch | null } = {
    dut: null,
    uart1: null,
    usb: null,
  };
  readonly #pinMask: number;
  #pinLevels = 0;
  #pinEdges: PinEdges = { timesUs: [], levels: [] };
  readonly #historyUs: number;
  #forgottenUs = 0;
  readonly #code: CodeCounter;
  readonly #hashEveryUs: number;
  readonly #hasher: StateHasher;
  #nextHashUs: number;
  #hashes: StateHash[] = [];

  constructor(options: WorldOptions) {
    const { seed, sliceCycles, zeroWait } = options;
    this.#historyUs = options.historyUs ?? Infinity;
    const model = createPicoCurrentModel({ ...options.currentModel, seed });
    model.connect(this.#integral);
    this.#pinMask = options.pinMask ?? 0;
    this.pico = new EmulatedPico({
      activity: { activity: (a) => this.#onActivity(model, a) },
      seed,
      ...(sliceCycles ? { sliceCycles } : {}),
      ...(zeroWait === undefined ? {} : { zeroWait }),
    });
    this.#code = new CodeCounter(this.pico);
    this.#hasher = new StateHasher(this.pico);
    this.#hashEveryUs = options.hashEveryUs ?? Infinity;
    this.#nextHashUs = this.#hashEveryUs;
    if (options.sensors) attachSensors(this.pico, options.sensors);
    this.#hosts = { dut: this.#createHost(0), uart1: this.#createHost(1) };
    this.#usb = options.usb ? this.#createUsbHost() : null;
    this.#usb?.plug();
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
    this.#watches.dut = watches.find((w) => w.wire === 'dut') ?? null;
    this.#watches.uart1 = watches.find((w) => w.wire === 'uart1') ?? null;
    this.#watches.usb = watches.find((w) => w.wire === 'usb') ?? null;
    const monitorWatch = watches.find((w) => w.wire === 'monitor') ?? null;
    const stopped = this.pico.failure;
    while (this.#nowUs < deadlineUs) {
      if (monitorWatch && satisfied(this.#monitorOutput, monitorWatch)) break;
      const { dut, uart1, usb } = this.#watches;
      if (usb && satisfied(this.#usbOutput, usb)) break;
      if ((dut && satisfied(this.#dutOutput, dut)) || (uart1 && satisfied(this.#uart1Output, uart1))) break;
      const untilUs = monitorWatch ? Math.min(deadlineUs, this.#nextFrameUs()) : deadlineUs;
      this.#step(Math.min(untilUs, this.#nextHashUs));
      if (this.pico.failure !== stopped) break;
    }
    return this.#reply();
  }

  write(wire: WireName, bytes: Uint8Array): void {
    if (wire === 'monitor') this.#monitor?.receive(bytes);
    else if (wire === 'usb') this.#usb?.write(bytes, this.#nowUs);
    else this.#hosts[wire].write(bytes, this.#nowUs);
  }

  /** The line rate of the computer's end; 0: whatever the board's is. */
  setBaud(wire: 'dut' | 'uart1' | 'usb', baud: number): void {
    if (wire === 'usb') this.#usb?.setBaud(baud);
    else if (baud > 0) this.#hosts[wire].setBaud(baud);
    else this.#hosts[wire].follow();
  }

  /** The whole flash is replaced; a powered board starts from its new contents. */
  program(pages: readonly Uf2Page[]): void {
    this.pico.program(pages);
    this.reset();
  }

  /** A RAM image starts as the ROM's loader starts it; false when the board has no power. */
  loadRam(pages: readonly RamPage[]): boolean {
    if (!this.pico.powered) return false;
    this.pico.loadRam(pages);
    return true;
  }

  /** The RUN pin. False when the board has no power. */
  reset(): boolean {
    if (!this.pico.powered) return false;
    this.pico.reset();
    return true;
  }

  /** The USB cable; what it carries is lost while it is out. */
  setUsbPlugged(plugged: boolean): void {
    if (plugged) this.#usb?.plug();
    else this.#usb?.unplug();
  }

  /** Pulling the monitor's plug: what it supplied over it is without power. */
  unplugMonitor(): void {
    this.#monitor?.unplug();
    this.#monitorOutput.take();
  }

  /** Counts what every instruction costs, by the operators on the pins; `operators` of one inference, null: in one. */
  startCodeCounts(operators: number | null): void {
    this.#code.start(operators);
  }

  /** Ends counting. */
  takeCodeCounts(): CodeCounts {
    const { sys } = this.pico.blocks.clocks.tree;
    return this.#code.take(sys ? hertz(sys) : 0);
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
    if (this.#nowUs >= this.#nextHashUs) this.#hash();
    if (this.#nowUs - this.#historyUs > this.#forgottenUs + FORGET_EVERY_US) {
      this.#forgottenUs = this.#nowUs - this.#historyUs;
      this.#integral.forgetBefore(this.#forgottenUs);
    }
    if (!this.#monitor) return;
    this.#monitor.advanceTo(this.#nowUs);
    const sent = this.#monitor.takeOutput();
    if (!sent) return;
    this.#hasher.sent(sent);
    this.#monitorOutput.append(sent);
  }

  #hash(): void {
    this.#hashes.push(this.#hasher.at(this.#nextHashUs));
    this.#nextHashUs += this.#hashEveryUs;
  }

  #takeHashes(): StateHash[] | null {
    if (this.#hashes.length === 0) return null;
    const taken = this.#hashes;
    this.#hashes = [];
    return taken;
  }

  #nextFrameUs(): number {
    return (Math.floor(this.#nowUs / USB_FRAME_US) + 1) * USB_FRAME_US;
  }

  #createHost(n: 0 | 1): HostUart {
    const wire = n === 0 ? 'dut' : 'uart1';
    const output = n === 0 ? this.#dutOutput : this.#uart1Output;
    const uart = () => (n === 0 ? this.pico.blocks.uart0 : this.pico.blocks.uart1);
    const host: HostUart = new HostUart({
      toBoard: () => (this.pico.powered ? this.pico.uartInput(n) : null),
      arrived: (byte) => this.#fromBoard(byte, output, this.#watches[wire]),
      framingError: () => this.#noteLineRate(`UART${n}`, uart().bitUs, host.bitUs),
      boardBitUs: () => uart().bitUs,
    });
    this.pico.connectUart(n, host);
    return host;
  }

  /** The computer's end saw a low stop bit: whose rate is how far off? */
  #noteLineRate(block: string, boardBitUs: number, hostBitUs: number): void {
    const { peri } = this.pico.blocks.clocks.tree;
    const facts: Record<string, FactValue> = {
      block,
      boardBitUs: Number(boardBitUs.toFixed(3)),
      expectedBitUs: Number(hostBitUs.toFixed(3)),
      boardBaud: Math.round(1e6 / boardBitUs),
      expectedBaud: Math.round(1e6 / hostBitUs),
      clkPeriHz: peri ? hertz(peri) : 0,
    };
    this.pico.note(
      'sim.diagnosis.line-rate',
      facts,
      'The computer saw a framing error: the board sends at another rate than the line was opened with.',
      'Check the divisor against the clock it divides (clk_peri), or open the line at the rate of the board.',
    );
  }

  #onActivity(model: ActivitySink, a: DutActivity): void {
    model.activity(a);
    this.#code.pins(a.pins);
    const levels = a.pins & this.#pinMask;
    if (levels === this.#pinLevels) return;
    this.#pinLevels = levels;
    this.#pinEdges.timesUs.push(a.timeUs);
    this.#pinEdges.levels.push(levels);
  }

  #createUsbHost(): UsbHost {
    const { pico } = this;
    return new UsbHost({
      device: pico.blocks.usb,
      alarm: (fire) => pico.surroundings.alarm(fire),
      nowUs: () => pico.timeUs,
      arrived: (bytes) => this.#fromUsb(bytes),
      diagnosed: ({ id, facts, cause, next }) =>
        pico.diagnoses.note({ id, facts, cause, next, firstUs: pico.timeUs }, 'usb'),
    });
  }

  #fromUsb(bytes: Uint8Array): void {
    this.#usbOutput.append(bytes);
    this.#hasher.sent(bytes);
    const { usb } = this.#watches;
    if (usb && satisfied(this.#usbOutput, usb)) this.pico.requestPause();
  }

  #takePinEdges(): PinEdges | null {
    if (this.#pinEdges.timesUs.length === 0) return null;
    const edges = this.#pinEdges;
    this.#pinEdges = { timesUs: [], levels: [] };
    return edges;
  }

  #fromBoard(byte: number, output: ByteQueue, watch: Watch | null): void {
    output.push(byte);
    this.#hasher.sentByte(byte);
    if (watch && (byte === watch.until || satisfied(output, watch))) this.pico.requestPause();
  }

  #reply(): AdvanceReply {
    return {
      nowUs: this.#nowUs,
      dut: this.#dutOutput.length > 0 ? this.#dutOutput.take() : null,
      uart1: this.#uart1Output.length > 0 ? this.#uart1Output.take() : null,
      usb: this.#usbOutput.length > 0 ? this.#usbOutput.take() : null,
      usbWaitingBytes: this.#usb?.waitingBytes ?? 0,
      monitor: this.#monitorOutput.length > 0 ? this.#monitorOutput.take() : null,
      fault: this.pico.failure,
      asleep: this.pico.asleep,
      bootsel: this.pico.mode === 'bootsel',
      diagnoses: this.pico.diagnoses.takeFresh(),
      pins: this.#takePinEdges(),
      hashes: this.#takeHashes(),
    };
  }
}

function satisfied(output: ByteQueue, watch: Watch): boolean {
  if (output.length >= watch.atLeast) return true;
  return watch.until !== undefined && output.includes(watch.until);
}
