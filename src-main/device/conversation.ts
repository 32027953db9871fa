import { BugError, ok, type Failure, type Result } from '../base/errors.ts';
import { closedFailure } from '../link/closed.ts';
import { lineSplitter } from '../link/framing.ts';
import type { Link } from '../link/link.ts';
import { diagnoseTimeout, resetInRun } from './diagnose.ts';
import { Heard } from './heard.ts';
import { cleanLine, parseLine, type DutMessage, type DutMode, type MessageKind } from './messages.ts';
import type { Topology } from './topology.ts';

/** The DUT's command buffer; a longer command is silently corrupted. The terminator counts. */
const COMMAND_BYTES = 80;
const LF = 0x0a;
const LATE_READS = 64;
/** A device slower than this is not waited for. */
const SLOWEST_COMMAND_US = 20_000_000;

export interface ConversationTimes {
  /** For a command that does no work. Scaled up when the DUT proves to be slower. */
  commandUs: number;
  /** This long without a byte means nothing more is coming. */
  readonly quietUs: number;
  /** A device that never falls silent is not waited for longer than this. */
  readonly drainUs: number;
  readonly syncAttempts: number;
}

export interface Question {
  readonly command: string;
  /** Kinds of message that answer this command. */
  readonly own: readonly MessageKind[];
  /**
   * True when a reply without any of `own` (and without an error) cannot be this command's: it is then a late
   * answer to an earlier one, and skipped together with its `m-ready`.
   */
  readonly ownRequired: boolean;
  readonly timeoutUs?: number;
  /** Sees each of the DUT's messages as it arrives, with the link clock's time. */
  readonly onMessage?: (message: DutMessage, atUs: number) => void;
  /** Ends the question at this message instead of at `m-ready`. */
  readonly endsAt?: (message: DutMessage) => boolean;
}

export interface Reply {
  readonly messages: readonly DutMessage[];
  /** What an interface board said by itself (laps of its timer), in interface-board topology. */
  readonly boardMessages: readonly DutMessage[];
  readonly lines: readonly string[];
}

interface Line {
  readonly from: 'dut' | 'board';
  readonly text: string;
  readonly messages: readonly DutMessage[];
}

type Next =
  | { readonly kind: 'line'; readonly line: Line }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'closed'; readonly failure: Failure };

/**
 * One command in flight over a Link, answers matched to questions. After a time-out the conversation is out of
 * step; the next question first finds the step again with `name%`.
 */
export class Conversation {
  readonly link: Link;
  readonly topology: Topology;
  readonly times: ConversationTimes;
  /** From the last boot prologue or timestamp. */
  mode: DutMode | null = null;
  vendor: string | null = null;
  baud: number | null;
  /** What one inference is known to take, µs. */
  latencyUs: number | null = null;
  /** Late answers that were recognised and thrown away. */
  staleReplies = 0;
  readonly #splitter = lineSplitter();
  readonly #lines: Line[] = [];
  #heard = new Heard();
  #inStep = false;
  #unansweredNames = 0;
  #asking = false;
  /** What came instead of the boot lines belongs to the diagnosis of the search that follows. */
  #bootHeard = false;
  #lateReads = 0;

  constructor(link: Link, topology: Topology, times: ConversationTimes, baud: number | null) {
    this.link = link;
    this.topology = topology;
    this.times = { ...times };
    this.baud = baud;
  }

  get heard(): Heard {
    return this.#heard;
  }

  /** The next question starts by finding the step again. */
  loseStep(): void {
    this.#inStep = false;
  }

  async ask(question: Question): Promise<Result<Reply>> {
    const wire = this.#wire(question.command);
    if (this.#asking) throw new BugError('two commands in flight');
    this.#asking = true;
    try {
      const ready = this.#inStep ? await this.#lookForReset(question.command) : await this.#findStep();
      if (!ready.ok) return ready;
      this.#heard = new Heard();
      const sent = await this.link.write(wire);
      if (!sent.ok) return sent;
      return await this.#collect(question, this.link.clock.nowUs());
    } finally {
      this.#asking = false;
    }
  }

  /** Drains, then asks `name%` until its own reply comes. */
  async synchronise(): Promise<Result<void>> {
    this.#inStep = false;
    return this.#findStep();
  }

  /** Waits for the boot lines up to their `m-ready`; false when they did not come in time. */
  async awaitPrologue(deadlineUs: number): Promise<Result<boolean>> {
    this.#heard = new Heard();
    for (;;) {
      const next = await this.#nextLine(deadlineUs);
      if (next.kind === 'closed') return next.failure;
      if (next.kind === 'timeout') {
        this.#bootHeard = true;
        return ok(false);
      }
      this.#noteMode(next.line);
      if (this.#heard.bootPrologue && next.line.messages.some((m) => m.kind === 'ready')) return ok(true);
    }
  }

  /** Writes bytes that are no command (a frame of a bulk upload). */
  async writeRaw(bytes: Uint8Array): Promise<Result<void>> {
    return this.link.write(bytes);
  }

  /** The next messages of the DUT, or `timeout`. For exchanges that are no question and answer. */
  async nextMessages(deadlineUs: number): Promise<Result<readonly DutMessage[] | 'timeout'>> {
    const next = await this.#nextLine(deadlineUs);
    if (next.kind === 'closed') return next.failure;
    return ok(next.kind === 'timeout' ? 'timeout' : next.line.messages);
  }

  #wire(command: string): Uint8Array {
    const text = this.topology.wrap(command);
    if (text.length > COMMAND_BYTES || !/^[\x20-\x24\x26-\x7e]+%$/.test(text))
      throw new BugError(`not a command of the dialect: ${text}`);
    return Buffer.from(text, 'latin1');
  }

  async #collect(question: Question, sentUs: number): Promise<Result<Reply>> {
    const timeoutUs = Math.max(question.timeoutUs ?? 0, this.times.commandUs);
    let messages: DutMessage[] = [];
    const boardMessages: DutMessage[] = [];
    for (;;) {
      const next = await this.#nextLine(sentUs + timeoutUs);
      if (next.kind === 'closed') return next.failure;
      if (next.kind === 'timeout') {
        this.#inStep = false;
        return diagnoseTimeout(this.#heard, this.#waited(question.command, timeoutUs));
      }
      if (next.line.from === 'board') {
        boardMessages.push(...next.line.messages);
        continue;
      }
      if (this.#heard.bootPrologue) return this.#wasReset(question.command, next.line);
      for (const message of next.line.messages) {
        if (message.kind !== 'ready') messages.push(message);
        if (message.kind !== 'ready' && question.endsAt?.(message) !== true) {
          question.onMessage?.(message, this.link.clock.nowUs());
          continue;
        }
        if (message.kind !== 'ready' || answers(question, messages))
          return ok({ messages, boardMessages, lines: this.#heard.lines });
        this.staleReplies++;
        messages = [];
      }
    }
  }

  /** Unsolicited lines before a command are noise, unless they are the boot lines. */
  async #lookForReset(command: string): Promise<Result<void>> {
    this.#heard = new Heard();
    for (;;) {
      const next = await this.#nextLine(this.link.clock.nowUs());
      if (next.kind === 'closed') return next.failure;
      if (next.kind === 'timeout') return ok();
      if (this.#heard.bootPrologue) return this.#wasReset(command, next.line);
    }
  }

  async #wasReset(command: string, line: Line): Promise<Failure> {
    this.#noteMode(line);
    this.#inStep = false;
    const drained = await this.#drain();
    return drained.ok ? resetInRun(this.link.address, command, this.#heard) : drained;
  }

  async #findStep(): Promise<Result<void>> {
    if (!this.#bootHeard) this.#heard = new Heard();
    this.#bootHeard = false;
    const startUs = this.link.clock.nowUs();
    let firstNameUs: number | undefined;
    for (let attempt = 0; attempt < this.times.syncAttempts; attempt++) {
      const drained = await this.#drain();
      if (!drained.ok) return drained;
      const sent = await this.link.write(this.#wire('name'));
      if (!sent.ok) return sent;
      this.#unansweredNames++;
      const sentUs = this.link.clock.nowUs();
      firstNameUs ??= sentUs;
      const answered = await this.#awaitName(sentUs + this.times.commandUs);
      if (!answered.ok) return answered;
      if (!answered.value) continue;
      const latencyUs = this.link.clock.nowUs() - firstNameUs;
      const slow = await this.#settle(latencyUs);
      if (!slow.ok) return slow;
      if (slow.value)
        this.times.commandUs = Math.min(SLOWEST_COMMAND_US, Math.max(this.times.commandUs, 2 * latencyUs));
      this.#inStep = true;
      return ok();
    }
    this.#unansweredNames = 0;
    return diagnoseTimeout(this.#heard, this.#waited('name', this.link.clock.nowUs() - startUs));
  }

  async #awaitName(latestUs: number): Promise<Result<boolean>> {
    let named = false;
    let deadlineUs = latestUs;
    for (;;) {
      const next = await this.#nextLine(deadlineUs);
      if (next.kind === 'closed') return next.failure;
      if (next.kind === 'timeout') return ok(false);
      this.#noteMode(next.line);
      if (next.line.from === 'board') continue;
      for (const message of next.line.messages) {
        if (message.kind === 'name') {
          this.vendor = message.vendor;
          named = true;
        } else if (message.kind === 'ready' && named) {
          this.#unansweredNames--;
          return ok(true);
        } else if (message.kind === 'ready' && this.#heard.bootPrologue) {
          // It has just booted: a name sent before that is answered now or was lost.
          deadlineUs = Math.min(latestUs, this.link.clock.nowUs() + 10 * this.times.quietUs);
        }
      }
    }
  }

  /**
   * Answers to earlier `name%` may still come: as late as the one that did. True when one came, and the device is
   * slow; false when the earlier names were lost.
   */
  async #settle(latencyUs: number): Promise<Result<boolean>> {
    let slow = false;
    while (this.#unansweredNames > 0) {
      const answered = await this.#awaitName(this.link.clock.nowUs() + 2 * latencyUs);
      if (!answered.ok) return answered;
      if (answered.value) slow = true;
      else this.#unansweredNames = 0;
    }
    const drained = await this.#drain();
    return drained.ok ? ok(slow) : drained;
  }

  /** Reads until nothing comes for `quietUs`, at most for `drainUs`. */
  async #drain(): Promise<Result<void>> {
    const endUs = this.link.clock.nowUs() + this.times.drainUs;
    for (;;) {
      const nowUs = this.link.clock.nowUs();
      if (nowUs >= endUs) break;
      const next = await this.#nextLine(Math.min(nowUs + this.times.quietUs, endUs));
      if (next.kind === 'closed') return next.failure;
      if (next.kind === 'timeout') break;
      this.#noteMode(next.line);
    }
    this.#splitter.reset();
    return ok();
  }

  #noteMode(line: Line): void {
    for (const message of line.messages) if (message.kind === 'timestamp-mode') this.mode = message.mode;
  }

  async #nextLine(deadlineUs: number): Promise<Next> {
    while (this.#lines.length === 0) {
      // After the deadline what has already arrived is still read, but a device that never stops talking is not.
      this.#lateReads = this.link.clock.nowUs() > deadlineUs ? this.#lateReads + 1 : 0;
      if (this.#lateReads > LATE_READS) return { kind: 'timeout' };
      const read = await this.link.read({ deadlineUs, until: LF });
      if (read.kind === 'closed')
        return { kind: 'closed', failure: closedFailure(this.link.address, read.reason, read.expected) };
      if (read.kind === 'timeout') {
        if (!this.#takeUnendedReady()) return { kind: 'timeout' };
        break;
      }
      this.#heard.countBytes(read.bytes);
      for (const raw of this.#splitter.push(read.bytes)) this.#takeLine(raw);
    }
    const line = this.#lines.shift()!;
    this.#heard.countLine(line.text);
    if (line.from === 'dut') for (const message of line.messages) this.#heard.countMessage(message);
    return { kind: 'line', line };
  }

  /** An `m-ready` that lost its line end is still an `m-ready`. */
  #takeUnendedReady(): boolean {
    if (!cleanLine(this.#splitter.pending).endsWith('m-ready')) return false;
    this.#takeLine(this.#splitter.pending);
    this.#splitter.reset();
    return true;
  }

  #takeLine(raw: string): void {
    const text = cleanLine(raw);
    if (text === '') return;
    const { from, text: said } = this.topology.unwrap(text);
    this.#lines.push({ from, text, messages: parseLine(said) });
  }

  #waited(command: string, waitedUs: number) {
    return { address: this.link.address, command, waitedUs, baud: this.baud };
  }
}

function answers(question: Question, messages: readonly DutMessage[]): boolean {
  if (messages.some((m) => m.kind === 'error' || question.own.includes(m.kind))) return true;
  return !question.ownRequired && messages.every((m) => m.kind === 'noise');
}
