/**
 * USB controller, device mode: RP2040 data sheet 4.1. Registers and the state of the bus as the device sees it; endpoints
 * are in usb-endpoints.ts. Host mode, direct control of the pins and isochronous endpoints are not modelled. The chip is
 * a B2: EP_ABORT works (RP2040-E2 is fixed) and no J must be forced after a bus reset (RP2040-E5 is fixed).
 */
import type { UsbAnswer, UsbDamage, UsbDevicePort, UsbHostPort } from '../../usb/device-port.ts';
import type { Chip, RegisterBlock } from '../chip.ts';
import { hertz, type Frequency } from '../frequency.ts';
import { UsbDpram } from './usb-dpram.ts';
import { BUFFER, UsbEndpoints } from './usb-endpoints.ts';
import {
  CONTROLLER_EN,
  HOST_NDEVICE,
  PULLUP_EN,
  TRANSCEIVER_PD,
  DIRECT_EN,
  DRIVE_RESUME,
  TO_PHY,
  VBUS_DETECT,
  VBUS_OVERRIDE,
  SIE_CONTROL_KEPT,
  SUSPENDED,
  RESUME,
  CONNECTED,
  SETUP_REC,
  TRANS_COMPLETE,
  BUS_RESET,
  CRC_ERROR,
  BIT_STUFF_ERROR,
  RX_OVERFLOW,
  RX_TIMEOUT,
  ACK_REC,
  DATA_SEQ_ERROR,
  STATUS_CLEARABLE,
  INT_BUFF_STATUS,
  INT_VBUS,
  INT_DEV_SOF,
  INT_ABORT_DONE,
  INT_STALL_NAK,
  INT_ALL,
  STATUS_INTERRUPTS,
} from './usb-fields.ts';
import { UsbLine } from './usb-line.ts';

const IRQ_USBCTRL = 5;
const USB_HZ = 48e6;
/** 7.1.11: a full-speed device keeps 12 Mbit/s within 0.25 %. */
const CLOCK_TOLERANCE = 0.0025;

export interface UsbWiring {
  /** Level of a pin that is routed to USB VBUS DETECT. */
  readonly vbusPin: () => boolean;
  /** The cable's 5 V on the board. */
  readonly setVbus: (present: boolean) => void;
}

export class Usb implements RegisterBlock, UsbDevicePort {
  readonly dpram: UsbDpram;
  readonly #chip: Chip;
  readonly #wiring: UsbWiring;
  readonly #endpoints: UsbEndpoints;
  readonly #line: UsbLine;
  #host: UsbHostPort | null = null;
  #clock: Frequency | null = null;
  #clockIsRight = false;
  readonly #addresses = new Uint32Array(16);
  #mainControl = 0;
  #sieControl = 0;
  #status = 0;
  #interruptEndpoints = 0;
  #nakPoll = 0x0010_0010;
  #muxing = 0;
  #power = 0;
  #trim = 0x1f1f;
  #frame = 0;
  #sofSeen = false;
  #enabled = 0;
  #forced = 0;
  #setupPending = false;
  /** When buffer control n was last written, clk_sys cycles. */
  readonly #writtenAt = new Float64Array(32).fill(-Infinity);

  constructor(chip: Chip, wiring: UsbWiring) {
    this.#chip = chip;
    this.#wiring = wiring;
    this.dpram = new UsbDpram({
      endpointControl: (n) => this.#tellReady(n),
      bufferControl: (n, before, after) => this.#bufferControlWritten(n, before, after),
    });
    this.#endpoints = new UsbEndpoints(this.dpram, {
      transactionComplete: () => this.#raise(TRANS_COMPLETE),
      changed: () => this.#drive(),
      sequenceError: (endpoint) => this.#wrongPid(endpoint),
      overflow: () => this.#raise(RX_OVERFLOW),
      outsideDpram: (endpoint, address) => this.#outsideDpram(endpoint, address),
      sieControl: () => this.#sieControl,
    });
    this.#line = new UsbLine(chip, {
      reset: () => this.#raiseIfOn(BUS_RESET),
      resetEnded: () => this.#raiseIfOn(CONNECTED),
      suspended: () => this.#raiseIfOn(SUSPENDED),
      resumed: () => this.#raiseIfOn(RESUME),
    });
  }

  setClock(usb: Frequency | null): void {
    this.#clock = usb;
    this.#clockIsRight = usb !== null && Math.abs(hertz(usb) - USB_HZ) <= USB_HZ * CLOCK_TOLERANCE;
  }

  // The registers: 4.1.4

  read(offset: number): number | undefined {
    const e = this.#endpoints;
    if (offset < 0x40) return this.#addresses[offset >> 2];
    switch (offset) {
      case 0x40: return this.#mainControl;
      case 0x44: return 0;
      case 0x48: return this.#readFrame();
      case 0x4c: return this.#sieControl;
      case 0x50: return this.#readStatus();
      case 0x54: return this.#interruptEndpoints;
      case 0x58: return e.bufferStatus >>> 0;
      case 0x5c: return e.cpuShouldHandle >>> 0;
      case 0x60: return e.abort >>> 0;
      case 0x64: return e.abortDone >>> 0;
      case 0x68: return e.stallArm;
      case 0x6c: return this.#nakPoll;
      case 0x70: return e.stallNak >>> 0;
      case 0x74: return this.#muxing;
      case 0x78: return this.#power;
      case 0x7c: return 0;
      case 0x80: return 0;
      case 0x84: return this.#trim;
      case 0x88: return 0;
      case 0x8c: return this.#raw();
      case 0x90: return this.#enabled;
      case 0x94: return this.#forced;
      case 0x98: return (this.#raw() & this.#enabled) | this.#forced;
      default: return undefined;
    } // prettier-ignore
  }

  /** Bits of these registers are cleared by writing 1, through whichever alias. */
  clearsOnWrite(offset: number): boolean {
    return offset === 0x50 || offset === 0x58 || offset === 0x64 || offset === 0x70 || offset === 0x8c;
  }

  write(offset: number, value: number): boolean {
    const done = this.#writeControl(offset, value) ?? this.#writeEndpoints(offset, value);
    this.#drive();
    return done;
  }

  reset(): void {
    this.#endpoints.reset();
    this.#addresses.fill(0);
    this.#writtenAt.fill(-Infinity);
    this.#mainControl = this.#sieControl = this.#status = this.#interruptEndpoints = 0;
    this.#muxing = this.#power = this.#frame = this.#enabled = this.#forced = 0;
    this.#nakPoll = 0x0010_0010;
    this.#trim = 0x1f1f;
    this.#sofSeen = this.#setupPending = false;
    this.#update();
    this.#drive();
  }

  // The bus: UsbDevicePort

  get pulledUp(): boolean {
    return this.#line.pulledUp;
  }

  get packet(): Uint8Array {
    return this.#endpoints.packet;
  }

  connectHost(host: UsbHostPort | null): void {
    this.#host = host;
  }

  setVbus(present: boolean): void {
    this.#wiring.setVbus(present);
    this.#update();
    this.#drive();
  }

  setBusReset(active: boolean, us: number): void {
    this.#endpoints.busReset();
    this.#line.setReset(active, us);
  }

  setResume(active: boolean, us: number): void {
    this.#line.setResume(active, us);
  }

  sof(frame: number, us: number): void {
    this.#line.heard(us);
    if (!this.#listens()) return;
    this.#checkClock();
    this.#frame = frame;
    this.#sofSeen = true;
    this.#drive();
  }

  in(address: number, endpoint: number): UsbAnswer {
    return this.#isFor(address) ? this.#endpoints.in(endpoint) : 'none';
  }

  inHandshake(acknowledged: boolean): void {
    this.#endpoints.inHandshake(acknowledged);
    this.#raise(acknowledged ? ACK_REC : RX_TIMEOUT);
  }

  out(address: number, endpoint: number, setup: boolean): void {
    this.#setupPending = false;
    if (!this.#isFor(address)) this.#endpoints.busReset();
    else if (!setup) this.#endpoints.out(endpoint);
    else this.#setupPending = endpoint === 0;
  }

  data(data1: boolean, payload: Uint8Array, damage?: UsbDamage): UsbAnswer {
    const setup = this.#setupPending;
    this.#setupPending = false;
    if (damage) {
      this.#endpoints.busReset();
      if (this.#listens()) this.#raise(damage === 'crc' ? CRC_ERROR : BIT_STUFF_ERROR);
      return 'none';
    }
    return setup ? this.#setup(data1, payload) : this.#endpoints.data(data1, payload);
  }

  naksMatter(endpoint: number, isIn: boolean): boolean {
    return this.#endpoints.naksMatter(2 * endpoint + (isIn ? 0 : 1));
  }

  #setup(data1: boolean, payload: Uint8Array): UsbAnswer {
    if (data1) this.#raise(DATA_SEQ_ERROR);
    if (data1 || payload.length !== 8) return 'none';
    this.#endpoints.setup(payload);
    this.#raise(SETUP_REC);
    return 'ack';
  }

  /** Undefined: not one of these registers. */
  #writeControl(offset: number, value: number): boolean | undefined {
    switch (offset) {
      case 0x40: return this.#writeMainControl(value);
      case 0x4c: return this.#writeSieControl(value);
      case 0x50: this.#status &= ~(value & STATUS_CLEARABLE); return true;
      case 0x74: this.#muxing = value & 0xf; break;
      case 0x78: this.#power = value & 0x3f; break;
      // Direct control of the transceiver is not modelled
      case 0x7c: case 0x80: return value === 0;
      case 0x84: this.#trim = value & 0x1f1f; return true;
      case 0x8c: if (value & (1 << 3)) this.#status &= ~TRANS_COMPLETE; return true;
      case 0x90: this.#enabled = value & INT_ALL; return true;
      case 0x94: this.#forced = value & INT_ALL; return true;
      default: return undefined;
    } // prettier-ignore
    this.#update();
    return true;
  }

  #writeEndpoints(offset: number, value: number): boolean {
    const e = this.#endpoints;
    if (offset < 0x40) this.#addresses[offset >> 2] = value & (offset === 0 ? 0x000f_007f : 0x060f_007f);
    else if (offset === 0x54) this.#interruptEndpoints = value & 0xfffe;
    else if (offset === 0x58) e.clearBufferStatus(value);
    else if (offset === 0x60) this.#writeAbort(value);
    else if (offset === 0x64) e.abortDone &= ~value;
    else if (offset === 0x68) {
      e.stallArm = value & 3;
      this.#tellReady(0);
      this.#tellReady(1);
    } else if (offset === 0x6c) this.#nakPoll = value & 0x03ff_03ff;
    else if (offset === 0x70) e.stallNak &= ~value;
    // Read-only and reserved words: start-up code fills the whole block with zeros
    else return offset <= 0x98;
    return true;
  }

  #writeMainControl(value: number): boolean {
    this.#mainControl = (value & 0x8000_0003) >>> 0;
    if (value & CONTROLLER_EN) this.#checkClock();
    this.#update();
    return (value & HOST_NDEVICE) === 0;
  }

  #writeSieControl(value: number): boolean {
    this.#sieControl = (value & SIE_CONTROL_KEPT) >>> 0;
    if (value & DRIVE_RESUME && this.#line.suspended) this.#host?.remoteWakeup();
    this.#update();
    return (value & DIRECT_EN) === 0;
  }

  #writeAbort(value: number): void {
    const released = this.#endpoints.abort & ~value;
    this.#endpoints.abort = value;
    for (let n = 0; released !== 0 && n < 32; n++) if ((released >>> n) & 1) this.#tellReady(n);
  }

  #readFrame(): number {
    this.#sofSeen = false;
    this.#drive();
    return this.#frame;
  }

  #readStatus(): number {
    return (this.#status | (this.#line.state << 2) | (this.#vbus() ? 1 : 0)) >>> 0;
  }

  #raw(): number {
    const e = this.#endpoints;
    let raw = this.#sofSeen ? INT_DEV_SOF : 0;
    if (e.bufferStatus) raw |= INT_BUFF_STATUS;
    if (e.abortDone) raw |= INT_ABORT_DONE;
    if (e.stallNak) raw |= INT_STALL_NAK;
    if (this.#vbus()) raw |= INT_VBUS;
    if (this.#status)
      for (const [status, interrupt] of STATUS_INTERRUPTS) if (this.#status & status) raw |= interrupt;
    return raw;
  }

  #drive(): void {
    const asserted = ((this.#enabled ? this.#raw() & this.#enabled : 0) | this.#forced) !== 0;
    this.#chip.setInterrupt(IRQ_USBCTRL, asserted);
  }

  #raise(status: number): void {
    this.#status |= status;
    this.#drive();
  }

  #raiseIfOn(status: number): void {
    if (this.#listens()) this.#raise(status);
  }

  #vbus(): boolean {
    return this.#power & VBUS_OVERRIDE ? (this.#power & VBUS_DETECT) !== 0 : this.#wiring.vbusPin();
  }

  #listens(): boolean {
    return this.#line.pulledUp && (this.#mainControl & (CONTROLLER_EN | HOST_NDEVICE)) === CONTROLLER_EN;
  }

  #isFor(address: number): boolean {
    return this.#listens() && !this.#line.inReset && (this.#addresses[0]! & 0x7f) === address;
  }

  /** 4.1.2.4: the pull-up is there while it is enabled, the PHY selected and powered, and VBUS detected. */
  #update(): void {
    const wanted = (this.#sieControl & (PULLUP_EN | TRANSCEIVER_PD)) === PULLUP_EN;
    const pulledUp = wanted && (this.#muxing & TO_PHY) !== 0 && this.#vbus();
    if (!this.#line.setPulledUp(pulledUp)) return;
    if (pulledUp) this.#checkClock();
    else this.#endpoints.busReset();
    this.#host?.connectionChanged();
  }

  #checkClock(): void {
    if (this.#clockIsRight) return;
    this.#chip.stop(
      'sim.fault.usb-clock',
      { clkUsbHz: this.#clock ? hertz(this.#clock) : 0 },
      'clk_usb is not 48 MHz: the controller cannot keep the bus’s 12 Mbit/s.',
      'Run PLL_USB at 48 MHz and select it in CLK_USB_CTRL before enabling the controller.',
    );
  }

  #outsideDpram(endpoint: number, address: number): void {
    this.#chip.stop(
      'sim.fault.usb-buffer-outside',
      { endpoint, bufferAddress: address },
      'A buffer of this endpoint reaches beyond the 4 KiB of USB DPRAM.',
      'Put the buffer offset in endpoint control below 0xfc0, and LENGTH at 64 at most.',
    );
  }

  #wrongPid(endpoint: number): void {
    this.#raise(DATA_SEQ_ERROR);
    this.#chip.note(
      'sim.diagnosis.usb-wrong-pid',
      { endpoint },
      'A packet came with the other DATA PID than its buffer expects: it is acknowledged and dropped, as a repetition would be.',
      'Toggle DATA_PID in buffer control with each packet; begin with DATA0 after SET_CONFIGURATION and CLEAR_FEATURE.',
    );
  }

  #tellReady(index: number): void {
    if (this.#host && this.#endpoints.isReady(index)) this.#host.ready(index >> 1, index % 2 === 0);
  }

  /** 4.1.2.5.1: AVAILABLE is written one clk_usb after the rest, which may else not have crossed the clock domains. */
  #bufferControlWritten(index: number, before: number, after: number): void {
    this.#endpoints.controlWritten(index);
    const now = this.#chip.now();
    const risen = after & ~before & (BUFFER.available | (BUFFER.available << 16));
    if (risen !== 0 && this.#chip.timeline.hz > USB_HZ) {
      const rest = ~(BUFFER.available | (BUFFER.available << 16));
      const cycles = this.#chip.timeline.hz / USB_HZ;
      if ((before ^ after) & rest || now - this.#writtenAt[index]! < cycles) this.#tooEarly(index);
    }
    this.#writtenAt[index] = now;
    this.#tellReady(index);
  }

  #tooEarly(index: number): void {
    this.#chip.note(
      'sim.diagnosis.usb-available-too-early',
      { endpoint: index >> 1, direction: index % 2 ? 'OUT' : 'IN' },
      'AVAILABLE was set with, or less than one clk_usb cycle after, the rest of buffer control; silicon may use the old rest.',
      'Write everything else first, wait three cycles of clk_sys, then set AVAILABLE.',
    );
  }
}
