import type { DutMessage } from './messages.ts';
import { looksLikeInterfaceBoard } from './topology.ts';

const KEPT_LINES = 1000;
const KEPT_TEXT = 200;

/** What came in since a command was sent: the facts a time-out is diagnosed from. */
export class Heard {
  bytes = 0;
  unprintable = 0;
  messages = 0;
  readies = 0;
  interfaceBoard = false;
  bootPrologue = false;
  readonly lines: string[] = [];

  countBytes(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    for (const b of bytes) if (!isText(b)) this.unprintable++;
  }

  countLine(line: string): void {
    if (this.lines.length < KEPT_LINES) this.lines.push(line);
    if (looksLikeInterfaceBoard(line)) this.interfaceBoard = true;
  }

  countMessage(message: DutMessage): void {
    if (message.kind === 'noise') return;
    this.messages++;
    if (message.kind === 'ready') this.readies++;
    if (message.kind === 'timestamp-mode' || message.kind === 'init-done') this.bootPrologue = true;
  }

  /**
   * A wrong line rate turns text into bytes spread over the whole range; 0.2 lets a stray NUL or an ANSI
   * sequence in a short reply pass.
   */
  get garbage(): boolean {
    return this.bytes >= 4 && this.messages === 0 && this.unprintable > 0.2 * this.bytes;
  }

  /** The end of what was said, for the user to read. */
  get tail(): string {
    return this.lines.slice(-5).join(' | ').slice(-KEPT_TEXT);
  }
}

function isText(b: number): boolean {
  return (b >= 0x20 && b < 0x7f) || b === 0x0a || b === 0x0d || b === 0x09 || b === 0x1b;
}
