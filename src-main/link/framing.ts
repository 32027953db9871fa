/**
 * Cuts a stream of bytes at a delimiter, however the stream was chunked. A piece longer than `maxLength` is
 * handed out cut at that length, so that a peer that never sends the delimiter cannot fill the memory.
 */
export class DelimiterSplitter {
  readonly #delimiter: number;
  readonly #maxLength: number;
  #text = '';

  constructor(delimiter: number, maxLength: number) {
    this.#delimiter = delimiter;
    this.#maxLength = maxLength;
  }

  /** The pieces completed by these bytes, without the delimiter, one character a byte (latin-1). */
  push(bytes: Uint8Array): string[] {
    const pieces: string[] = [];
    let from = 0;
    for (;;) {
      const at = bytes.indexOf(this.#delimiter, from);
      this.#append(bytes.subarray(from, at < 0 ? bytes.length : at), pieces);
      if (at < 0) return pieces;
      pieces.push(this.#text);
      this.#text = '';
      from = at + 1;
    }
  }

  /** What came after the last delimiter. */
  get pending(): string {
    return this.#text;
  }

  reset(): void {
    this.#text = '';
  }

  #append(bytes: Uint8Array, pieces: string[]): void {
    this.#text += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    while (this.#text.length > this.#maxLength) {
      pieces.push(this.#text.slice(0, this.#maxLength));
      this.#text = this.#text.slice(this.#maxLength);
    }
  }
}

/** Device → host: lines ended by LF; a CR before it stays for the reader to strip. */
export function lineSplitter(maxLength = 4096): DelimiterSplitter {
  return new DelimiterSplitter(0x0a, maxLength);
}

/** Host → device: commands ended by `%`. */
export function commandSplitter(maxLength = 4096): DelimiterSplitter {
  return new DelimiterSplitter(0x25, maxLength);
}
