/**
 * The host's side of one full-speed port: VBUS, debouncing, reset, frames, transactions, suspend, resume. USB 2.0 sections
 * 5.5–5.11 (scheduling), 7.1.7 (signalling), 8.7 (time-outs). Everything happens at bus times computed from the packets;
 * nothing depends on how the emulation was sliced.
 */
import type { Alarm } from '../serial-line.ts';
import type { UsbAnswer, UsbDevicePort, UsbHostPort } from './device-port.ts';
import {
  ANSWER_BITS,
  DEBOUNCE_US,
  END_BITS,
  FRAME_US,
  GAP_BITS,
  HANDSHAKE_GAP_BITS,
  longestUs,
  nakBits,
  RECOVERY_US,
  RESET_US,
  restBits,
  RESUME_RECOVERY_US,
  RESUME_US,
  TIMEOUT_BITS,
} from './bus-times.ts';
import {
  BITS_PER_US,
  dataPacket,
  HANDSHAKE_BITS,
  packetBits,
  PID,
  sofPacket,
  tokenPacket,
} from './packets.ts';
import type { Pipe } from './pipes.ts';

export type BusState =
  'unpowered' | 'empty' | 'debouncing' | 'reset' | 'recovering' | 'running' | 'suspended' | 'resuming';

export interface BusEvents {
  /** Reset and recovery are over: the device listens at address 0. */
  readonly attached: () => void;
  readonly detached: () => void;
  /** Frames run again after suspend. */
  readonly resumed: () => void;
  /** A frame begins, before its first transaction. */
  readonly frame: (frame: number) => void;
  /** The device asks to be resumed. */
  readonly wakeup: () => void;
  /** Packets in the order they leave or arrive, with the time their SYNC begins; for captures. */
  readonly packet?: (us: number, fromHost: boolean, packet: Uint8Array) => void;
}

export interface BusWiring {
  readonly device: UsbDevicePort;
  readonly alarm: (fire: () => void) => Alarm;
  /** Virtual time of what the device is doing now. */
  readonly nowUs: () => number;
  readonly events: BusEvents;
}

export class HostBus implements UsbHostPort {
  readonly #wiring: BusWiring;
  readonly #device: UsbDevicePort;
  readonly #alarm: Alarm;
  #state: BusState = 'unpowered';
  /** What happens at the alarm, and when it was set for. */
  #step: (() => void) | null = null;
  #dueUs = 0;
  #frameUs = 0;
  #frame = 0;
  readonly #pipes: Pipe[] = [];
  /** Where the round over bulk pipes goes on. */
  #turn = 0;
  /** The bus is idle since then, all pipes being parked or without work; NaN while it is busy. */
  #idleUs = NaN;
  #current: Pipe | null = null;
  #answer: UsbAnswer = 'none';
  /** The endpoint of the transaction under way got ready after it had answered. */
  #readyMeanwhile = false;

  constructor(wiring: BusWiring) {
    this.#wiring = wiring;
    this.#device = wiring.device;
    this.#alarm = wiring.alarm(() => this.#fire());
    this.#device.connectHost(this);
  }

  get state(): BusState {
    return this.#state;
  }

  get frame(): number {
    return this.#frame;
  }

  /** Power on the cable. */
  plug(): void {
    if (this.#state !== 'unpowered') return;
    this.#state = 'empty';
    this.#device.setVbus(true);
    this.connectionChanged();
  }

  unplug(): void {
    if (this.#state === 'unpowered') return;
    this.#leave('unpowered');
    this.#device.setVbus(false);
  }

  /** Resets the port; `attached` follows. */
  reset(): void {
    if (this.#state === 'unpowered' || this.#state === 'empty' || !this.#device.pulledUp) return;
    this.#startReset(this.#wiring.nowUs());
  }

  /** Frames end after the transaction under way; the device notices 3 ms later. */
  suspend(): void {
    if (this.#state !== 'running') return;
    this.#abandon();
    this.#state = 'suspended';
    this.#step = null;
    this.#alarm.clear();
  }

  resume(): void {
    if (this.#state !== 'suspended') return;
    const us = this.#wiring.nowUs();
    this.#state = 'resuming';
    this.#device.setResume(true, us);
    this.#at(us + RESUME_US, () => {
      this.#device.setResume(false, this.#dueUs);
      this.#startFrames(this.#dueUs, RESUME_RECOVERY_US, () => this.#wiring.events.resumed());
    });
  }

  /** A pipe is served until removed. Order: control pipes (endpoint 0) first, the others in turn. */
  add(pipe: Pipe): void {
    this.#pipes.push(pipe);
    this.kick();
  }

  remove(pipe: Pipe): void {
    const at = this.#pipes.indexOf(pipe);
    if (at >= 0) this.#pipes.splice(at, 1);
  }

  removeAll(): void {
    this.#pipes.length = 0;
  }

  /** A pipe may have got work, at `us`. */
  kick(us = this.#wiring.nowUs()): void {
    if (this.#state === 'running' && !Number.isNaN(this.#idleUs)) this.#serveFrom(Math.max(this.#idleUs, us));
  }

  // UsbHostPort

  connectionChanged(): void {
    if (this.#state === 'unpowered') return;
    if (!this.#device.pulledUp) this.#leave('empty');
    else if (this.#state === 'empty') {
      this.#state = 'debouncing';
      this.#at(this.#wiring.nowUs() + DEBOUNCE_US, () => this.#startReset(this.#dueUs));
    }
  }

  ready(endpoint: number, isIn: boolean): void {
    let found = false;
    const current = this.#current;
    if (current?.endpoint === endpoint && (current.kind === 'in') === isIn) this.#readyMeanwhile = true;
    for (const pipe of this.#pipes) {
      if (!pipe.parked || pipe.endpoint !== endpoint || (pipe.kind === 'in') !== isIn) continue;
      pipe.parked = false;
      found = true;
    }
    if (found && this.#state === 'running' && !Number.isNaN(this.#idleUs))
      this.#serveFrom(this.#nextPollUs());
  }

  remoteWakeup(): void {
    if (this.#state === 'suspended') this.#wiring.events.wakeup();
  }

  #leave(state: 'unpowered' | 'empty'): void {
    const was = this.#state;
    this.#state = state;
    this.#step = null;
    this.#alarm.clear();
    this.#current = null;
    this.#idleUs = NaN;
    if (was !== 'empty' && was !== 'unpowered' && was !== 'debouncing') this.#wiring.events.detached();
  }

  #at(us: number, step: () => void): void {
    this.#dueUs = us;
    this.#step = step;
    this.#alarm.at(us);
  }

  #fire(): void {
    const step = this.#step;
    this.#step = null;
    step?.();
  }

  /** The transaction under way is not finished. */
  #abandon(): void {
    this.#current = null;
    this.#idleUs = NaN;
  }

  #startReset(us: number): void {
    this.#abandon();
    this.#state = 'reset';
    this.#device.setBusReset(true, us);
    this.#at(us + RESET_US, () => {
      this.#device.setBusReset(false, this.#dueUs);
      this.#startFrames(this.#dueUs, RECOVERY_US, () => this.#wiring.events.attached());
    });
  }

  /** Frames go on from `us`; nothing but SOF is sent during the recovery. */
  #startFrames(us: number, recoveryUs: number, then: () => void): void {
    this.#state = 'recovering';
    const endUs = us + recoveryUs;
    const frame = (): void => {
      this.#frameUs = this.#dueUs;
      if (this.#frameUs < endUs) {
        this.#sendSof();
        this.#at(this.#frameUs + FRAME_US, frame);
        return;
      }
      this.#state = 'running';
      this.#beginFrame(this.#frameUs);
      then();
    };
    this.#at(us + GAP_BITS / BITS_PER_US, frame);
  }

  /** Returns when the SOF has ended. */
  #sendSof(): number {
    this.#frame = (this.#frame + 1) & 0x7ff;
    const packet = sofPacket(this.#frame);
    this.#wiring.events.packet?.(this.#frameUs, true, packet);
    const endUs = this.#frameUs + packetBits(packet) / BITS_PER_US;
    this.#device.sof(this.#frame, endUs);
    return endUs;
  }

  #beginFrame(us: number): void {
    this.#frameUs = us;
    this.#idleUs = NaN;
    const endUs = this.#sendSof();
    this.#wiring.events.frame(this.#frame);
    if (this.#state === 'running') this.#serve(endUs + GAP_BITS / BITS_PER_US);
  }

  #serveFrom(us: number): void {
    this.#idleUs = NaN;
    this.#at(us, () => this.#serve(this.#dueUs));
  }

  /** The next transaction at `us`, or the end of the frame. */
  #serve(us: number): void {
    const pipe = this.#choose();
    const nextFrameUs = this.#frameUs + FRAME_US;
    if (pipe && us + longestUs(pipe) <= nextFrameUs - END_BITS / BITS_PER_US) {
      this.#begin(pipe, us);
      return;
    }
    // With work that does not fit any more the bus is not open to others either
    this.#idleUs = pipe ? NaN : us;
    this.#at(Math.max(nextFrameUs, us), () => this.#beginFrame(nextFrameUs));
  }

  #choose(): Pipe | null {
    const pipes = this.#pipes;
    for (const pipe of pipes) if (pipe.endpoint === 0 && pipe.wanted && !pipe.parked) return pipe;
    for (let i = 0; i < pipes.length; i++) {
      const at = (this.#turn + i) % pipes.length;
      const pipe = pipes[at]!;
      if (pipe.endpoint === 0 || pipe.parked || !pipe.wanted) continue;
      this.#turn = at + 1;
      return pipe;
    }
    return null;
  }

  #begin(pipe: Pipe, us: number): void {
    this.#current = pipe;
    this.#readyMeanwhile = false;
    const { kind, address, endpoint } = pipe;
    const token = tokenPacket(PID[kind], address, endpoint);
    this.#wiring.events.packet?.(us, true, token);
    this.#at(us + packetBits(token) / BITS_PER_US, () =>
      kind === 'in' ? this.#inToken() : this.#outToken(),
    );
  }

  #inToken(): void {
    const pipe = this.#current!;
    this.#answer = this.#device.in(pipe.address, pipe.endpoint);
    const us = this.#dueUs;
    if (this.#answer !== 'data0' && this.#answer !== 'data1') {
      this.#capture(us + ANSWER_BITS / BITS_PER_US);
      const bits = this.#answer === 'none' ? TIMEOUT_BITS : ANSWER_BITS + HANDSHAKE_BITS;
      this.#finishAt(us + bits / BITS_PER_US);
      return;
    }
    const packet = dataPacket(PID[this.#answer], this.#device.packet);
    const fromUs = us + ANSWER_BITS / BITS_PER_US;
    this.#wiring.events.packet?.(fromUs, false, packet);
    const ackUs = fromUs + (packetBits(packet) + HANDSHAKE_GAP_BITS) / BITS_PER_US;
    this.#wiring.events.packet?.(ackUs, true, Uint8Array.of(PID.ack));
    this.#finishAt(ackUs + HANDSHAKE_BITS / BITS_PER_US);
  }

  #outToken(): void {
    const pipe = this.#current!;
    this.#device.out(pipe.address, pipe.endpoint, pipe.kind === 'setup');
    const packet = dataPacket(pipe.data1 ? PID.data1 : PID.data0, pipe.payload);
    const fromUs = this.#dueUs + GAP_BITS / BITS_PER_US;
    this.#wiring.events.packet?.(fromUs, true, packet);
    const handshakeUs = fromUs + (packetBits(packet) + ANSWER_BITS) / BITS_PER_US;
    // The device commits when its handshake is out; the time-out is as long within two bit times
    this.#at(handshakeUs + HANDSHAKE_BITS / BITS_PER_US, () => {
      this.#answer = this.#device.data(pipe.data1, pipe.payload);
      this.#capture(handshakeUs);
      this.#finish();
    });
  }

  #capture(us: number): void {
    if (this.#answer === 'none' || !this.#wiring.events.packet) return;
    const id = this.#answer === 'ack' ? PID.ack : this.#answer === 'nak' ? PID.nak : PID.stall;
    this.#wiring.events.packet(us, false, Uint8Array.of(id));
  }

  #finishAt(us: number): void {
    this.#at(us, () => this.#finish());
  }

  #finish(): void {
    const pipe = this.#current!;
    const us = this.#dueUs;
    this.#current = null;
    const isData = this.#answer === 'data0' || this.#answer === 'data1';
    const received = isData ? this.#device.packet : NOTHING;
    if (isData) this.#device.inHandshake(true);
    const mayPark = !this.#readyMeanwhile && !this.#device.naksMatter(pipe.endpoint, pipe.kind === 'in');
    pipe.parked = this.#answer === 'nak' && mayPark;
    pipe.answered(this.#answer, received);
    if (this.#state === 'running') this.#serve(us + restBits(pipe, this.#answer) / BITS_PER_US);
  }

  /**
   * A host asks an endpoint that answered NAK again and again; all but the last of these tokens have no effect and are left
   * out. The one that would have found the endpoint ready comes at the next turn of that round.
   */
  #nextPollUs(): number {
    let roundBits = 0;
    for (const pipe of this.#pipes) if (pipe.wanted) roundBits += nakBits(pipe);
    const roundUs = Math.max(1, roundBits) / BITS_PER_US;
    const passedUs = Math.max(0, this.#wiring.nowUs() - this.#idleUs);
    return this.#idleUs + Math.ceil(passedUs / roundUs) * roundUs;
  }
}

const NOTHING = new Uint8Array(0);
