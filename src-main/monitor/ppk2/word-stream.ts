import type { GapCause } from '../../trace/format.ts';
import { LossClock } from './loss-clock.ts';

/** Words looked at before a break in the counter is called a loss or a misalignment: 160 µs of stream. */
const LOOKAHEAD_WORDS = 16;
const LOOKAHEAD_BYTES = LOOKAHEAD_WORDS * 4 + 3;
/** Of the steps between them so many must be +1 for an alignment to be believed. */
const GOOD_STEPS = 8;
const CAPACITY_WORDS = 65_536;

export interface WordReceiver {
  words(words: Uint32Array, from: number, to: number): void;
  gap(missing: number, cause: GapCause): void;
  mark(kind: string, detail: string): void;
}

/**
 * Bytes of a PPK2 stream → words in order, with gaps where the 6-bit counter says so. The stream has no framing: a
 * lost byte shifts everything after it. When the counter breaks, the next 16 words are read at all four
 * alignments; where the present one goes on counting, samples were lost, (counter − expected) & 63 of them; where another
 * one does, bytes were lost and the stream is taken up there. A loss of a multiple of 64 samples leaves no trace in the
 * counter; the times of arrival show it a few seconds later (`LossClock`), and it is then reported where the stream is.
 */
export class Ppk2WordStream {
  readonly #receiver: WordReceiver;
  readonly #lossClock = new LossClock();
  readonly #bytes = new Uint8Array(CAPACITY_WORDS * 4);
  readonly #words = new Uint32Array(this.#bytes.buffer);
  #held = 0;
  #expected = -1;
  /** Bytes thrown away since the last good word, while no alignment fits. */
  #skippedBytes = 0;
  /** Words given up because a byte lost inside them would not show in the counter. */
  #suspect = 0;
  /** Words at the start of the buffer that the counter confirmed but that wait for the next one: 0 or 1. */
  #verified = 0;
  /** Samples handed out, missing ones included. */
  #position = 0;

  constructor(receiver: WordReceiver) {
    this.#receiver = receiver;
  }

  /** `nowUs`: when the chunk arrived, on the host's clock. */
  push(chunk: Uint8Array, nowUs: number): void {
    let at = 0;
    while (at < chunk.length) {
      const n = Math.min(chunk.length - at, this.#bytes.length - this.#held);
      this.#bytes.set(chunk.subarray(at, at + n), this.#held);
      this.#held += n;
      at += n;
      this.#consume(false);
    }
    const blocks = this.#lossClock.arrived(nowUs, this.#position + (this.#held >> 2));
    if (blocks > 0) this.#reportBlocks(blocks);
  }

  /** The stream has ended: hands out what was held back for looking ahead. */
  end(): void {
    this.#consume(true);
    const unused = this.#held + this.#skippedBytes;
    if (unused > 0) this.#receiver.mark('ppk2.unused-tail', `${unused} bytes at the end of the stream`);
    this.#held = 0;
  }

  #consume(ending: boolean): void {
    let emitFrom = 0;
    let word = this.#verified;
    for (;;) {
      const words = this.#held >> 2;
      const good = this.#countGood(word, words);
      const undecided = good >= words || (!ending && this.#held - good * 4 < LOOKAHEAD_BYTES);
      if (undecided) {
        const emitTo = ending ? good : Math.max(emitFrom, good - 1);
        this.#emit(emitFrom, emitTo);
        this.#verified = good - emitTo;
        this.#drop(emitTo * 4);
        return;
      }
      const alignment = this.#bestAlignment(good * 4);
      const aligned = alignment === 0 && this.#skippedBytes === 0;
      // Where bytes were lost, the word before the break may already be made of two samples.
      const suspect = !aligned && good > emitFrom ? 1 : 0;
      this.#emit(emitFrom, good - suspect);
      this.#suspect += suspect;
      word = alignment < 0 ? this.#skipWord(good) : this.#takeUp(good, alignment);
      emitFrom = word;
    }
  }

  #emit(from: number, to: number): void {
    if (to <= from) return;
    this.#receiver.words(this.#words, from, to);
    this.#position += to - from;
  }

  #gap(missing: number, cause: GapCause): void {
    if (missing <= 0) return;
    this.#receiver.gap(missing, cause);
    this.#position += missing;
  }

  #reportBlocks(blocks: number): void {
    this.#receiver.mark(
      'ppk2.likely-lost',
      `likely ${blocks} × 64 samples, lost between sample ${this.#lossClock.lossAfterSample} and ${this.#position}`,
    );
    this.#gap(blocks * 64, 'likely-multiple-of-64');
  }

  /** First word from `word` on whose counter is not the expected one. Hot path. */
  #countGood(word: number, words: number): number {
    const w = this.#words;
    let expected = this.#expected;
    if (expected < 0) return word;
    let i = word;
    while (i < words && ((w[i]! >>> 18) & 63) === expected) {
      expected = (expected + 1) & 63;
      i++;
    }
    this.#expected = expected;
    return i;
  }

  #skipWord(word: number): number {
    this.#skippedBytes += 4;
    return word + 1;
  }

  /** Goes on at `word` after moving the rest of the buffer to the alignment that counts. */
  #takeUp(word: number, alignment: number): number {
    const at = word * 4;
    if (alignment > 0) {
      this.#bytes.copyWithin(at, at + alignment, this.#held);
      this.#held -= alignment;
      this.#skippedBytes += alignment;
    }
    const torn = this.#skippedBytes > 0;
    const counter = (this.#words[word]! >>> 18) & 63;
    if (this.#expected < 0 && torn)
      this.#receiver.mark('ppk2.left-over-bytes', `${this.#skippedBytes} bytes before the first sample`);
    if (this.#expected >= 0) this.#reportLoss((counter - this.#expected) & 63, alignment);
    this.#skippedBytes = 0;
    this.#suspect = 0;
    // the low bytes of the first word after a tear can belong to a sample before it
    this.#expected = torn ? (counter + 1) & 63 : counter;
    return torn ? word + 1 : word;
  }

  #reportLoss(missing: number, alignment: number): void {
    if (this.#skippedBytes === 0) {
      this.#gap(missing, 'lost');
      return;
    }
    // Bytes that could not be used belonged to samples that are missing too: of the counts the counter allows, the
    // nearest to that many.
    const skippedWords = this.#skippedBytes / 4;
    const total = missing + 64 * Math.max(0, Math.round((skippedWords - missing) / 64));
    this.#receiver.mark(
      'ppk2.misaligned',
      `${this.#skippedBytes} bytes skipped, alignment moved by ${alignment}`,
    );
    // with the suspect words on both sides of the tear
    this.#gap(total + this.#suspect + 1, 'misaligned');
  }

  /** 0–3, or −1 where none of them counts or too little is there to tell. The present alignment wins a tie. */
  #bestAlignment(at: number): number {
    let best = -1;
    let bestShare = 0;
    for (let a = 0; a < 4; a++) {
      const words = Math.min(LOOKAHEAD_WORDS, (this.#held - at - a) >> 2);
      if (words < 2) continue;
      const share = this.#goodSteps(at + a, words) / (words - 1);
      const enough = share >= GOOD_STEPS / (LOOKAHEAD_WORDS - 1);
      if (enough && share > bestShare) {
        best = a;
        bestShare = share;
      }
    }
    return best;
  }

  #goodSteps(at: number, words: number): number {
    let steps = 0;
    let before = (this.#bytes[at + 2]! >>> 2) & 63;
    for (let i = 1; i < words; i++) {
      const now = (this.#bytes[at + i * 4 + 2]! >>> 2) & 63;
      if (((now - before) & 63) === 1) steps++;
      before = now;
    }
    return steps;
  }

  #drop(bytes: number): void {
    if (bytes === 0) return;
    this.#bytes.copyWithin(0, bytes, this.#held);
    this.#held -= bytes;
  }
}
