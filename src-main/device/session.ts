import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { Link } from '../link/link.ts';
import { Conversation, type ConversationTimes } from './conversation.ts';
import { infer, readResults, type InferResult } from './infer.ts';
import { loadInput, type LoadOptions } from './load.ts';
import { diagnoseTimeout } from './diagnose.ts';
import type { DutMode } from './messages.ts';
import { MjSession } from './mj.ts';
import { direct, interfaceBoard, type Topology } from './topology.ts';

export interface SessionOptions {
  /** `direct` unless said otherwise. */
  readonly topology?: Topology['kind'];
  /** Set on the link first; without it the link's rate stays as it is. */
  readonly baud?: number;
  /** Other rates to try when nothing sensible is heard at `baud`. */
  readonly otherBauds?: readonly number[];
  /** Fails with `device.wrong-mode` when the DUT is in the other one. */
  readonly mode?: DutMode;
  /** Waits so long for the boot lines first (after programming or a reset); 0 = do not wait. */
  readonly bootUs?: number;
  readonly times?: Partial<ConversationTimes>;
  readonly load?: Partial<LoadOptions>;
}

export interface DutIdentity {
  readonly vendor: string;
  readonly profile: string;
  /** `kws01`, `ad01`… as the firmware says. */
  readonly model: string;
  readonly mode: DutMode;
  readonly baud: number | null;
}

/** The search lasts 12 s at most: a device that is still busy with a 10 s window of an earlier run is found. */
const DEFAULT_TIMES: ConversationTimes = {
  commandUs: 2_000_000,
  quietUs: 30_000,
  drainUs: 2_000_000,
  syncAttempts: 6,
};
const DEFAULT_LOAD: LoadOptions = { attempts: 3, readBack: false };

/**
 * A conversation with one DUT over one link, found in step, identified and ready for commands. It does not own
 * the link: who opened that closes it.
 */
export class Session implements AsyncDisposable {
  /** The `mj` commands, or null where the DUT does not know them. */
  readonly mj: MjSession | null;
  readonly identity: DutIdentity;
  readonly #talk: Conversation;
  readonly #load: LoadOptions;
  #closed = false;

  constructor(talk: Conversation, identity: DutIdentity, mj: MjSession | null, load: LoadOptions) {
    this.#talk = talk;
    this.identity = identity;
    this.mj = mj;
    this.#load = load;
  }

  get link(): Link {
    return this.#talk.link;
  }

  /** Late answers that were recognised as such and not taken for another command's. */
  get staleReplies(): number {
    return this.#talk.staleReplies;
  }

  /** Finds the step again after trouble on the line. */
  async resynchronise(): Promise<Result<void>> {
    return this.#closedFailure() ?? this.#talk.synchronise();
  }

  /** Loads the model's input in the encoding the DUT wants: through `mj load` (CRC-checked) when it is there. */
  async loadInput(input: Uint8Array): Promise<Result<void>> {
    const closed = this.#closedFailure();
    if (closed) return closed;
    if (input.length === 0)
      return fail(
        'device.input-size',
        { inputBytes: 0 },
        'There is no input to load.',
        'Choose an input file that is not empty.',
      );
    const wanted = this.mj?.identity.inputBytes ?? 0;
    if (wanted > 0 && wanted !== input.length)
      return fail(
        'device.input-size',
        { inputBytes: input.length, wantedBytes: wanted },
        `The model on the device takes ${wanted} bytes in its encoding.`,
        'Check that the data set belongs to the model on the device.',
      );
    // Frames do not pass an interface board, which speaks in lines.
    const bulk = this.mj && this.#talk.topology.kind === 'direct';
    return bulk ? this.mj.load('input', input) : this.loadInputByDialect(input);
  }

  /** `db load` and `db HEX` even where `mj load` is known. */
  async loadInputByDialect(input: Uint8Array): Promise<Result<void>> {
    return this.#closedFailure() ?? loadInput(this.#talk, input, this.#load);
  }

  /** One window: `warmup` untimed inferences, then `iterations` timed ones. Both always sent. */
  async infer(iterations: number, warmup: number): Promise<Result<InferResult>> {
    const closed = this.#closedFailure();
    if (closed) return closed;
    if (!Number.isInteger(iterations) || iterations < 1 || !Number.isInteger(warmup) || warmup < 0)
      return fail(
        'device.bad-count',
        { iterations, warmup },
        'Iterations must be a whole number above 0 and warm-up one from 0.',
        'Correct the plan.',
      );
    return infer(this.#talk, iterations, warmup);
  }

  /** Scores of the last inference. */
  async results(): Promise<Result<readonly number[]>> {
    return this.#closedFailure() ?? readResults(this.#talk);
  }

  /** The DUT's µs counter; null in energy mode, where the command pulses the timestamp pin instead. */
  async timestamp(): Promise<Result<number | null>> {
    return this.#closedFailure() ?? timestamp(this.#talk);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
  }

  #closedFailure(): Failure | undefined {
    return this.#closed
      ? fail(
          'device.session-closed',
          { address: this.link.address },
          'The session was closed on this side.',
          'Open a new one.',
        )
      : undefined;
  }
}

/** Finds the DUT on the link, whatever state it is in, and says who it is. */
export async function openSession(link: Link, options: SessionOptions = {}): Promise<Result<Session>> {
  const topology = options.topology === 'interface-board' ? interfaceBoard : direct;
  const talk = new Conversation(link, topology, { ...DEFAULT_TIMES, ...options.times }, options.baud ?? null);
  const found = await findDut(talk, options);
  if (!found.ok) return found;
  const profile = await readProfile(talk);
  if (!profile.ok) return profile;
  const mj = await MjSession.probe(talk);
  if (!mj.ok) return mj;
  const mode = await findMode(talk, mj.value);
  if (!mode.ok) return mode;
  const identity = { vendor: talk.vendor ?? '', ...profile.value, mode: mode.value, baud: talk.baud };
  if (options.mode && options.mode !== identity.mode)
    return wrongMode(link.address, options.mode, identity.mode);
  return ok(new Session(talk, identity, mj.value, { ...DEFAULT_LOAD, ...options.load }));
}

async function findDut(talk: Conversation, options: SessionOptions): Promise<Result<void>> {
  let first: Failure | undefined;
  const rates = options.baud === undefined ? [null] : [options.baud, ...(options.otherBauds ?? [])];
  for (const baud of rates) {
    if (baud !== null) {
      const set = await talk.link.setBaud(baud);
      if (!set.ok) return set;
      talk.baud = baud;
    }
    if (options.bootUs && baud === rates[0]) {
      const booted = await talk.awaitPrologue(talk.link.clock.nowUs() + options.bootUs);
      if (!booted.ok) return booted;
    }
    const found = await talk.synchronise();
    if (found.ok) return directly(talk);
    if (found.id === 'link.closed') return found;
    first ??= found;
  }
  return first!;
}

/** A board in front of the DUT that was not announced would be measured instead of it. */
function directly(talk: Conversation): Result<void> {
  if (talk.topology.kind === 'interface-board' || !talk.heard.interfaceBoard) return ok();
  return diagnoseTimeout(talk.heard, {
    address: talk.link.address,
    command: 'name',
    waitedUs: 0,
    baud: talk.baud,
  });
}

async function readProfile(talk: Conversation): Promise<Result<{ profile: string; model: string }>> {
  const reply = await talk.ask({ command: 'profile', own: ['profile', 'model'], ownRequired: true });
  if (!reply.ok) return reply;
  const profile = reply.value.messages.find((m) => m.kind === 'profile')?.profile ?? '';
  const model = reply.value.messages.find((m) => m.kind === 'model')?.model ?? '';
  return ok({ profile, model });
}

async function timestamp(talk: Conversation): Promise<Result<number | null>> {
  const reply = await talk.ask({
    command: 'timestamp',
    own: ['lap'],
    ownRequired: talk.mode === 'performance',
  });
  if (!reply.ok) return reply;
  return ok(reply.value.messages.find((m) => m.kind === 'lap')?.counterUs ?? null);
}

/**
 * From the boot lines or `mj id`; else `timestamp` tells it: only a performance build prints a lap. No lap is
 * believed when it happens twice, because a lost line looks the same.
 */
async function findMode(talk: Conversation, mj: MjSession | null): Promise<Result<DutMode>> {
  if (mj) talk.mode = mj.identity.mode;
  for (let attempt = 0; attempt < 2 && !talk.mode; attempt++) {
    const lap = await timestamp(talk);
    if (!lap.ok) return lap;
    if (lap.value !== null) talk.mode = 'performance';
  }
  talk.mode ??= 'energy';
  return ok(talk.mode);
}

function wrongMode(address: string, wanted: DutMode, actual: DutMode): Failure {
  return fail(
    'device.wrong-mode',
    { address, wanted, actual },
    `The firmware on the device is the ${actual} build.`,
    `Deploy the image in ${wanted} mode, or run in ${actual} mode.`,
  );
}
