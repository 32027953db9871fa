/** A whole answer of a SCPI instrument: a line, or the bytes of a block. */
export type ScpiReply =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'block'; readonly bytes: Uint8Array }
  /** A block of unknown length that may end here: it does when nothing more comes; otherwise push that. */
  | { readonly kind: 'perhaps'; readonly bytes: Uint8Array }
  | { readonly kind: 'bad'; readonly why: string };

/** More than any instrument's buffer; a length beyond is no length. */
const LONGEST_BLOCK = 1 << 26;
const LONGEST_LINE = 1 << 16;
const NEWLINE = 0x0a;
const HASH = 0x23;
const ZERO = 0x30;

/**
 * Bytes → answers. IEEE 488.2: `#<n><n digits of length><bytes>\n`; `#0<bytes>\n`, whose end over TCP is the new line
 * behind its last byte; anything else is a line. In a block of unknown length a new line can be data: it may end the
 * block only where whole items come out, and does when nothing follows.
 */
export class ScpiReplyParser {
  readonly #itemBytes: number;
  #held: Uint8Array = new Uint8Array();

  /** `itemBytes`: size of what a block is made of, 8 for pairs of float32. */
  constructor(itemBytes: number) {
    this.#itemBytes = itemBytes;
  }

  /** The first whole answer of what has come so far, or null. What follows it is held. */
  push(bytes: Uint8Array): ScpiReply | null {
    this.#held = this.#held.length === 0 ? bytes.slice() : Buffer.concat([this.#held, bytes]);
    return this.#take();
  }

  reset(): void {
    this.#held = new Uint8Array();
  }

  #take(): ScpiReply | null {
    const h = this.#held;
    if (h.length === 0) return null;
    if (h[0] === HASH) return this.#block();
    const end = h.indexOf(NEWLINE);
    if (end < 0) return h.length > LONGEST_LINE ? this.#bad('a line without end') : null;
    const text = Buffer.from(h.subarray(0, end)).toString('latin1').trim();
    this.#held = h.subarray(end + 1);
    return { kind: 'line', text };
  }

  #block(): ScpiReply | null {
    const h = this.#held;
    if (h.length < 2) return null;
    const digits = h[1]! - ZERO;
    if (digits < 0 || digits > 9) return this.#bad('a block whose length has no digits');
    if (digits === 0) return this.#indefinite();
    if (h.length < 2 + digits) return null;
    const text = Buffer.from(h.subarray(2, 2 + digits)).toString('latin1');
    const length = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!(length <= LONGEST_BLOCK)) return this.#bad('a block whose length is no number');
    const from = 2 + digits;
    if (h.length < from + length + 1) return null;
    const bytes = new Uint8Array(h.subarray(from, from + length));
    const ended = h[from + length] === NEWLINE;
    this.#held = h.subarray(from + length + 1);
    return ended ? { kind: 'block', bytes } : this.#bad('a block that is longer than it says');
  }

  #indefinite(): ScpiReply | null {
    const h = this.#held;
    const length = h.length - 3;
    if (length > LONGEST_BLOCK) return this.#bad('a block without end');
    if (length < 0 || h[h.length - 1] !== NEWLINE || length % this.#itemBytes !== 0) return null;
    return { kind: 'perhaps', bytes: new Uint8Array(h.subarray(2, 2 + length)) };
  }

  #bad(why: string): ScpiReply {
    this.reset();
    return { kind: 'bad', why };
  }
}
