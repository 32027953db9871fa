import type { GapCause } from '../trace/format.ts';

/** What a decoder of wire bytes hands its findings to: the part of a SampleReceiver that needs no waiting. */
export interface WordReceiver {
  words(words: Uint32Array, from: number, to: number): void;
  gap(missing: number, cause: GapCause): void;
  mark(kind: string, detail: string): void;
}

const WORDS = 4096;
/** Marks of one kind that are kept of one stream: a wire full of noise must not fill the trace. */
const MARKS_A_KIND = 100;

/** Gathers words one by one and hands them on in blocks, in order with gaps and marks. */
export class WordBuffer {
  readonly #receiver: WordReceiver;
  readonly #words = new Uint32Array(WORDS);
  readonly #marks = new Map<string, number>();
  #count = 0;

  constructor(receiver: WordReceiver) {
    this.#receiver = receiver;
  }

  /** Hot path. */
  push(word: number): void {
    if (this.#count === WORDS) this.flush();
    this.#words[this.#count++] = word;
  }

  gap(missing: number, cause: GapCause): void {
    if (missing <= 0) return;
    this.flush();
    this.#receiver.gap(missing, cause);
  }

  mark(kind: string, detail: string): void {
    const before = this.#marks.get(kind) ?? 0;
    this.#marks.set(kind, before + 1);
    if (before >= MARKS_A_KIND) return;
    this.flush();
    this.#receiver.mark(kind, before + 1 < MARKS_A_KIND ? detail : `${detail} (no more of these are kept)`);
  }

  flush(): void {
    if (this.#count > 0) this.#receiver.words(this.#words, 0, this.#count);
    this.#count = 0;
  }
}
