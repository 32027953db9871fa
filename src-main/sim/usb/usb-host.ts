/**
 * A computer at the other end of the cable: finds the device, gives it an address, chooses its configuration and turns its
 * CDC-ACM function into a wire. Driven by bus events in virtual time only.
 */
import type { Failure, Result } from '../../base/errors.ts';
import type { Alarm } from '../serial-line.ts';
import type { UsbDevicePort } from './device-port.ts';
import type { EndpointDescriptor, SerialFunction } from './descriptors.ts';
import {
  clearHalt,
  controlLines,
  DEVICE_ADDRESS,
  enumerate,
  lineCoding,
  requestFailure,
  type EnumeratedDevice,
  type HostStep,
} from './enumeration.ts';
import { HostBus, type BusEvents } from './host-bus.ts';
import { noSerial, repeatedPid, streamFailure } from './host-diagnoses.ts';
import {
  ControlTransfer,
  InStream,
  OutStream,
  type ControlRequest,
  type ControlResult,
  type StreamEvents,
} from './pipes.ts';

/** A device that fails is reset and tried again so often in all. */
const ATTEMPTS = 3;
/** What operating systems grant a standard request. */
const REQUEST_FRAMES = 5000;
const DEFAULT_BAUD = 115_200;

export interface UsbHostWiring {
  readonly device: UsbDevicePort;
  readonly alarm: (fire: () => void) => Alarm;
  readonly nowUs: () => number;
  /** Bytes of the serial port, in virtual time; valid during the call. */
  readonly arrived: (bytes: Uint8Array) => void;
  readonly diagnosed: (problem: Failure) => void;
  readonly packet?: BusEvents['packet'];
}

export type UsbHostState = 'unplugged' | 'waiting' | 'enumerating' | 'configured' | 'failed';

type Enumeration = Generator<HostStep, Result<EnumeratedDevice>, ControlResult>;

interface Request {
  readonly name: string;
  readonly request: ControlRequest;
  readonly ended: (result: ControlResult) => void;
}

const NO_RESULT: ControlResult = { end: 'done', bytes: new Uint8Array(0) };

export class UsbHost {
  readonly bus: HostBus;
  readonly #wiring: UsbHostWiring;
  #state: UsbHostState = 'unplugged';
  #device: EnumeratedDevice | null = null;
  #attempts = 0;
  #steps: Enumeration | null = null;
  #waitFrames = 0;
  #address = 0;
  #packetBytes0 = 64;
  #transfer: ControlTransfer | null = null;
  #transferFrames = 0;
  readonly #requests: Request[] = [];
  #in: InStream | null = null;
  #out: OutStream | null = null;
  #notification: InStream | null = null;
  #notificationMs = 1;
  #baud = DEFAULT_BAUD;
  /** Written before the port was there. */
  #early: Uint8Array[] = [];
  #reading = true;

  constructor(wiring: UsbHostWiring) {
    this.#wiring = wiring;
    this.bus = new HostBus({
      device: wiring.device,
      alarm: wiring.alarm,
      nowUs: wiring.nowUs,
      events: {
        attached: () => this.#attached(),
        detached: () => this.#detached(),
        resumed: () => undefined,
        frame: (frame) => this.#frame(frame),
        wakeup: () => this.bus.resume(),
        ...(wiring.packet ? { packet: wiring.packet } : {}),
      },
    });
  }

  get state(): UsbHostState {
    return this.#state;
  }

  /** What was found; null until it is configured. */
  get device(): EnumeratedDevice | null {
    return this.#device;
  }

  /** Bytes written and not yet acknowledged by the device. */
  get waitingBytes(): number {
    return this.#early.reduce((n, b) => n + b.length, 0) + (this.#out?.waitingBytes ?? 0);
  }

  plug(): void {
    if (this.#state !== 'unplugged') return;
    this.#state = 'waiting';
    this.#attempts = 0;
    this.bus.plug();
  }

  unplug(): void {
    this.bus.unplug();
    this.#forget();
    this.#early = [];
    this.#state = 'unplugged';
  }

  /** Resets the port and enumerates again, as after an error or by the user's wish. */
  reset(): void {
    if (this.#state === 'unplugged' || this.#state === 'waiting') return;
    this.#forget();
    this.#attempts = 0;
    this.#state = 'waiting';
    this.bus.reset();
  }

  suspend(): void {
    this.bus.suspend();
  }

  resume(): void {
    this.bus.resume();
  }

  /** Bytes for the serial port, written at `us`. They wait for the port, and while the device answers NAK. */
  write(bytes: Uint8Array, us: number): void {
    if (this.#out) {
      this.#out.push(bytes);
      this.bus.kick(us);
    } else if (this.#state !== 'unplugged') this.#early.push(bytes.slice());
  }

  /** Whether the computer's software takes what the device sends; without it no IN token goes out. */
  setReading(reading: boolean): void {
    this.#reading = reading;
    if (this.#in) this.#in.reading = reading;
    this.bus.kick();
  }

  setBaud(baud: number): void {
    this.#baud = baud;
    const serial = this.#device?.serial;
    if (serial) this.#ask('SET_LINE_CODING', lineCoding(serial, baud));
  }

  setControlLines(dtr: boolean, rts: boolean): void {
    const serial = this.#device?.serial;
    if (serial) this.#ask('SET_CONTROL_LINE_STATE', controlLines(serial, dtr, rts));
  }

  /** One more request to the configured device; they go out in order. */
  request(name: string, request: ControlRequest, ended: (result: ControlResult) => void): void {
    this.#requests.push({ name, request, ended });
    this.#nextRequest();
  }

  #attached(): void {
    this.#attempts++;
    this.#address = 0;
    this.#packetBytes0 = 64;
    this.#state = 'enumerating';
    this.#steps = enumerate();
    this.#go(NO_RESULT);
  }

  #detached(): void {
    this.#forget();
    this.#attempts = 0;
    this.#state = 'waiting';
  }

  #forget(): void {
    this.bus.removeAll();
    this.#steps = null;
    this.#transfer = null;
    this.#requests.length = 0;
    this.#in = this.#out = this.#notification = null;
    this.#device = null;
    this.#waitFrames = 0;
  }

  #frame(frame: number): void {
    if (this.#notification) this.#notification.reading = frame % this.#notificationMs === 0;
    const transfer = this.#transfer;
    if (transfer && ++this.#transferFrames > REQUEST_FRAMES) transfer.finish('timeout');
    if (this.#waitFrames > 0 && --this.#waitFrames === 0) this.#go(NO_RESULT);
  }

  /** Goes on with the enumeration until it waits for something. */
  #go(result: ControlResult): void {
    const steps = this.#steps;
    if (!steps) return;
    for (let next = steps.next(result); ; next = steps.next(NO_RESULT)) {
      if (next.done) {
        this.#steps = null;
        this.#enumerated(next.value);
        return;
      }
      const step = next.value;
      if (step.kind === 'frames') this.#waitFrames = step.count;
      else if (step.kind === 'request') this.#submit(step.request, (r) => this.#go(r));
      else {
        this.#address = step.address;
        this.#packetBytes0 = step.packetBytes0;
        continue;
      }
      return;
    }
  }

  #submit(request: ControlRequest, ended: (result: ControlResult) => void): void {
    const transfer = new ControlTransfer(this.#address, this.#packetBytes0, request, (result) => {
      this.bus.remove(transfer);
      this.#transfer = null;
      ended(result);
    });
    this.#transfer = transfer;
    this.#transferFrames = 0;
    this.bus.add(transfer);
  }

  #enumerated(result: Result<EnumeratedDevice>): void {
    if (!result.ok) {
      this.#failed(result);
      return;
    }
    this.#device = result.value;
    this.#state = 'configured';
    this.#attempts = 0;
    const { serial } = result.value;
    if (serial) this.#openSerial(serial);
    else this.#wiring.diagnosed(noSerial(result.value));
  }

  #failed(problem: Failure): void {
    this.bus.removeAll();
    if (this.#attempts < ATTEMPTS) {
      this.bus.reset();
      return;
    }
    this.#state = 'failed';
    this.#wiring.diagnosed({ ...problem, facts: { ...problem.facts, attempts: this.#attempts } });
  }

  #openSerial(serial: SerialFunction): void {
    const { bus } = this;
    const at = DEVICE_ADDRESS;
    const events = (e: EndpointDescriptor, stream: () => InStream | OutStream | null) =>
      this.#events(e, stream);
    const input = new InStream(
      at,
      serial.in.endpoint,
      serial.in.packetBytes,
      events(serial.in, () => this.#in),
      (b) => this.#wiring.arrived(b),
    );
    input.reading = this.#reading;
    this.#in = input;
    this.#out = new OutStream(
      at,
      serial.out.endpoint,
      serial.out.packetBytes,
      events(serial.out, () => this.#out),
    );
    for (const bytes of this.#early.splice(0)) this.#out.push(bytes);
    this.#ask('SET_LINE_CODING', lineCoding(serial, this.#baud));
    // The port is open when its control lines are set; only then do bytes flow
    this.request('SET_CONTROL_LINE_STATE', controlLines(serial, true, true), () => {
      bus.add(input);
      if (this.#out) bus.add(this.#out);
      if (serial.notification) this.#addNotification(serial.notification);
    });
  }

  #addNotification(endpoint: EndpointDescriptor): void {
    const events = this.#events(endpoint, () => this.#notification);
    this.#notification = new InStream(
      DEVICE_ADDRESS,
      endpoint.endpoint,
      endpoint.packetBytes,
      events,
      () => undefined,
    );
    this.#notificationMs = endpoint.intervalMs;
    this.#notification.reading = false;
    this.bus.add(this.#notification);
  }

  #events(endpoint: EndpointDescriptor, stream: () => InStream | OutStream | null): StreamEvents {
    const { endpoint: number, isIn } = endpoint;
    return {
      stalled: () => this.request('CLEAR_FEATURE halt', clearHalt(number, isIn), () => stream()?.cleared()),
      repeated: () => this.#wiring.diagnosed(repeatedPid(number)),
      ended: (end) => this.#wiring.diagnosed(streamFailure(number, isIn, end)),
    };
  }

  /** A request whose refusal only shows in the diagnoses. */
  #ask(name: string, request: ControlRequest): void {
    this.request(name, request, ({ end }) => {
      if (end !== 'done') this.#wiring.diagnosed(requestFailure(name, end));
    });
  }

  #nextRequest(): void {
    if (this.#transfer || this.#state !== 'configured') return;
    const next = this.#requests.shift();
    if (!next) return;
    this.#submit(next.request, (result) => {
      next.ended(result);
      this.#nextRequest();
    });
  }
}
