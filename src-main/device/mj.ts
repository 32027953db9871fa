import { crc32 } from '../base/crc.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import { bulkLoad, type BulkKind } from './bulk.ts';
import type { Conversation, Reply } from './conversation.ts';
import type { DutMode } from './messages.ts';

/** Reply of `mj id`. Hashes are lower-case hex. */
export interface MjIdentity {
  readonly abi: number;
  readonly firmwareHash: string;
  readonly programHash: string;
  readonly modelHash: string;
  readonly board: string;
  readonly mode: DutMode;
  readonly clockHz: number;
  readonly baud: number;
  readonly ops: number;
  readonly arenaBytes: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Status of the engine (abi `Status`): 0 = the Program can run. */
  readonly programStatus: number;
  /** True when the Program was uploaded to RAM; a reset brings the image's own back. */
  readonly programUploaded: boolean;
}

/** What the device's receiver has seen since it started. */
export interface LineErrors {
  readonly overruns: number;
  readonly badFraming: number;
  readonly dropped: number;
}

export interface ArenaUse {
  readonly highBytes: number;
  readonly sizeBytes: number;
}

export interface OpProfile {
  readonly ops: readonly { readonly index: number; readonly kernel: number; readonly cycles: number }[];
  readonly totalCycles: number;
}

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
      if (reply.value.messages.some((m) => m.kind === 'error' && /unknown command/i.test(m.text))) return ok(null);
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

  /** High-water mark of the arena since the last `paint`. */
  async arena(): Promise<Result<ArenaUse>> {
    const body = await this.#askBody('mj arena', 'arena');
    if (!body.ok) return body;
    const fields = keyed(body.value);
    const highBytes = wholeNumber(fields.get('high'));
    const sizeBytes = wholeNumber(fields.get('size'));
    return highBytes === null || sizeBytes === null ? damaged('mj arena', body.value) : ok({ highBytes, sizeBytes });
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
    const [overruns, badFraming, dropped] = ['overruns', 'framing', 'dropped'].map((key) => wholeNumber(fields.get(key)));
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
  async load(kind: BulkKind, bytes: Uint8Array, onProgress?: (fraction: number) => void): Promise<Result<void>> {
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

function bodyOf(reply: Reply, word: string): string | undefined {
  const message = reply.messages.find((m) => m.kind === 'mj' && m.word === word);
  return message?.kind === 'mj' ? (message.body ?? '') : undefined;
}

function damaged(command: string, heard: string): Failure {
  return fail(
    'device.damaged-reply',
    { command, heard: heard.slice(-200) },
    'The answer came damaged or incomplete.',
    'Check the line rate and the cable, then retry.',
  );
}

function refusedBy(command: string, text: string): Failure {
  return fail(
    'device.refused',
    { command, deviceSays: text },
    'The device refused the command, or received it damaged.',
    'Retry; if it refuses again, the firmware does not support this.',
  );
}

function keyed(body: string): Map<string, string> {
  return new Map(
    body.split(',').map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
    }),
  );
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

export function parseIdentity(body: string): MjIdentity | null {
  const fields = keyed(body);
  const numbers = ['abi', 'clk', 'baud', 'ops', 'arena', 'in', 'out'].map((key) => wholeNumber(fields.get(key)));
  const mode = fields.get('mode');
  const hashes = ['fw', 'program', 'model'].map((key) => fields.get(key) ?? '');
  if (numbers.includes(null) || (mode !== 'performance' && mode !== 'energy')) return null;
  if (hashes.some((h) => !/^[0-9a-f]{1,64}$/.test(h))) return null;
  const [abi, clockHz, baud, ops, arenaBytes, inputBytes, outputBytes] = numbers as number[];
  return {
    abi: abi!,
    firmwareHash: hashes[0]!,
    programHash: hashes[1]!,
    modelHash: hashes[2]!,
    board: fields.get('board') ?? '',
    mode,
    clockHz: clockHz!,
    baud: baud!,
    ops: ops!,
    arenaBytes: arenaBytes!,
    inputBytes: inputBytes!,
    outputBytes: outputBytes!,
    programStatus: wholeNumber(fields.get('status') ?? '0') ?? -1,
    programUploaded: fields.get('source') === 'ram',
  };
}

function parseProfile(reply: Reply): Result<OpProfile> {
  const heard = reply.lines.join(' | ');
  const ops: { index: number; kernel: number; cycles: number }[] = [];
  for (const message of reply.messages) {
    if (message.kind !== 'mj' || message.word !== 'op') continue;
    const [index, kernel, cycles] = (message.body ?? '').split(',').map((part) => wholeNumber(part));
    if (index !== ops.length || kernel == null || cycles == null) return damaged('mj prof', heard);
    ops.push({ index, kernel, cycles });
  }
  const totalCycles = wholeNumber(bodyOf(reply, 'total'));
  return totalCycles === null ? damaged('mj prof', heard) : ok({ ops, totalCycles });
}

function parseOutput(reply: Reply, expectedBytes: number): Result<Uint8Array> {
  const heard = reply.lines.join(' | ');
  const parts: Buffer[] = [];
  let at = 0;
  for (const message of reply.messages) {
    if (message.kind !== 'mj' || message.word !== 'out') continue;
    const match = /^(\d+),((?:[0-9a-fA-F]{2})+)$/.exec(message.body ?? '');
    if (!match || Number(match[1]) !== at) return damaged('mj out', heard);
    const part = Buffer.from(match[2]!, 'hex');
    parts.push(part);
    at += part.length;
  }
  const bytes = Uint8Array.from(Buffer.concat(parts));
  const crc = bodyOf(reply, 'outcrc') ?? '';
  if (!/^[0-9a-fA-F]{8}$/.test(crc) || parseInt(crc, 16) !== crc32(bytes) || bytes.length !== expectedBytes)
    return damaged('mj out', heard);
  return ok(bytes);
}
