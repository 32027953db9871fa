import { fail, ok, type Result } from '../../base/errors.ts';
import type { Link } from '../../link/link.ts';
import { lineSplitter, type DelimiterSplitter } from '../../link/framing.ts';
import { linkLost } from '../failures.ts';

const REPLY_TIMEOUT_US = 1_000_000;
const QUIET_US = 30_000;
const DRAIN_LIMIT_US = 2_000_000;
const ACK = 'PowerShield > ack ';

function told(piece: string): string {
  return piece.replaceAll('\0', '').trim();
}

/** Commands and their replies while nothing is acquired. */
export class Lpm01aConversation {
  readonly #link: Link;
  readonly #lines: DelimiterSplitter = lineSplitter();

  constructor(link: Link) {
    this.#link = link;
  }

  say(command: string): Promise<Result<void>> {
    return this.#link.write(new TextEncoder().encode(`${command}\n`));
  }

  /** What follows the command in its acknowledgement. `monitor.no-reply`, `monitor.command-refused`. */
  async ask(command: string): Promise<Result<string>> {
    const written = await this.say(command);
    if (!written.ok) return written;
    const { clock } = this.#link;
    const deadlineUs = clock.nowUs() + REPLY_TIMEOUT_US;
    let refused = '';
    let received = 0;
    for (;;) {
      const read = await this.#link.read({ deadlineUs, until: 0x0a });
      if (read.kind === 'closed') return linkLost(this.#link, read.reason);
      if (read.kind === 'timeout')
        return refused === '' ? this.#noReply(command, received) : this.#refused(command, refused);
      received += read.bytes.length;
      for (const piece of this.#lines.push(read.bytes)) {
        const line = told(piece);
        if (line.startsWith(ACK) && line.slice(ACK.length).startsWith(command))
          return ok(line.slice(ACK.length + command.length).trim());
        if (/^Error detail:/i.test(line)) return this.#refused(command, line);
        if (/^PowerShield > err/i.test(line)) refused = line;
      }
    }
  }

  /** Stops what may run and waits until nothing comes any more. */
  async settle(): Promise<Result<void>> {
    const stopped = await this.say('stop');
    if (!stopped.ok) return stopped;
    const { clock } = this.#link;
    const giveUpUs = clock.nowUs() + DRAIN_LIMIT_US;
    this.#link.discardInput();
    while (clock.nowUs() < giveUpUs) {
      const read = await this.#link.read({ deadlineUs: clock.nowUs() + QUIET_US });
      if (read.kind === 'closed') return linkLost(this.#link, read.reason);
      if (read.kind === 'timeout') {
        this.#lines.reset();
        return ok();
      }
    }
    return fail(
      'monitor.not-understood',
      { address: this.#link.address, stillSendingAfterMs: DRAIN_LIMIT_US / 1000 },
      'What is on this port goes on sending after a stop: it is not an LPM01A, or another program drives it.',
      'Close other programs that use the port, or choose another port.',
    );
  }

  #noReply(command: string, receivedBytes: number): Result<never> {
    const facts = {
      address: this.#link.address,
      command,
      waitedMs: REPLY_TIMEOUT_US / 1000,
      receivedBytes,
    };
    return receivedBytes === 0
      ? fail(
          'monitor.no-reply',
          facts,
          'Nothing answers on this port: another device, or no power.',
          'Check the port; unplug the LPM01A and plug it in again.',
        )
      : fail(
          'monitor.not-understood',
          facts,
          'What answers on this port does not speak as an LPM01A.',
          'Check that this is the port of an LPM01A and that no other program reads it.',
        );
  }

  #refused(command: string, detail: string): Result<never> {
    return fail(
      'monitor.command-refused',
      { command, detail: detail.slice(0, 160) },
      'The monitor refused a command.',
      'Check rate, voltage and format against its manual; reset it if it was acquiring.',
    );
  }
}
