/**
 * The endpoints of the USB device controller: RP2040 data sheet 4.1.2.5–4.1.2.7. What the serial interface engine does with
 * tokens and data packets according to endpoint and buffer control in DPRAM.
 */
import type { UsbAnswer } from '../../usb/device-port.ts';
import { DPRAM_BYTES, type UsbDpram } from './usb-dpram.ts';

/** Buffer control, low half; the high half is the second buffer's. */
export const BUFFER = {
  length: 0x3ff,
  available: 1 << 10,
  stall: 1 << 11,
  resetSelect: 1 << 12,
  data1: 1 << 13,
  last: 1 << 14,
  full: 1 << 15,
} as const;

/** Endpoint control; SIE_CTRL holds the same for endpoint 0 in bits of its own. */
const ENABLE = 0x8000_0000;
const DOUBLE = 1 << 30;
const INTERRUPT_PER_BUFFER = 1 << 29;
const INTERRUPT_PER_TWO = 1 << 28;
const INTERRUPT_ON_STALL = 1 << 17;
const INTERRUPT_ON_NAK = 1 << 16;
const EP0_BUFFER = 0x100;
const SECOND_BUFFER = 64;
/** 4.1.2.5: buffers of all types but isochronous. */
const LONGEST_PACKET = 64;

export interface EndpointEvents {
  /** An IN or OUT with LAST is through. */
  readonly transactionComplete: () => void;
  readonly changed: () => void;
  /** An OUT packet came with the other DATA PID than its buffer expects. */
  readonly sequenceError: (endpoint: number) => void;
  readonly overflow: () => void;
  readonly outsideDpram: (endpoint: number, address: number) => void;
  /** SIE_CTRL. */
  readonly sieControl: () => number;
}

/** What the engine latched at the token, until the transaction's end. */
interface Transaction {
  index: number;
  buffer: number;
  answer: UsbAnswer;
}

export class UsbEndpoints {
  readonly #dpram: UsbDpram;
  readonly #events: EndpointEvents;
  /** Buffer a double-buffered endpoint uses next. */
  readonly #selected = new Uint8Array(32);
  readonly #packet = new Uint8Array(1024);
  readonly #current: Transaction = { index: -1, buffer: 0, answer: 'none' };
  packet: Uint8Array = this.#packet.subarray(0, 0);
  /** Registers of the same names; bit n is 2 · endpoint, + 1 for OUT. */
  bufferStatus = 0;
  cpuShouldHandle = 0;
  /** Second buffers that were done while the first's status was still set. */
  #waiting = 0;
  #abort = 0;
  abortDone = 0;
  stallArm = 0;
  stallNak = 0;

  constructor(dpram: UsbDpram, events: EndpointEvents) {
    this.#dpram = dpram;
    this.#events = events;
  }

  reset(): void {
    this.#selected.fill(0);
    this.#current.index = -1;
    this.bufferStatus = this.cpuShouldHandle = this.#waiting = 0;
    this.#abort = this.abortDone = this.stallArm = this.stallNak = 0;
  }

  /** The bus was reset: a transaction under way is lost. */
  busReset(): void {
    this.#settle();
  }

  get abort(): number {
    return this.#abort;
  }

  /** 4.1.4: NAK from now on; done at once, or when the endpoint's transaction under way is over. */
  set abort(bits: number) {
    const added = bits & ~this.#abort;
    this.#abort = bits;
    const busy = this.#current.index >= 0 ? 1 << this.#current.index : 0;
    this.abortDone |= added & ~busy;
  }

  /** Write-1-to-clear; a second buffer that is done sets its bit again. */
  clearBufferStatus(bits: number): void {
    const again = bits & this.bufferStatus & this.#waiting;
    this.bufferStatus = (this.bufferStatus & ~bits) | again;
    this.#waiting &= ~again;
    this.cpuShouldHandle ^= again;
  }

  /** Buffer control was written: RESET_SELECT acts at once and reads back as written. */
  controlWritten(index: number): void {
    if (this.#dpram.bufferControl(index) & BUFFER.resetSelect) this.#selected[index] = 0;
  }

  /** True when the next token to this endpoint would not be answered by NAK. */
  isReady(index: number): boolean {
    const control = this.#dpram.bufferControl(index);
    if (this.#stalls(index, control)) return true;
    return !((this.#abort >>> index) & 1) && this.#isAvailable(index, this.#half(index, control));
  }

  naksMatter(index: number): boolean {
    return (this.#configuration(index) & INTERRUPT_ON_NAK) !== 0;
  }

  in(endpoint: number): UsbAnswer {
    const answer = this.#token(2 * endpoint);
    if (answer !== 'ack') return answer;
    const { index, buffer } = this.#current;
    const half = this.#half(index, this.#dpram.bufferControl(index));
    const from = this.#address(index, buffer, half & BUFFER.length);
    if (from < 0) return this.#answered('none');
    const length = half & BUFFER.length;
    this.#packet.set(this.#dpram.bytes.subarray(from, from + length));
    this.packet = this.#packet.subarray(0, length);
    return (this.#current.answer = half & BUFFER.data1 ? 'data1' : 'data0');
  }

  inHandshake(acknowledged: boolean): void {
    const { index, buffer, answer } = this.#current;
    const hasData = index >= 0 && (answer === 'data0' || answer === 'data1');
    if (hasData && acknowledged) this.#done(index, buffer, 0);
    this.#settle();
  }

  out(endpoint: number): void {
    this.#token(2 * endpoint + 1);
  }

  /** The data packet of the last `out`. */
  data(data1: boolean, payload: Uint8Array): UsbAnswer {
    const { index, buffer, answer } = this.#current;
    if (index < 0 || answer !== 'ack') {
      this.#settle();
      return answer;
    }
    if (payload.length > LONGEST_PACKET) {
      this.#events.overflow();
      return this.#answered('none');
    }
    const half = this.#half(index, this.#dpram.bufferControl(index));
    // A repetition whose acknowledgement was lost: acknowledged and dropped (USB 2.0 8.6.3)
    if (((half & BUFFER.data1) !== 0) !== data1) {
      this.#events.sequenceError(index >> 1);
      return this.#answered('ack');
    }
    const to = this.#address(index, buffer, payload.length);
    if (to < 0) return this.#answered('none');
    this.#dpram.bytes.set(payload, to);
    this.#done(index, buffer, BUFFER.full | payload.length);
    return this.#answered('ack');
  }

  /** 4.1.2.6: always taken; the stall of endpoint 0 must be armed anew. */
  setup(payload: Uint8Array): void {
    this.#dpram.bytes.set(payload, 0);
    this.stallArm = 0;
  }

  #token(index: number): UsbAnswer {
    this.#settle();
    const configuration = this.#configuration(index);
    const t = this.#current;
    t.index = index;
    t.buffer = configuration & DOUBLE ? this.#selected[index]! : 0;
    if (!(configuration & ENABLE)) return (t.answer = 'none');
    const control = this.#dpram.bufferControl(index);
    if (this.#stalls(index, control)) {
      if (configuration & INTERRUPT_ON_STALL) this.#noteStallNak(index);
      return (t.answer = 'stall');
    }
    const takes = !((this.#abort >>> index) & 1) && this.#isAvailable(index, this.#half(index, control));
    if (!takes && configuration & INTERRUPT_ON_NAK) this.#noteStallNak(index);
    return (t.answer = takes ? 'ack' : 'nak');
  }

  #answered(answer: UsbAnswer): UsbAnswer {
    this.#settle();
    return answer;
  }

  /** The transaction is over: an abort that waited for it is done. */
  #settle(): void {
    const { index } = this.#current;
    if (index < 0) return;
    this.#current.index = -1;
    this.#current.answer = 'none';
    const bit = 1 << index;
    if (this.#abort & bit && !(this.abortDone & bit)) {
      this.abortDone |= bit;
      this.#events.changed();
    }
  }

  #noteStallNak(index: number): void {
    this.stallNak |= 1 << index;
    this.#events.changed();
  }

  /** Endpoint control, or the like for endpoint 0, which is always enabled. */
  #configuration(index: number): number {
    if (index >= 2) return this.#dpram.endpointControl(index);
    const sie = this.#events.sieControl();
    const interrupts = sie & (DOUBLE | INTERRUPT_PER_BUFFER | INTERRUPT_PER_TWO);
    const onStall = sie & 0x8000_0000 ? INTERRUPT_ON_STALL : 0;
    return ENABLE | interrupts | onStall | (sie & (1 << 27) ? INTERRUPT_ON_NAK : 0);
  }

  /** Endpoint 0 stalls only while EP_STALL_ARM says so too. */
  #stalls(index: number, control: number): boolean {
    return (control & BUFFER.stall) !== 0 && (index >= 2 || ((this.stallArm >> index) & 1) === 1);
  }

  #half(index: number, control: number): number {
    const isSecond = (this.#configuration(index) & DOUBLE) !== 0 && this.#selected[index] === 1;
    return isSecond ? control >>> 16 : control & 0xffff;
  }

  #isAvailable(index: number, half: number): boolean {
    const isFull = (half & BUFFER.full) !== 0;
    return (half & BUFFER.available) !== 0 && isFull === (index % 2 === 0);
  }

  /** Byte offset in DPRAM, or −1 where the packet would leave it. */
  #address(index: number, buffer: number, length: number): number {
    const base = index < 2 ? EP0_BUFFER : this.#dpram.endpointControl(index) & 0xffc0;
    const from = base + buffer * SECOND_BUFFER;
    if (from + length <= DPRAM_BYTES) return from;
    this.#events.outsideDpram(index >> 1, from);
    return -1;
  }

  /** A buffer is through: `received` is FULL and LENGTH for OUT, 0 for IN. */
  #done(index: number, buffer: number, received: number): void {
    const shift = 16 * buffer;
    const control = this.#dpram.bufferControl(index);
    const half = (control >>> shift) & 0xffff;
    const emptied = half & ~(BUFFER.available | BUFFER.full);
    const left = received === 0 && index % 2 === 0 ? emptied : (emptied & ~BUFFER.length) | received;
    this.#dpram.setBufferControl(index, ((control & ~(0xffff << shift)) | (left << shift)) >>> 0);
    const configuration = this.#configuration(index);
    if (configuration & DOUBLE) this.#selected[index] = buffer ^ 1;
    const last = (half & BUFFER.last) !== 0;
    if (last) this.#events.transactionComplete();
    const each = (configuration & INTERRUPT_PER_BUFFER) !== 0;
    const both = (configuration & INTERRUPT_PER_TWO) !== 0 && (buffer === 1 || last);
    if (each || both) this.#raise(index, buffer, (configuration & DOUBLE) !== 0);
    this.#events.changed();
  }

  #raise(index: number, buffer: number, double: boolean): void {
    const bit = 1 << index;
    if (this.bufferStatus & bit) {
      if (double) this.#waiting |= bit;
      return;
    }
    this.bufferStatus |= bit;
    this.cpuShouldHandle = buffer === 1 ? this.cpuShouldHandle | bit : this.cpuShouldHandle & ~bit;
  }
}
