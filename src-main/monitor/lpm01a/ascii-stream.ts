import { asciiWord } from './codec.ts';
import type { Lpm01aFindings } from './findings.ts';
import { TimestampCheck } from './timestamps.ts';
import { WindowEvents } from './window-events.ts';
import type { WordBuffer } from '../word-buffer.ts';

/** `6409-07` */
const SAMPLE_BYTES = 7;
/** A sample with its line end: how many samples a line that cannot be read may have been. */
const LINE_BYTES = SAMPLE_BYTES + 2;
const LONGEST_LINE = 200;
const TIMESTAMP = /^TimeStamp: (\d+)s (\d+)ms, buff (\d+)%$/;
const EVENT = /^event (\d+) (?:ris|fal)$/;
const ZERO = 0x30;

/** ASCII acquisition: one sample a line, lines that say other things between them. Lines find themselves again. */
export class Lpm01aAsciiStream {
  readonly #out: WordBuffer;
  readonly #findings: Lpm01aFindings;
  readonly #stamps: TimestampCheck;
  readonly #line = new Uint8Array(LONGEST_LINE);
  readonly events = new WindowEvents();
  #length = 0;
  #count = 0;
  #inSummary = false;

  constructor(out: WordBuffer, findings: Lpm01aFindings, rateHz: number) {
    this.#out = out;
    this.#findings = findings;
    this.#stamps = new TimestampCheck(rateHz);
  }

  /** Hot path: a line of a sample allocates nothing. */
  push(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) {
      const b = bytes[i]!;
      if (b === 0x0a) {
        this.#endOfLine();
        this.#length = 0;
      } else if (b !== 0 && b !== 0x0d) {
        // a NUL can stand anywhere; what exceeds a line was no line
        if (this.#length < LONGEST_LINE) this.#line[this.#length++] = b;
      }
    }
    this.#out.flush();
  }

  end(): void {
    this.#out.flush();
  }

  #endOfLine(): void {
    if (this.#length === 0) return;
    if (this.#length === SAMPLE_BYTES && this.#sample()) return;
    const text = Buffer.from(this.#line.buffer, 0, this.#length).toString('latin1').trim();
    if (text !== '') this.#say(text);
  }

  #sample(): boolean {
    const l = this.#line;
    let mantissa = 0;
    for (let i = 0; i < 4; i++) {
      const digit = l[i]! - ZERO;
      if (digit < 0 || digit > 9) return false;
      mantissa = mantissa * 10 + digit;
    }
    const sign = l[4]!;
    const tens = l[5]! - ZERO;
    const ones = l[6]! - ZERO;
    if ((sign !== 0x2b && sign !== 0x2d) || tens < 0 || tens > 9 || ones < 0 || ones > 9) return false;
    this.#out.push(asciiWord(mantissa, tens * 10 + ones, sign === 0x2b, this.events.level));
    this.#count++;
    return true;
  }

  #say(text: string): void {
    const stamp = TIMESTAMP.exec(text);
    if (stamp) return this.#timestamp(Number(stamp[1]) * 1000 + Number(stamp[2]), Number(stamp[3]));
    const event = EVENT.exec(text);
    if (event) return this.#event(Number(event[1]));
    if (text === 'summary beg') this.#inSummary = true;
    if (text === 'summary end') this.#inSummary = false;
    if (this.#inSummary || this.#findings.line(text)) return;
    this.#unreadable(text);
  }

  #timestamp(ms: number, bufferPercent: number): void {
    const expected = this.#stamps.expected(ms, this.#count);
    if (expected === null)
      this.#out.mark('lpm01a.time-jump', `time stamp of ${ms} ms after ${this.#count} samples`);
    else if (expected < this.#count)
      this.#out.mark('lpm01a.extra-samples', `${this.#count} samples in the time of ${expected}`);
    else this.#out.gap(expected - this.#count, 'lost');
    this.#count = 0;
    this.#findings.buffer(bufferPercent);
  }

  #event(number: number): void {
    if (!this.events.event(number))
      this.#out.mark('lpm01a.event-lost', `event ${number} does not follow the one before`);
  }

  /** Part of a sample, or several run together: their place is known, their values are not. */
  #unreadable(text: string): void {
    this.#out.mark('lpm01a.unreadable', JSON.stringify(text.slice(0, 40)));
    if (!/^[\d+-]/.test(text)) return;
    const samples = Math.max(1, Math.round(text.length / LINE_BYTES));
    this.#out.gap(samples, 'misaligned');
    this.#count += samples;
  }
}
