import { fail, ok, type Result } from '../base/errors.ts';
import { bulkLoad, type BulkKind } from './bulk.ts';
import { enterStream } from './enter-stream.ts';
import type { StreamLine, StreamLineOptions } from './stream-line.ts';
import type { Conversation, Reply } from './conversation.ts';
import {
  bodyOf,
  damaged,
  keyed,
  parseIdentity,
  parseOutput,
  parseProfile,
  refusedBy,
  wholeNumber,
  type ArenaUse,
  type LineErrors,
  type MjIdentity,
  type OpProfile,
} from './mj-replies.ts';

export type { ArenaUse, LineErrors, MjIdentity, OpProfile } from './mj-replies.ts';

const ATTEMPTS = 3;
/** `mj prof` runs an inference; so long it may take when nothing is known. */
const PROFILE_US = 120_000_000;

/** The `mj` extension of the dialect (docs/mj-commands.md): everything a Microjoule firmware can say beyond MLPerf Tiny. */
export class MjSession {
  readonly #talk: Conversation;
  #identity: MjIdentity;

  private constructor(talk: Conversation, identity: MjIdentity) {
    this.#talk = talk;
    this.#identity = identity;
  }

  /** Null for a DUT that answers `mj id` with an error: it does not know the extension. */
  static async probe(talk: Conversation): Promise<Result<MjSession | null>> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const reply = await talk.ask({ command: 'mj id', own: ['mj'], ownRequired: true });
      if (!reply.ok) return reply;
      const body = bodyOf(reply.value, 'id');
      const identity = body === undefined ? null : parseIdentity(body);
      if (identity) return ok(new MjSession(talk, identity));
      if (reply.value.messages.some((m) => m.kind === 'error' && /unknown command/i.test(m.text)))
        return ok(null);
    }
    return fail(
      'device.bad-identity',
      { address: talk.link.address, command: 'mj id' },
      'The device knows `mj id` but its answer cannot be read: another version of the firmware, or a bad line.',
      'Deploy the firmware that belongs to this version.',
    );
  }

  /** As last read: by `probe`, `readIdentity` or after a load of a Program. */
  get identity(): MjIdentity {
    return this.#identity;
  }

  async readIdentity(): Promise<Result<MjIdentity>> {
    const body = await this.#askBody('mj id', 'id');
    if (!body.ok) return body;
    const identity = parseIdentity(body.value);
    if (!identity) return damaged('mj id', body.value);
    this.#identity = identity;
    return ok(identity);
  }

  /** When the last window began and ended by the device's timer, µs modulo 2^32; the length with its wrap handled. */
  async window(): Promise<Result<{ readonly startUs: number; readonly durationUs: number }>> {
    const body = await this.#askBody('mj window', 'window');
    if (!body.ok) return body;
    const fields = keyed(body.value);
    const startUs = wholeNumber(fields.get('start'));
    const endUs = wholeNumber(fields.get('end'));
    return startUs === null || endUs === null
      ? damaged('mj window', body.value)
      : ok({ startUs, durationUs: (endUs - startUs) >>> 0 });
  }

  /** High-water mark of the arena since the last `paint`. */
  async arena(): Promise<Result<ArenaUse>> {
    const body = await this.#askBody('mj arena', 'arena');
    if (!body.ok) return body;
    const fields = keyed(body.value);
    const highBytes = wholeNumber(fields.get('high'));
    const sizeBytes = wholeNumber(fields.get('size'));
    return highBytes === null || sizeBytes === null
      ? damaged('mj arena', body.value)
      : ok({ highBytes, sizeBytes });
  }

  async paint(): Promise<Result<void>> {
    const done = await this.#askBody('mj paint', 'paint-done');
    return done.ok ? ok() : done;
  }

  /** Characters the device lost or misread; counts since its start. */
  async lineErrors(): Promise<Result<LineErrors>> {
    const body = await this.#askBody('mj line', 'line');
    if (!body.ok) return body;
    const fields = keyed(body.value);
    const [overruns, badFraming, dropped] = ['overruns', 'framing', 'dropped'].map((key) =>
      wholeNumber(fields.get(key)),
    );
    if (overruns == null || badFraming == null || dropped == null) return damaged('mj line', body.value);
    return ok({ overruns, badFraming, dropped });
  }

  /** One inference, cycles per operator in execution order. */
  async profile(): Promise<Result<OpProfile>> {
    const profile = await this.#retry('mj prof', async () => {
      const reply = await this.#ask('mj prof', PROFILE_US);
      return reply.ok ? parseProfile(reply.value) : reply;
    });
    if (profile.ok) this.#talk.latencyUs = (profile.value.totalCycles * 1e6) / this.#identity.clockHz;
    return profile;
  }

  /** The raw bytes of all output tensors of the last inference, CRC-checked. */
  async output(): Promise<Result<Uint8Array>> {
    return this.#retry('mj out', async () => {
      const reply = await this.#ask('mj out');
      return reply.ok ? parseOutput(reply.value, this.#identity.outputBytes) : reply;
    });
  }

  /** Checked upload of an input, or of a Program that fits the device's RAM. */
  async load(
    kind: BulkKind,
    bytes: Uint8Array,
    onProgress?: (fraction: number) => void,
  ): Promise<Result<void>> {
    const done = await bulkLoad(this.#talk, kind, bytes, onProgress);
    if (!done.ok || kind !== 'program') return done;
    this.#talk.latencyUs = null;
    const now = await this.readIdentity();
    return now.ok ? ok() : now;
  }

  /** Changes the line rate on both sides; where the device cannot be reached at the new one, goes back. */
  async setBaud(baud: number): Promise<Result<void>> {
    const before = this.#talk.baud ?? this.#identity.baud;
    const agreed = await this.#askBody(`mj baud ${baud}`, 'baud');
    if (!agreed.ok) return agreed;
    const set = await this.#toRate(baud);
    if (set.ok) return set;
    const back = await this.#toRate(before);
    return fail(
      'device.baud-failed',
      { baud, before, reachableAgain: back.ok },
      'The device did not answer at the new line rate: the adapter or the cable cannot carry it.',
      back.ok ? 'Stay at the old rate.' : 'Reset the board; it starts at its configured rate.',
    );
  }

  /** Watchdog reset; resolves after the boot lines, in step again. */
  async reset(bootUs = 5_000_000): Promise<Result<void>> {
    const gone = await this.#talk.ask({
      command: 'mj reset',
      own: ['mj'],
      ownRequired: true,
      endsAt: (m) => m.kind === 'mj' && m.word === 'reset',
    });
    if (!gone.ok) return gone;
    const refused = gone.value.messages.find((m) => m.kind === 'error');
    if (refused) return refusedBy('mj reset', refused.text);
    const booted = await this.#talk.awaitPrologue(this.#talk.link.clock.nowUs() + bootUs);
    if (!booted.ok) return booted;
    const inStep = await this.#talk.synchronise();
    return inStep.ok ? this.readIdentity().then((r) => (r.ok ? ok() : r)) : inStep;
  }

  /**
   * Loads a stream's set-up (engine/stream-setup.ts) and enters stream mode: until the line is finished or aborted no
   * other command can be given.
   */
  async openStream(setup: Uint8Array, options: StreamLineOptions): Promise<Result<StreamLine>> {
    return enterStream(this.#talk, setup, options);
  }

  async #toRate(baud: number): Promise<Result<void>> {
    const set = await this.#talk.link.setBaud(baud);
    if (!set.ok) return set;
    this.#talk.baud = baud;
    return this.#talk.synchronise();
  }

  async #ask(command: string, timeoutUs?: number): Promise<Result<Reply>> {
    const reply = await this.#talk.ask({
      command,
      own: ['mj'],
      ownRequired: true,
      ...(timeoutUs === undefined ? {} : { timeoutUs }),
    });
    if (!reply.ok) return reply;
    const error = reply.value.messages.find((m) => m.kind === 'error');
    return error ? refusedBy(command, error.text) : reply;
  }

  async #askBody(command: string, word: string): Promise<Result<string>> {
    const reply = await this.#ask(command);
    if (!reply.ok) return reply;
    const body = bodyOf(reply.value, word);
    return body === undefined ? damaged(command, reply.value.lines.join(' | ')) : ok(body);
  }

  /** Asks again when what came was damaged; every other failure stands. */
  async #retry<T>(command: string, ask: () => Promise<Result<T>>): Promise<Result<T>> {
    let last: Result<T> = damaged(command, '');
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      last = await ask();
      if (last.ok || last.id !== 'device.damaged-reply') return last;
      this.#talk.loseStep();
    }
    return last;
  }
}
