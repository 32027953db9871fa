/**
 * What a host wants of one endpoint, as a sequence of transactions: a control transfer on endpoint 0, bulk streams, interrupt
 * polls. A pipe says what it would do next and learns the answer; when and whether is the bus's business.
 */
import type { UsbAnswer } from './device-port.ts';

export type TransactionKind = 'setup' | 'in' | 'out';

const NOTHING = new Uint8Array(0);
/** USB 2.0 8.6.4 and every host: three failed tries in a row end a transfer. */
const TRIES = 3;
/** A stalled endpoint is cleared and tried again so often before the pipe is given up. */
const STALLS = 4;

export interface Pipe {
  readonly address: number;
  readonly endpoint: number;
  readonly kind: TransactionKind;
  /** Has something to do now. */
  readonly wanted: boolean;
  /** Longest payload of the next transaction, either way. */
  readonly longest: number;
  /** DATA1 of the next packet sent. */
  readonly data1: boolean;
  /** Payload of the next OUT or SETUP. */
  readonly payload: Uint8Array;
  /** Answered NAK and not asked again until something changed. */
  parked: boolean;
  /** The transaction is over. `received` is valid during the call only. */
  answered(answer: UsbAnswer, received: Uint8Array): void;
}

export type TransferEnd = 'done' | 'stalled' | 'no-answer' | 'babble' | 'timeout';

/** GET_DESCRIPTOR and the like: USB 2.0 9.3. */
export interface ControlRequest {
  /** bmRequestType */
  readonly type: number;
  readonly request: number;
  readonly value: number;
  readonly index: number;
  /** Bytes to send, or how many are asked for. */
  readonly data: Uint8Array | number;
}

export interface ControlResult {
  readonly end: TransferEnd;
  /** What an IN request brought. */
  readonly bytes: Uint8Array;
}

function setupPacket(r: ControlRequest): Uint8Array {
  const length = typeof r.data === 'number' ? r.data : r.data.length;
  const words = [r.value, r.index, length].flatMap((w) => [w & 0xff, (w >> 8) & 0xff]);
  return Uint8Array.of(r.type, r.request, ...words);
}

/** Three stages on endpoint 0: 8.5.3. */
export class ControlTransfer implements Pipe {
  readonly address: number;
  readonly endpoint = 0;
  readonly request: ControlRequest;
  readonly #packetBytes: number;
  readonly #setup: Uint8Array;
  readonly #isIn: boolean;
  readonly #bytes: Uint8Array;
  readonly #finished: (result: ControlResult) => void;
  #stage: 'setup' | 'data' | 'status' | 'over' = 'setup';
  #done = 0;
  #failures = 0;
  data1 = false;
  parked = false;

  /** `packetBytes`: bMaxPacketSize0. */
  constructor(
    address: number,
    packetBytes: number,
    request: ControlRequest,
    finished: (result: ControlResult) => void,
  ) {
    this.address = address;
    this.request = request;
    this.#packetBytes = packetBytes;
    this.#setup = setupPacket(request);
    this.#isIn = (request.type & 0x80) !== 0;
    this.#bytes = typeof request.data === 'number' ? new Uint8Array(request.data) : request.data;
    this.#finished = finished;
  }

  get wanted(): boolean {
    return this.#stage !== 'over';
  }

  get kind(): TransactionKind {
    if (this.#stage === 'setup') return 'setup';
    return (this.#stage === 'data') === this.#isIn ? 'in' : 'out';
  }

  get longest(): number {
    return this.#stage === 'setup' ? 8 : this.#packetBytes;
  }

  get payload(): Uint8Array {
    if (this.#stage === 'setup') return this.#setup;
    if (this.#stage !== 'data') return NOTHING;
    return this.#bytes.subarray(this.#done, this.#done + this.#packetBytes);
  }

  answered(answer: UsbAnswer, received: Uint8Array): void {
    if (answer === 'nak' && this.#stage !== 'setup') {
      this.#failures = 0;
      return;
    }
    if (answer === 'stall') this.finish('stalled');
    else if (answer === 'none' || answer === 'nak') {
      if (++this.#failures >= TRIES) this.finish('no-answer');
    } else {
      this.#failures = 0;
      this.#advance(answer, received);
    }
  }

  /** Ends it from outside, or as it ended. */
  finish(end: TransferEnd): void {
    if (this.#stage === 'over') return;
    this.#stage = 'over';
    this.#finished({ end, bytes: this.#isIn ? this.#bytes.slice(0, this.#done) : NOTHING });
  }

  #advance(answer: UsbAnswer, received: Uint8Array): void {
    const isData = answer === 'data0' || answer === 'data1';
    // A repeated packet whose ACK was lost is taken once
    if (isData && (answer === 'data1') !== this.data1) return;
    this.data1 = !this.data1;
    if (this.#stage === 'setup') this.#enter(this.#bytes.length > 0 ? 'data' : 'status');
    else if (this.#stage === 'status') this.finish(received.length === 0 ? 'done' : 'babble');
    else if (isData) this.#take(received);
    else {
      this.#done = Math.min(this.#bytes.length, this.#done + this.#packetBytes);
      if (this.#done === this.#bytes.length) this.#enter('status');
    }
  }

  #take(received: Uint8Array): void {
    if (received.length > this.#packetBytes || this.#done + received.length > this.#bytes.length) {
      this.finish('babble');
      return;
    }
    this.#bytes.set(received, this.#done);
    this.#done += received.length;
    if (received.length < this.#packetBytes || this.#done === this.#bytes.length) this.#enter('status');
  }

  /** Data and status stages begin with DATA1. */
  #enter(stage: 'data' | 'status'): void {
    this.#stage = stage;
    this.data1 = true;
  }
}

export interface StreamEvents {
  /** STALL: the endpoint's halt is to be cleared, then `cleared()` to be called. */
  readonly stalled: () => void;
  /** A data packet came with the PID of the one before, whose ACK was not lost: it is dropped. */
  readonly repeated: () => void;
  /** It cannot go on. */
  readonly ended: (end: TransferEnd) => void;
}

/** What bulk and interrupt pipes have in common: toggles, tries, halts. */
abstract class Stream implements Pipe {
  readonly address: number;
  readonly endpoint: number;
  readonly longest: number;
  abstract readonly kind: TransactionKind;
  abstract readonly payload: Uint8Array;
  data1 = false;
  parked = false;
  protected open = true;
  readonly #events: StreamEvents;
  #failures = 0;
  #stalls = 0;
  #halted = false;

  constructor(address: number, endpoint: number, packetBytes: number, events: StreamEvents) {
    this.address = address;
    this.endpoint = endpoint;
    this.longest = packetBytes;
    this.#events = events;
  }

  get wanted(): boolean {
    return this.open && !this.#halted && this.hasWork;
  }

  protected abstract readonly hasWork: boolean;
  /** The packet went through. False: it broke the rules. */
  protected abstract moved(received: Uint8Array): boolean;

  answered(answer: UsbAnswer, received: Uint8Array): void {
    if (answer === 'nak') this.#failures = 0;
    else if (answer === 'none') {
      if (++this.#failures >= TRIES) this.#end('no-answer');
    } else if (answer === 'stall') {
      if (++this.#stalls > STALLS) this.#end('stalled');
      else {
        this.#halted = true;
        this.#events.stalled();
      }
    } else {
      this.#failures = 0;
      if (answer !== 'ack' && (answer === 'data1') !== this.data1) {
        this.#events.repeated();
        return;
      }
      this.#stalls = 0;
      this.data1 = !this.data1;
      if (!this.moved(received)) this.#end('babble');
    }
  }

  /** CLEAR_FEATURE(ENDPOINT_HALT) went through: both ends start with DATA0 (9.4.5). */
  cleared(): void {
    this.data1 = false;
    this.#halted = false;
  }

  close(): void {
    this.open = false;
  }

  #end(end: TransferEnd): void {
    this.open = false;
    this.#events.ended(end);
  }
}

export class InStream extends Stream {
  readonly kind = 'in';
  readonly payload = NOTHING;
  readonly #sink: (bytes: Uint8Array) => void;
  /** False while the host's software does not read: no token is sent. */
  reading = true;

  constructor(
    address: number,
    endpoint: number,
    packetBytes: number,
    events: StreamEvents,
    sink: (bytes: Uint8Array) => void,
  ) {
    super(address, endpoint, packetBytes, events);
    this.#sink = sink;
  }

  protected get hasWork(): boolean {
    return this.reading;
  }

  protected moved(received: Uint8Array): boolean {
    if (received.length > this.longest) return false;
    if (received.length > 0) this.#sink(received);
    return true;
  }
}

/** Bytes in the order they were pushed, in packets as full as what waits allows. */
export class OutStream extends Stream {
  readonly kind = 'out';
  #queue = new Uint8Array(1024);
  #from = 0;
  #to = 0;
  /** Payload under way: a repetition must carry the same bytes. */
  #sending = 0;

  get payload(): Uint8Array {
    if (this.#sending === 0) this.#sending = Math.min(this.longest, this.#to - this.#from);
    return this.#queue.subarray(this.#from, this.#from + this.#sending);
  }

  get waitingBytes(): number {
    return this.#to - this.#from;
  }

  push(bytes: Uint8Array): void {
    if (this.#to + bytes.length > this.#queue.length) this.#makeRoom(bytes.length);
    this.#queue.set(bytes, this.#to);
    this.#to += bytes.length;
  }

  protected get hasWork(): boolean {
    return this.#to > this.#from;
  }

  protected moved(): boolean {
    this.#from += this.#sending;
    this.#sending = 0;
    if (this.#from === this.#to) this.#from = this.#to = 0;
    return true;
  }

  #makeRoom(count: number): void {
    const waiting = this.#queue.subarray(this.#from, this.#to);
    const larger = new Uint8Array(Math.max(this.#queue.length, 2 * (waiting.length + count)));
    larger.set(waiting);
    this.#queue = larger;
    this.#from = 0;
    this.#to = waiting.length;
  }
}
