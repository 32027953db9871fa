import { fail, type Failure } from '../../base/errors.ts';
import type { WordBuffer } from '../word-buffer.ts';

/** What the device says of itself beside its samples. */
export class Lpm01aFindings {
  readonly #out: WordBuffer;
  /** The device has said that the acquisition is over. */
  completed = false;
  /** Why the device itself ended it. */
  failure: Failure | null = null;
  #bufferWasFull = false;

  constructor(out: WordBuffer) {
    this.#out = out;
  }

  /** True when the line means something. */
  line(text: string): boolean {
    if (/acquisition completed/i.test(text)) this.completed = true;
    else if (/over-?\s?current/i.test(text)) this.overcurrent();
    else if (/^(PowerShield > err|Error)/i.test(text)) this.#out.mark('lpm01a.error', text.slice(0, 120));
    else return /^(PowerShield >|end$|summary |info)/i.test(text);
    return true;
  }

  buffer(percent: number): void {
    const full = percent >= 100;
    if (full && !this.#bufferWasFull)
      this.#out.mark('lpm01a.buffer-full', 'the device drops samples: its buffer is full');
    this.#bufferWasFull = full;
  }

  overcurrent(): void {
    this.#out.mark('lpm01a.overcurrent', 'the device cut the supply');
    this.failure ??= fail(
      'monitor.overcurrent',
      { monitor: 'lpm01a' },
      'The board draws more than the monitor can measure, and the monitor cut its supply.',
      'Check the wiring for a short; use a monitor with a wider range.',
    );
  }

  mark(kind: string, detail: string): void {
    this.#out.mark(kind, detail);
  }
}
