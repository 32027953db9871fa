import { BugError } from '../../base/errors.ts';
import { binaryWord } from './codec.ts';
import type { Lpm01aFindings } from './findings.ts';
import { STAMP_SAMPLES, TimestampCheck } from './timestamps.ts';
import type { WordBuffer } from '../word-buffer.ts';

const META = 0xf0;
const META_END = 0xff;
/** Payload bytes by type; −1: text up to the end mark. Source: PROTOCOLS §4. */
const PAYLOAD: Readonly<Record<number, number>> = {
  0xf1: -1,
  0xf2: -1,
  0xf3: 5,
  0xf4: 0,
  0xf5: 0,
  0xf6: 0,
  0xf7: 2,
  0xf8: 2,
  0xf9: 1,
};
const TIMESTAMP = 0xf3;
/** F0 F3, four bytes of time, one of buffer, FF FF. */
const TIMESTAMP_BYTES = 9;
const LONGEST_TEXT = 512;
/** Held back without any time stamp; then they are handed out unproven. */
const HELD_SAMPLES = 20 * STAMP_SAMPLES;
/** A block that lacks no more than this may hold a value that was put together from two. */
const TORN_SAMPLES = 2;

type Place = 'high' | 'low' | 'type' | 'payload' | 'end-1' | 'end-2' | 'text';

/**
 * Binary acquisition: two bytes a sample, high one first, metadata between them. Nothing in a sample tells where it
 * begins, so samples are held back until the next time stamp proves them: it stands where it must and counts
 * right, or the whole block is a gap. Also when a byte was lost, recovery takes one block: 10 ms at 100 kHz.
 */
export class Lpm01aBinaryStream {
  readonly #out: WordBuffer;
  readonly #findings: Lpm01aFindings;
  readonly #stamps: TimestampCheck;
  readonly #held = new Uint16Array(HELD_SAMPLES);
  readonly #recent = new Uint8Array(16);
  readonly #payload = new Uint8Array(LONGEST_TEXT);
  #recentAt = 0;
  #count = 0;
  #handedOut = 0;
  #place: Place = 'high';
  #high = 0;
  #type = 0;
  #payloadLength = 0;
  #text = '';

  constructor(out: WordBuffer, findings: Lpm01aFindings, rateHz: number) {
    this.#out = out;
    this.#findings = findings;
    this.#stamps = new TimestampCheck(rateHz);
  }

  /** Hot path: nothing is allocated for a sample. */
  push(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) {
      const b = bytes[i]!;
      this.#recent[this.#recentAt++ & 15] = b;
      if (b === META_END && this.#stampElsewhere()) this.#foundElsewhere();
      else if (this.#place === 'high') {
        if (b === META) this.#place = 'type';
        else {
          this.#high = b;
          this.#place = 'low';
        }
      } else if (this.#place === 'low') {
        this.#place = 'high';
        this.#sample((this.#high << 8) | b);
      } else this.#metadata(b);
    }
    this.#out.flush();
  }

  /** What was held when the stream ended came in order, unproven. */
  end(): void {
    this.#handOut();
    this.#out.flush();
  }

  #sample(sample: number): void {
    if (this.#count === HELD_SAMPLES) {
      this.#out.mark('lpm01a.no-timestamps', `${this.#count} samples without a time stamp`);
      this.#handOut();
    }
    this.#held[this.#count++] = sample;
  }

  #metadata(b: number): void {
    switch (this.#place) {
      case 'type':
        this.#type = b;
        this.#payloadLength = 0;
        this.#place = PAYLOAD[b] === undefined ? 'high' : PAYLOAD[b] === 0 ? 'end-1' : 'payload';
        return;
      case 'payload':
        return this.#payloadByte(b);
      case 'end-1':
        this.#place = b === META_END ? 'end-2' : 'high';
        return;
      case 'end-2':
        this.#place = 'high';
        if (b === META_END) this.#said();
        return;
      case 'text':
        return this.#textByte(b);
      default:
        throw new BugError(`metadata in ${this.#place}`);
    }
  }

  #payloadByte(b: number): void {
    const length = PAYLOAD[this.#type]!;
    if (length < 0 && b === META_END) this.#place = 'end-2';
    else if (this.#payloadLength === LONGEST_TEXT) this.#place = 'high';
    else {
      this.#payload[this.#payloadLength++] = b;
      if (this.#payloadLength === length) this.#place = 'end-1';
    }
  }

  /** After the end of the acquisition the device speaks in lines again. */
  #textByte(b: number): void {
    if (b === 0x0a) {
      const line = this.#text.trim();
      this.#text = '';
      if (line !== '') this.#findings.line(line);
    } else if (b !== 0 && this.#text.length < LONGEST_TEXT) this.#text += String.fromCharCode(b);
  }

  #said(): void {
    const p = this.#payload;
    const u16 = (p[0]! << 8) | p[1]!;
    switch (this.#type) {
      case 0xf1:
      case 0xf2: {
        const text = Buffer.from(p.subarray(0, this.#payloadLength)).toString('latin1').trim();
        return this.#findings.mark(this.#type === 0xf1 ? 'lpm01a.error' : 'lpm01a.info', text.slice(0, 120));
      }
      case TIMESTAMP:
        return this.#timestamp(this.#stampMs(p, 0), p[4]!, true);
      case 0xf4:
        this.#handOut();
        this.#place = 'text';
        return;
      case 0xf5:
        return this.#findings.overcurrent();
      case 0xf6:
        return this.#findings.mark('lpm01a.target-reset', '');
      case 0xf7:
        return this.#findings.mark('lpm01a.voltage', `${u16} mV`);
      case 0xf8:
        return this.#findings.mark('lpm01a.temperature', `${(u16 << 16) >> 16} °C`);
      default:
        return this.#findings.mark('lpm01a.power', p[0] === 0 ? 'off' : 'on');
    }
  }

  #stampMs(bytes: Uint8Array, at: number): number {
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }

  #timestamp(ms: number, bufferPercent: number, aligned: boolean): void {
    const counted = this.#count + this.#handedOut;
    const expected = this.#stamps.expected(ms, counted);
    if (expected === null) {
      this.#out.mark('lpm01a.time-jump', `time stamp of ${ms} ms after ${counted} samples`);
      this.#handOut();
    } else if (aligned && expected - counted > TORN_SAMPLES) {
      this.#handOut();
      this.#out.gap(expected - counted, 'lost');
    } else if (aligned && expected === counted) this.#handOut();
    else {
      this.#out.mark(
        'lpm01a.misaligned',
        `${counted} of ${expected} samples before the time stamp at ${ms} ms`,
      );
      this.#out.gap(expected - this.#handedOut, 'misaligned');
    }
    this.#count = 0;
    this.#handedOut = 0;
    this.#findings.buffer(bufferPercent);
  }

  #handOut(): void {
    for (let i = 0; i < this.#count; i++) this.#out.push(binaryWord(this.#held[i]!, 0));
    this.#handedOut += this.#count;
    this.#count = 0;
  }

  /** Do the last nine bytes make a whole time stamp, where none was expected? */
  #stampElsewhere(): boolean {
    if (this.#place === 'text' || (this.#place === 'end-2' && this.#type === TIMESTAMP)) return false;
    const at = (back: number) => this.#recent[(this.#recentAt - 1 - back) & 15]!;
    return at(1) === META_END && at(TIMESTAMP_BYTES - 1) === META && at(TIMESTAMP_BYTES - 2) === TIMESTAMP;
  }

  /** Bytes were lost before this time stamp, and behind it the stream begins anew. */
  #foundElsewhere(): void {
    this.#place = 'high';
    const bytes = Uint8Array.from({ length: 5 }, (_, i) => this.#recent[(this.#recentAt - 7 + i) & 15]!);
    this.#timestamp(this.#stampMs(bytes, 0), bytes[4]!, false);
  }
}
