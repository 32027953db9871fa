/**
 * One direction of an asynchronous line: frames with exact start times on one side, a receiver that samples at
 * its own rate on the other. With equal rates bytes pass; with a wrong rate the receiver sees what a real one
 * would: garbage and framing errors. All times are virtual µs.
 */
export interface SerialFrame {
  readonly startUs: number;
  readonly bitUs: number;
  readonly byte: number;
}

export interface FrameSender {
  send(frame: SerialFrame): void;
}

export interface SerialReceiver {
  /** µs a bit of the receiver's own clock; 0 while it has none. */
  readonly bitUs: number;
  readonly listening: boolean;
  receive(byte: number, framing: boolean): void;
}

/** Calls back at a virtual time. One pending call; a new one replaces it. */
export interface Alarm {
  at(us: number): void;
  clear(): void;
}

const FRAME_BITS = 10;
/** Sampling stops in the middle of the stop bit; a start edge may follow from there on. */
const STOP_SAMPLE = 9.5;

export class SerialLine implements FrameSender {
  readonly #receiver: SerialReceiver;
  readonly #alarm: Alarm;
  readonly #frames: SerialFrame[] = [];
  /** Frames before this index are done with; dropped in one go now and then. */
  #first = 0;
  /** Start of the character awaited or being received, and the bit time it is received with. */
  #startUs = 0;
  #bitUs = 0;
  #phase: 'idle' | 'awaiting-edge' | 'receiving' = 'idle';
  /** Where the search for the next start edge begins. */
  #searchUs = -Infinity;

  constructor(receiver: SerialReceiver, alarm: (fire: () => void) => Alarm) {
    this.#receiver = receiver;
    this.#alarm = alarm(() => (this.#phase === 'receiving' ? this.#complete() : this.#begin()));
  }

  /** Frames come in order of their start and do not overlap. */
  send(frame: SerialFrame): void {
    this.#frames.push(frame);
    if (this.#phase === 'idle') this.#listen();
  }

  /** Power went, or the wire was cut: forgets what is under way. */
  clear(): void {
    this.#frames.length = this.#first = 0;
    this.#phase = 'idle';
    this.#alarm.clear();
    this.#searchUs = -Infinity;
  }

  /** Waits for the next falling edge from `#searchUs` on. What the receiver is set to is looked at there, not now. */
  #listen(): void {
    this.#forget();
    const edgeUs = this.#fallingEdge(this.#searchUs);
    if (edgeUs === undefined) {
      this.#phase = 'idle';
      return;
    }
    this.#phase = 'awaiting-edge';
    this.#startUs = edgeUs;
    this.#alarm.at(edgeUs);
  }

  /** At the edge: receives a character, or, while nobody listens, lets its frame pass. */
  #begin(): void {
    if (!this.#receiver.listening) {
      const frame = this.#frames.find(
        (f, i) => i >= this.#first && f.startUs + FRAME_BITS * f.bitUs > this.#startUs,
      )!;
      this.#searchUs = frame.startUs + FRAME_BITS * frame.bitUs;
      this.#listen();
      return;
    }
    this.#phase = 'receiving';
    this.#bitUs = this.#receiver.bitUs;
    this.#alarm.at(this.#startUs + FRAME_BITS * this.#bitUs);
  }

  #complete(): void {
    let byte = 0;
    for (let bit = 0; bit < 8; bit++) byte |= this.#level(this.#startUs + (bit + 1.5) * this.#bitUs) << bit;
    const stopUs = this.#startUs + STOP_SAMPLE * this.#bitUs;
    const framing = this.#level(stopUs) === 0;
    this.#searchUs = stopUs;
    this.#receiver.receive(byte, framing);
    this.#listen();
  }

  /** Level of the line at `us`: start bit low, data from bit 0, stop bit and idle high. */
  #level(us: number): 0 | 1 {
    for (let i = this.#first; i < this.#frames.length; i++) {
      const f = this.#frames[i]!;
      if (f.startUs > us) return 1;
      const bit = Math.floor((us - f.startUs) / f.bitUs);
      if (bit >= FRAME_BITS) continue;
      return levelOf(f.byte, bit);
    }
    return 1;
  }

  /** The first fall at or after `fromUs`, counting a start bit that begins exactly there. */
  #fallingEdge(fromUs: number): number | undefined {
    for (let i = this.#first; i < this.#frames.length; i++) {
      const f = this.#frames[i]!;
      if (f.startUs + FRAME_BITS * f.bitUs <= fromUs) continue;
      for (let bit = 0; bit < FRAME_BITS - 1; bit++) {
        const before = bit === 0 ? 1 : levelOf(f.byte, bit - 1);
        if (before === 0 || levelOf(f.byte, bit) === 1) continue;
        const edgeUs = f.startUs + bit * f.bitUs;
        if (edgeUs >= fromUs - 1e-6) return edgeUs;
      }
    }
    return undefined;
  }

  /** Drops frames that lie wholly before the search. */
  #forget(): void {
    for (; this.#first < this.#frames.length; this.#first++) {
      const f = this.#frames[this.#first]!;
      if (f.startUs + FRAME_BITS * f.bitUs >= this.#searchUs) break;
    }
    if (this.#first > 1000 && this.#first * 2 > this.#frames.length) {
      this.#frames.splice(0, this.#first);
      this.#first = 0;
    }
  }
}

function levelOf(byte: number, bit: number): 0 | 1 {
  if (bit === 0) return 0;
  return bit === FRAME_BITS - 1 ? 1 : (((byte >> (bit - 1)) & 1) as 0 | 1);
}
