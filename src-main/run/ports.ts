import type { Clock } from '../base/clock.ts';
import type { Failure, Result } from '../base/errors.ts';
import type {
  DutWindow,
  AccuracyItem,
  DeviceIdentity,
  FailureDto,
  MonitorIdentity,
  OpCycles,
  OpProfile,
  Prediction,
  ReferenceCheck,
  RunEvent,
  RunPlan,
  RunResult,
  RunStatus,
  Source,
  TraceReference,
  WindowEnergy,
  WindowResult,
} from '../contract/index.ts';

/**
 * What a run needs of the world, structurally: device, monitor, host twin, inputs and store implement nothing of
 * this by name; core.ts adapts them (docs/adr/0005-run-and-ports.md). Failures keep their own ids; run/failures.ts
 * decides from the id whether a window is repeated, the run pauses, or it ends.
 */
export interface RunPorts {
  readonly bench: Bench;
  readonly inputs: InputSet;
  readonly expected: ExpectedOutputs;
  readonly store: RunStore;
  /** The clock that the device's time-outs run on: virtual for the simulated world. */
  readonly clock: Clock;
  /** Wall time for ETA only; never enters a result. */
  readonly stopwatch: Clock;
  /** ISO 8601 UTC for `startedAt` and events. */
  readonly nowIso: () => string;
  /** Was this Program compared with TFLM? null = not checked. */
  readonly referenceCheck: (programHash: string) => ReferenceCheck | null;
  readonly prediction: Prediction | null;
  /** What is worth saying before the first window: what could not be predicted and why, what a file only seems to be. */
  readonly remarks: readonly string[];
}

/** A target that can be given the Program, and perhaps a monitor in its supply. */
export interface Bench {
  readonly target: {
    readonly id: string;
    readonly name: string;
    /** `emulated` results are never called measured. */
    readonly source: Source & ('measured' | 'emulated');
    readonly assumptions: readonly string[];
    /** What it counts; `instructions`: its windows have no duration. Absent: `us`. */
    readonly unit?: 'us' | 'instructions';
    /** Tolerance of the clock behind the DUT's timer; null where it is exact (virtual time). */
    readonly clockPlusMinusPpm: number | null;
  };
  /** What this deployment will put on the device: compared with what the device says it is. */
  readonly deployed: {
    readonly programHash: string;
    readonly firmwareHash: string | null;
    /** In plan order: what a profile's operators are called and compute; absent where nobody knows. */
    readonly operators?: readonly { readonly name: string; readonly macs: number }[];
  };
  /** Programs the image with this mode word, powers, boots and resynchronises. The same firmware and Program in every mode. */
  deploy(mode: 'performance' | 'energy', options: StepOptions): Promise<Result<Device>>;
  /**
   * After a lost link: waits until the board (and monitor) are back and gives a fresh session without programming.
   * Resolves with a failure when the user gives up (signal) or waiting makes no sense.
   */
  reconnect(options: StepOptions): Promise<Result<Device>>;
  /** Failures since the last call that stopped nothing: a trace that did not close well when its monitor went away. */
  takeWarnings(): readonly Failure[];
  /** null where no monitor is wired: energy runs are then refused. */
  readonly meter: Meter | null;
}

export interface StepOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (fraction: number, text: string) => void;
}

/** A session with a DUT that runs the deployed image. One call at a time. */
export interface Device {
  identity(options: StepOptions): Promise<Result<DeviceIdentity>>;
  /** Loads one input in the model's own input encoding, verified. */
  load(input: Uint8Array, options: StepOptions): Promise<Result<void>>;
  infer(inferences: number, warmUp: number, options: StepOptions): Promise<Result<InferReply>>;
  /** Raw bytes of all outputs of the last inference; `device.no-mj` for a foreign DUT. */
  rawOutputs(options: StepOptions): Promise<Result<Uint8Array>>;
  /** One inference with cycles per operator; `device.no-mj` for a foreign DUT. */
  profile(options: StepOptions): Promise<
    Result<{
      readonly ops: readonly Pick<OpCycles, 'index' | 'kernel' | 'cycles'>[];
      readonly totalCycles: number;
    }>
  >;
  /** Paints the arena; the next inferences leave their mark. */
  paintArena(options: StepOptions): Promise<Result<void>>;
  arena(options: StepOptions): Promise<Result<{ readonly highBytes: number; readonly sizeBytes: number }>>;
  /** After a void window: drain and resynchronise, or reset when that does not help. */
  recover(options: StepOptions): Promise<Result<void>>;
}

export interface InferReply {
  /** B − A of the DUT's timer with its wrap handled; null in energy mode, where only edges tell. */
  readonly durationUs: number | null;
  /** As printed in `m-results-[…]`. */
  readonly scores: readonly number[];
  /** The window by the DUT's own timer where only `mj window` tells it; null where nothing does. */
  readonly dutWindow?: DutWindow | null;
  /** The place of the last printed digit: 0.001. */
  readonly printStep: number;
}

/** Records the supply current and finds windows in it by their sync edges. */
export interface Meter {
  identity(): MonitorIdentity;
  /** Starts recording; the DUT has not yet been told to infer, but will be, so many inferences. */
  openWindow(inferences: number, options: StepOptions): Promise<Result<MeterWindow>>;
  /** Why the recording ended by itself because the monitor went, and with it perhaps the board's supply; null while it is there. */
  lost?(): Failure | null;
  /** The traces written so far; hashes are known once a trace is closed. */
  traces(): readonly TraceReference[];
  /** Ends all recording and closes the traces. */
  close(): Promise<Result<void>>;
}

export interface MeterWindow {
  /** Resolves when the recording ends by itself, and this window with it: the monitor was unplugged, the disk is full. */
  readonly ended: Promise<Failure>;
  /** Called after the DUT reported `infer-done`: waits for the closing edge, integrates between the edges. */
  finish(options: StepOptions): Promise<Result<WindowEnergy>>;
  /** The window is void. Resolves with why the recording ended, where it did: that comes before a board's silence. */
  abandon(): Promise<Failure | null>;
}

/** The host twin: what the device must answer. */
export interface ExpectedOutputs {
  /** `raw` as `mj out` gives it; `printed` the scores before they are rounded for print. */
  of(input: Uint8Array): Promise<Result<{ readonly raw: Uint8Array; readonly printed: readonly number[] }>>;
}

export interface InputItem {
  readonly name: string;
  /** null for random inputs. */
  readonly label: number | null;
  readonly windows: readonly Uint8Array[];
}

export interface InputSet {
  readonly kind: 'dataset' | 'random';
  readonly size: number;
  readonly describe: string;
  item(index: number): Result<InputItem>;
}

export interface NewRun {
  readonly plan: RunPlan;
  readonly source: Source;
  readonly targetName: string;
  readonly assumptions: readonly string[];
  readonly clockPlusMinusPpm: number | null;
  readonly inputKind: 'dataset' | 'random';
  readonly inputCount: number;
  readonly startedAt: string;
  /** Of RunPorts; they come back as notes of the result. */
  readonly remarks: readonly string[];
}

/** A run as the store keeps it: enough to go on after its process died, and to compose its result (run/result.ts). */
export interface StoredRun extends NewRun {
  readonly runId: number;
  readonly status: RunStatus;
  readonly endedAt: string | null;
  /** Tuned inferences a window, or null when it died before. */
  readonly inferences: number | null;
  readonly identity: DeviceIdentity | null;
  readonly monitor: MonitorIdentity | null;
  readonly windows: readonly WindowResult[];
  readonly items: readonly AccuracyItem[];
  readonly profile: OpProfile | null;
  readonly prediction: Prediction | null;
  readonly referenceCheck: ReferenceCheck | null;
  readonly traces: readonly TraceReference[];
  readonly failure: FailureDto | null;
}

/** Each call is one transaction and durable when it returns. */
export interface RunStore {
  begin(run: NewRun): Result<number>;
  /** Claims an interrupted run for this process; refuses finished runs and runs another process is in. */
  reopen(runId: number): Result<StoredRun>;
  saveIdentity(
    runId: number,
    identity: DeviceIdentity,
    monitor: MonitorIdentity | null,
    checked: ReferenceCheck | null,
  ): Result<void>;
  saveTuning(runId: number, inferences: number): Result<void>;
  saveWindow(runId: number, window: WindowResult): Result<void>;
  saveItem(runId: number, item: AccuracyItem): Result<void>;
  saveProfile(runId: number, profile: OpProfile): Result<void>;
  savePrediction(runId: number, prediction: Prediction): Result<void>;
  saveTrace(runId: number, trace: TraceReference): Result<void>;
  saveEvent(runId: number, event: RunEvent): Result<void>;
  end(runId: number, result: RunResult): Result<void>;
}
