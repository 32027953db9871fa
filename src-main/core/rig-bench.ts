import { HarnessMode } from '../abi/generated.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { TraceReference } from '../contract/index.ts';
import { defaultBaud, inputBytes, withMode, type Image } from '../compile/image.ts';
import type { Program } from '../compile/program.ts';
import { openSession, type Session } from '../device/session.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { UNKNOWN } from '../run/state.ts';
import type { Bench, Device, Meter, StepOptions } from '../run/ports.ts';
import { openRigMonitor, supplyBoard } from './board-supply.ts';
import type { CheckedMonitor } from './checked-accuracy.ts';
import { deployImage } from './deploy-image.ts';
import { SessionDevice } from './device-adapter.ts';
import { RecordingMeter, type MeterOptions } from './meter-adapter.ts';
import type { Rig, RigFactory } from './rig.ts';

export interface RigBenchOptions {
  readonly target: Bench['target'];
  readonly rigs: RigFactory;
  readonly image: Image;
  readonly program: Program;
  readonly withMonitor: boolean;
  readonly supplyV: number;
  /** Which logic channel of the monitor shows the window. */
  readonly windowChannel: number;
  /** Logic channels of the operator counter, lowest bit first. */
  readonly operatorChannels: readonly number[];
  readonly openTrace: MeterOptions['openTrace'];
  /** What a dated check says of this monitor; null where there was none. */
  readonly checked?: (monitor: Monitor) => CheckedMonitor | null;
  readonly nowIso: () => string;
}

/** run/ports Bench over a rig: deploys images, opens sessions, owns the meter. Disposing closes everything it opened. */
export class RigBench implements Bench, AsyncDisposable {
  readonly target: Bench['target'];
  readonly deployed: Bench['deployed'];
  readonly meter: Meter | null;
  readonly #options: RigBenchOptions;
  #rig: Rig | undefined;
  #session: Session | undefined;
  #recording: RecordingMeter | undefined;
  /** The monitor of `#recording`. */
  #metered: { readonly monitor: Monitor; readonly checked: CheckedMonitor | null } | undefined;
  readonly #finished: TraceReference[] = [];
  readonly #warnings: Failure[] = [];
  #mode: 'performance' | 'energy' = 'performance';

  constructor(options: RigBenchOptions) {
    this.#options = options;
    this.target = options.target;
    this.deployed = {
      programHash: options.image.programHash ?? '',
      firmwareHash: options.image.firmwareHash,
      operators: options.program.ops.map(({ name, macs }) => ({ name, macs })),
    };
    this.meter = options.withMonitor ? this.#forwardingMeter() : null;
  }

  async deploy(mode: 'performance' | 'energy', options: StepOptions): Promise<Result<Device>> {
    this.#mode = mode;
    const image = withMode(
      this.#options.image,
      mode === 'energy' ? HarnessMode.Energy : HarnessMode.Performance,
    );
    if (!image.ok) return image;
    const rig = await this.#openRig();
    if (!rig.ok) return rig;
    options.onProgress?.(0, 'programming');
    const session = await deployImage(rig.value, image.value, {
      onProgress: (f) => options.onProgress?.(f, 'programming'),
    });
    return session.ok ? ok(this.#deviceOf(session.value)) : session;
  }

  /** Opens links and supply and says what is there; `deploy` and `attach` do it themselves where nobody did. */
  async open(): Promise<Result<string>> {
    const rig = await this.#openRig();
    if (!rig.ok) return rig;
    const metered = this.#metered?.monitor;
    const monitor = metered ? `; ${metered.descriptor.name} supplies ${this.#options.supplyV} V` : '';
    return ok(`${rig.value.dut.address}${monitor}`);
  }

  /** Asks what runs on the board, whatever that is, without programming it. */
  async attach(): Promise<Result<Device>> {
    const rig = await this.#openRig();
    if (!rig.ok) return rig;
    this.#mode = 'energy';
    const baud = this.#baud();
    const other = defaultBaud(HarnessMode.Performance);
    const session = await openSession(rig.value.dut, { baud, otherBauds: [other] });
    return session.ok ? ok(this.#deviceOf(session.value)) : session;
  }

  /** An input of zeros for whatever model runs there: the dialect infers only on a complete one. */
  async loadZeros(): Promise<Result<void>> {
    const session = this.#session!;
    const { program, image } = this.#options;
    const bytes = session.mj?.identity.inputBytes ?? inputBytes(program, image.parts.config.inputEncoding);
    return await session.loadInput(new Uint8Array(bytes));
  }

  async reconnect(options: StepOptions): Promise<Result<Device>> {
    const { rigs, withMonitor } = this.#options;
    const old = this.#rig;
    if (!old)
      return fail(
        'device.lost',
        { target: this.target.id },
        'The connection to the board is gone.',
        'Start the run again with --resume.',
      );
    await this.#closeSession();
    const closed = await this.#closeRecording();
    if (!closed.ok) this.#warnings.push(closed);
    const rig = await rigs.reopen(old, withMonitor, options.signal);
    if (!rig.ok) return rig;
    this.#rig = rig.value;
    const metered = await this.#powerUp(rig.value);
    if (!metered.ok) return metered;
    const session = await openSession(rig.value.dut, { baud: this.#baud(), mode: this.#mode });
    return session.ok ? ok(this.#deviceOf(session.value)) : session;
  }

  takeWarnings(): readonly Failure[] {
    return this.#warnings.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closeSession();
    await this.#closeRecording();
    await this.#rig?.[Symbol.asyncDispose]();
    this.#rig = undefined;
  }

  async #closeSession(): Promise<void> {
    await this.#session?.[Symbol.asyncDispose]();
    this.#session = undefined;
  }

  async #openRig(): Promise<Result<Rig>> {
    if (this.#rig) return ok(this.#rig);
    const rig = await this.#options.rigs.open(this.#options.withMonitor);
    if (!rig.ok) return rig;
    this.#rig = rig.value;
    const powered = await this.#powerUp(rig.value);
    return powered.ok ? rig : powered;
  }

  async #powerUp(rig: Rig): Promise<Result<void>> {
    if (!this.#options.withMonitor) return ok();
    if (!rig.monitor)
      return fail(
        'monitor.none',
        { target: this.target.id },
        'An energy run needs a power monitor.',
        'Name one with --monitor, or run in performance mode.',
      );
    const monitor = await openRigMonitor(rig, rig.monitor);
    if (!monitor.ok) return monitor;
    const checked = this.#options.checked?.(monitor.value) ?? null;
    const seen = refuseBlind(monitor.value);
    const powered = seen ?? (await this.#supply(rig, monitor.value, checked));
    if (!powered.ok) {
      await monitor.value[Symbol.asyncDispose]();
      return powered;
    }
    this.#metered = { monitor: monitor.value, checked };
    const { openTrace, nowIso, windowChannel, operatorChannels, target } = this.#options;
    this.#recording = new RecordingMeter({
      monitor: monitor.value,
      accuracy: checked?.accuracy ?? monitor.value.accuracy,
      emulated: target.source === 'emulated',
      // events become a level on D0, whatever the board's window pin is wired to elsewhere
      windowChannel: monitor.value.descriptor.windowInput === 'events' ? 0 : windowChannel,
      operatorChannels,
      operators: this.#options.program.ops.length,
      openTrace,
      nowIso,
    });
    return ok();
  }

  #supply(rig: Rig, monitor: Monitor, checked: CheckedMonitor | null): Promise<Result<void>> {
    return supplyBoard(rig, monitor, this.#options.supplyV, checked?.supplyPlusMinusMv ?? null);
  }

  #baud(): number {
    return defaultBaud(this.#mode === 'energy' ? HarnessMode.Energy : HarnessMode.Performance);
  }

  #deviceOf(session: Session): Device {
    this.#session = session;
    return new SessionDevice(session, {
      boardSerial: this.#rig?.serials.board ?? UNKNOWN,
      baud: this.#baud(),
      timed: this.target.unit !== 'instructions',
      restorePower: () => this.#restorePower(),
    });
  }

  /** A monitor that ended the recording by itself may have cut the board's supply (`monitor.overcurrent`). */
  async #restorePower(): Promise<Result<void>> {
    const { monitor, checked } = this.#metered ?? {};
    if (!monitor || !this.#rig || !this.#recording?.ended) return ok();
    return this.#supply(this.#rig, monitor, checked ?? null);
  }

  async #closeRecording(): Promise<Result<void>> {
    const recording = this.#recording;
    if (!recording) return ok();
    this.#recording = undefined;
    const closed = await recording.close();
    this.#finished.push(...recording.traces());
    return closed;
  }

  /** The run holds one meter for its whole life; behind it the recording changes when the monitor was plugged again. */
  #forwardingMeter(): Meter {
    return {
      identity: () => this.#recording!.identity(),
      openWindow: async (inferences) =>
        this.#recording?.openWindow(inferences) ??
        fail('monitor.lost', {}, 'The monitor is not connected.', 'Plug it in again.'),
      lost: () => this.#recording?.lost() ?? null,
      traces: () => [...this.#finished, ...(this.#recording?.traces() ?? [])],
      close: () => this.#closeRecording(),
    };
  }
}

/** Energy of windows needs to know where they are. */
function refuseBlind({ descriptor }: Monitor): Failure | null {
  if (descriptor.windowInput !== 'none') return null;
  return fail(
    'monitor.no-window-input',
    { monitor: descriptor.name },
    'This monitor has no input that shows where a window begins and ends.',
    'Use a monitor with logic inputs or events; `microjoule record` records the current without windows.',
  );
}
