import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { DeviceIdentity } from '../contract/index.ts';
import type { MjSession } from '../device/mj.ts';
import type { Session } from '../device/session.ts';
import { kernelName } from '../predict/features.ts';
import type { Device, InferReply } from '../run/ports.ts';

/** `m-results-[…]` prints three decimals. */
const PRINT_STEP = 0.001;

function noMj(command: string): Failure {
  return fail(
    'device.no-mj',
    { command },
    'The firmware on this board speaks the MLPerf Tiny dialect but not our extension.',
    'Deploy the Microjoule firmware, or go without raw outputs and operator profiles.',
  );
}

export interface SessionDeviceOptions {
  readonly boardSerial: string;
  readonly baud: number;
  /** False where the board's counter is no time: what it says of durations is then left out. */
  readonly timed?: boolean;
  /** Switches a supply on again that was cut; it comes before each recovery. */
  readonly restorePower?: () => Promise<Result<void>>;
}

/** run/ports Device over a th- session. */
export class SessionDevice implements Device {
  readonly #session: Session;
  readonly #options: SessionDeviceOptions;

  constructor(session: Session, options: SessionDeviceOptions) {
    this.#session = session;
    this.#options = options;
  }

  async identity(): Promise<Result<DeviceIdentity>> {
    const { identity, mj } = this.#session;
    const own = mj?.identity;
    return ok({
      hasMj: mj !== null,
      boardId: own?.board ?? 'unknown',
      boardSerial: this.#options.boardSerial,
      vendor: identity.vendor,
      modelName: identity.model,
      firmwareHash: own?.firmwareHash ?? null,
      programHash: own?.programHash ?? null,
      modelPrefix: own?.modelHash ?? null,
      mode: identity.mode,
      clockHz: own?.clockHz ?? null,
      baud: own?.baud ?? identity.baud ?? this.#options.baud,
    });
  }

  load(input: Uint8Array): Promise<Result<void>> {
    return this.#session.loadInput(input);
  }

  async infer(inferences: number, warmUp: number): Promise<Result<InferReply>> {
    const reply = await this.#session.infer(inferences, warmUp);
    if (!reply.ok) return reply;
    const { results } = reply.value;
    const timed = this.#options.timed ?? true;
    const windowUs = timed ? reply.value.windowUs : null;
    const { mj } = this.#session;
    // with laps on the line there is nothing more to learn
    const asked = timed && windowUs === null && mj ? await mj.window() : null;
    return ok({
      durationUs: windowUs,
      scores: results,
      printStep: PRINT_STEP,
      dutWindow: asked?.ok ? asked.value : null,
    });
  }

  rawOutputs(): Promise<Result<Uint8Array>> {
    return this.#withMj('mj out', (mj) => mj.output());
  }

  profile(): ReturnType<Device['profile']> {
    return this.#withMj('mj prof', async (mj) => {
      const profile = await mj.profile();
      if (!profile.ok) return profile;
      const ops = profile.value.ops.map((o) => ({
        index: o.index,
        kernel: kernelName(o.kernel),
        cycles: o.cycles,
      }));
      return ok({ ops, totalCycles: profile.value.totalCycles });
    });
  }

  paintArena(): Promise<Result<void>> {
    return this.#withMj('mj paint', (mj) => mj.paint());
  }

  arena(): ReturnType<Device['arena']> {
    return this.#withMj('mj arena', (mj) => mj.arena());
  }

  async recover(): Promise<Result<void>> {
    const powered = (await this.#options.restorePower?.()) ?? ok();
    if (!powered.ok) return powered;
    const inStep = await this.#session.resynchronise();
    if (inStep.ok || !this.#session.mj) return inStep;
    return this.#session.mj.reset();
  }

  async #withMj<T>(command: string, use: (mj: MjSession) => Promise<Result<T>>): Promise<Result<T>> {
    return this.#session.mj ? use(this.#session.mj) : noMj(command);
  }
}
