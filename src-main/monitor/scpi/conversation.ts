import { fail, ok, type Result } from '../../base/errors.ts';
import type { Link } from '../../link/link.ts';
import { linkLost } from '../failures.ts';
import { ScpiReplyParser, type ScpiReply } from './reply-parser.ts';

const REPLY_TIMEOUT_US = 1_000_000;
const QUIET_US = 50_000;
const DRAIN_LIMIT_US = 2_000_000;
/** (V, A) as float32. */
export const PAIR_BYTES = 8;

/** Lines out, answers in, one question at a time: whoever comes meanwhile waits. */
export class ScpiConversation {
  readonly #link: Link;
  readonly #parser = new ScpiReplyParser(PAIR_BYTES);
  #last: Promise<unknown> = Promise.resolve();

  constructor(link: Link) {
    this.#link = link;
  }

  /** Sends without an answer, then asks for errors. `monitor.command-refused` with the instrument's words. */
  async set(command: string): Promise<Result<void>> {
    return this.#inTurn(async () => {
      const written = await this.#write(command);
      if (!written.ok) return written;
      const said = await this.#line('SYST:ERR?');
      if (!said.ok) return said;
      if (/^\+?0\b/.test(said.value)) return ok();
      return fail(
        'monitor.command-refused',
        { command, detail: said.value.slice(0, 160) },
        'The monitor refused a command.',
        'Check the value against the manual of the instrument.',
      );
    });
  }

  askLine(query: string): Promise<Result<string>> {
    return this.#inTurn(() => this.#line(query));
  }

  /** A number; NaN where the instrument says that there is none (9.9E37 and beyond). */
  async askNumber(query: string): Promise<Result<number>> {
    const said = await this.askLine(query);
    if (!said.ok) return said;
    const value = said.value === '' ? NaN : Number(said.value);
    if (Number.isFinite(value)) return ok(Math.abs(value) >= 9e37 ? NaN : value);
    return /^[+-]?(inf|nan)/i.test(said.value)
      ? ok(NaN)
      : this.#misunderstood(query, `answered ${said.value.slice(0, 60)}`);
  }

  async askBlock(query: string): Promise<Result<Uint8Array>> {
    return this.#inTurn(async () => {
      const said = await this.#ask(query);
      if (!said.ok) return said;
      return said.value.kind === 'block'
        ? ok(said.value.bytes)
        : this.#misunderstood(query, 'answered no block');
    });
  }

  /** Throws away what was under way, and errors that others made. */
  async settle(): Promise<Result<void>> {
    const { clock } = this.#link;
    const giveUpUs = clock.nowUs() + DRAIN_LIMIT_US;
    this.#link.discardInput();
    this.#parser.reset();
    for (;;) {
      const read = await this.#link.read({ deadlineUs: clock.nowUs() + QUIET_US });
      if (read.kind === 'closed') return linkLost(this.#link, read.reason);
      if (read.kind === 'timeout') return this.#write('*CLS');
      if (clock.nowUs() > giveUpUs) return this.#misunderstood('', 'goes on sending by itself');
    }
  }

  #inTurn<T>(work: () => Promise<Result<T>>): Promise<Result<T>> {
    const done = this.#last.then(work);
    this.#last = done;
    return done;
  }

  #write(command: string): Promise<Result<void>> {
    return this.#link.write(new TextEncoder().encode(`${command}\n`));
  }

  async #line(query: string): Promise<Result<string>> {
    const said = await this.#ask(query);
    if (!said.ok) return said;
    return said.value.kind === 'line' ? ok(said.value.text) : this.#misunderstood(query, 'answered a block');
  }

  async #ask(query: string): Promise<Result<ScpiReply>> {
    const written = await this.#write(query);
    if (!written.ok) return written;
    const deadlineUs = this.#link.clock.nowUs() + REPLY_TIMEOUT_US;
    let perhaps: Uint8Array | null = null;
    for (;;) {
      const quietUs = this.#link.clock.nowUs() + QUIET_US;
      const read = await this.#link.read({ deadlineUs: perhaps ? quietUs : deadlineUs });
      if (read.kind === 'closed') return linkLost(this.#link, read.reason);
      if (read.kind === 'timeout') {
        if (perhaps) {
          this.#parser.reset();
          return ok({ kind: 'block', bytes: perhaps });
        }
        // a late answer must not be taken for that of the next question
        this.#parser.reset();
        return fail(
          'monitor.no-reply',
          { address: this.#link.address, command: query, waitedMs: REPLY_TIMEOUT_US / 1000 },
          'The instrument does not answer: wrong address, remote control switched off, or it is busy.',
          'Check its address and that its raw socket (port 5025) is switched on.',
        );
      }
      const reply = this.#parser.push(read.bytes);
      if (reply?.kind === 'bad') return this.#misunderstood(query, reply.why);
      if (reply && reply.kind !== 'perhaps') return ok(reply);
      perhaps = reply?.bytes ?? null;
    }
  }

  #misunderstood(query: string, why: string): Result<never> {
    return fail(
      'monitor.not-understood',
      { address: this.#link.address, query, why },
      'What is at this address does not answer as a SCPI instrument does.',
      'Check the address; SCPI over raw TCP is usually port 5025.',
    );
  }
}
