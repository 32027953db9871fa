import { readFileSync } from 'node:fs';
import { sha256Hex } from '../base/crc.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import { RECORDED_CALLS, RecordingFormat } from './recording-format.ts';
import type { StateHash } from './state-hash.ts';
import { carryOut, type WorldCall } from './world-calls.ts';
import { World, type WorldOptions } from './world.ts';

/** What the outside did to the world, and when. */
export interface RecordedCall {
  readonly atUs: number;
  readonly call: WorldCall;
}

/** Everything that is needed to let a run happen again, cycle by cycle, and the hashes that prove it did. */
export interface RunRecording {
  readonly format: 1;
  /** SHA-256 of the emulator's core: another one may count other cycles. */
  readonly core: string;
  readonly options: WorldOptions;
  readonly calls: readonly RecordedCall[];
  readonly hashes: readonly StateHash[];
  readonly endUs: number;
}

export interface ReplayOutcome {
  readonly endUs: number;
  /** Hashes that were compared. */
  readonly compared: number;
  /** The first state that is another, or null: the replay is the run. */
  readonly difference: {
    readonly atUs: number;
    readonly recorded: StateHash;
    readonly replayed: StateHash;
  } | null;
  /** True where core or options are others than those of the recording. */
  readonly otherCore: boolean;
}

/** SHA-256 of core.wasm, hex. */
export function coreHash(): string {
  return sha256Hex(readFileSync(new URL('./pico/core/core.wasm', import.meta.url)));
}

/** Keeps the calls that change a world and the hashes it hands out. */
export class RunRecorder {
  readonly #options: WorldOptions;
  readonly #calls: RecordedCall[] = [];
  readonly #hashes: StateHash[] = [];
  #nowUs = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
  }

  /** A call that is about to be carried out; bytes are copied, their owner may reuse them. */
  called(call: WorldCall): void {
    if (!RECORDED_CALLS.has(call.call)) return;
    this.#calls.push({
      atUs: this.#nowUs,
      call: call.call === 'write' ? { ...call, bytes: Uint8Array.from(call.bytes) } : call,
    });
  }

  advanced(nowUs: number, hashes: readonly StateHash[] | null): void {
    this.#nowUs = nowUs;
    if (hashes) this.#hashes.push(...hashes);
  }

  recording(): RunRecording {
    return {
      format: 1,
      core: coreHash(),
      options: this.#options,
      calls: [...this.#calls],
      hashes: [...this.#hashes],
      endUs: this.#nowUs,
    };
  }
}

/** Virtual time between two looks at the signal. */
const LOOK_US = 1_000_000;

export interface ReplayWatch {
  readonly signal?: AbortSignal;
  /** Share of the recorded time that is done. */
  readonly onProgress?: (fraction: number) => void;
}

/**
 * Lets a recorded run happen again in a world of its own and compares every state hash. Time is cut differently from
 * the recorded run (no one waits for answers here), which must not matter. `run.interrupted` when the signal says so.
 */
export async function replay(
  recording: RunRecording,
  watch: ReplayWatch = {},
): Promise<Result<ReplayOutcome>> {
  const world = new World(recording.options);
  const replayed: StateHash[] = [];
  for (const { atUs, call } of recording.calls) {
    const stopped = await advance(world, atUs, recording, replayed, watch);
    if (stopped) return stopped;
    carryOut(world, call);
  }
  const stopped = await advance(world, recording.endUs, recording, replayed, watch);
  return stopped ?? ok(compare(recording, replayed, world.nowUs));
}

async function advance(
  world: World,
  untilUs: number,
  recording: RunRecording,
  replayed: StateHash[],
  { signal, onProgress }: ReplayWatch,
): Promise<Failure | null> {
  while (world.nowUs < untilUs) {
    const before = world.nowUs;
    const reply = world.advance({ deadlineUs: Math.min(untilUs, before + LOOK_US), watches: [] });
    if (reply.hashes) replayed.push(...reply.hashes);
    if (reply.nowUs <= before) break;
    // signals and timers only get their turn between macrotasks
    await new Promise<void>((resolve) => setImmediate(resolve));
    onProgress?.(world.nowUs / recording.endUs);
    if (signal?.aborted)
      return fail(
        'run.interrupted',
        { atUs: world.nowUs, endUs: recording.endUs },
        'The replay was stopped before its end.',
        'Start it again to compare all states.',
      );
  }
  return null;
}

function compare(recording: RunRecording, replayed: readonly StateHash[], endUs: number): ReplayOutcome {
  const at = recording.hashes.findIndex(
    (h, i) => replayed[i]?.hash !== h.hash || replayed[i].cycles !== h.cycles || replayed[i].atUs !== h.atUs,
  );
  const recorded = recording.hashes[at];
  return {
    endUs,
    compared: recorded ? at + 1 : recording.hashes.length,
    difference: recorded
      ? {
          atUs: recorded.atUs,
          recorded,
          replayed: replayed[at] ?? { atUs: endUs, cycles: 0, hash: '' },
        }
      : null,
    otherCore: recording.core !== coreHash(),
  };
}

/** JSON text of a recording; bytes and float32 as base64, sets as lists. */
export function recordingText(recording: RunRecording): string {
  // `this[key]`: a Buffer has been through its own toJSON before it comes as the value
  return JSON.stringify(recording, function (this: Record<string, unknown>, key, value: unknown) {
    const own = this[key];
    if (own instanceof Uint8Array) return { $bytes: Buffer.from(own).toString('base64') };
    if (own instanceof Float32Array)
      return { $floats: Buffer.from(own.buffer, own.byteOffset, own.byteLength).toString('base64') };
    return own instanceof Set ? { $set: [...(own as ReadonlySet<unknown>)] } : value;
  });
}

/** `sim.bad-recording` where the text is not a recording of this format. */
export function parseRecording(text: string): Result<RunRecording> {
  try {
    const parsed: unknown = JSON.parse(text, revive);
    if (RecordingFormat.safeParse(parsed).success) return ok(parsed as RunRecording);
  } catch {
    // said below
  }
  return fail(
    'sim.bad-recording',
    { bytes: text.length },
    'The file is no recording of a run on the emulated board, or was cut off.',
    'Record again: microjoule run … --record-input FILE.',
  );
}

function revive(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { $bytes, $floats, $set } = value as { $bytes?: unknown; $floats?: unknown; $set?: unknown };
  if (typeof $bytes === 'string') return Uint8Array.from(Buffer.from($bytes, 'base64'));
  if (typeof $floats === 'string')
    return new Float32Array(Uint8Array.from(Buffer.from($floats, 'base64')).buffer);
  return Array.isArray($set) ? new Set<unknown>($set) : value;
}
