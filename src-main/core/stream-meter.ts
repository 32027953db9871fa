import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { StreamEnergy, TraceReference } from '../contract/index.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { streamEnergy, type StreamEnergy as PhasedEnergy } from '../stream/phase-energy.ts';
import { recordTrace, type Recording } from '../trace/recording.ts';
import { openRigMonitor, supplyBoard } from './board-supply.ts';
import type { TraceFile } from './meter-adapter.ts';
import type { Rig } from './rig.ts';
import type { TargetDescriptor } from './targets.ts';
import { newTraceFile } from './trace-recording.ts';

export interface StreamMeterOptions {
  readonly target: TargetDescriptor;
  readonly supplyV: number;
  readonly tracesDir: string;
  readonly title: string;
  readonly nowIso: () => string;
}

/** A monitor in the board's supply that records a whole stream and splits its energy by the pins. */
export class StreamMeter implements AsyncDisposable {
  readonly #options: StreamMeterOptions;
  readonly #monitor: Monitor;
  #file: TraceFile | null = null;
  #recording: Recording | null = null;

  private constructor(options: StreamMeterOptions, monitor: Monitor) {
    this.#options = options;
    this.#monitor = monitor;
  }

  /** Powers the board from the monitor: before it is programmed. */
  static async open(rig: Rig, options: StreamMeterOptions): Promise<Result<StreamMeter>> {
    if (!rig.monitor)
      return fail(
        'monitor.none',
        { target: options.target.id },
        'The energy of a stream needs a power monitor.',
        'Name one with --monitor ADDRESS.',
      );
    const monitor = await openRigMonitor(rig, rig.monitor);
    if (!monitor.ok) return monitor;
    const meter = new StreamMeter(options, monitor.value);
    const powered = refuseBlind(monitor.value) ?? (await supplyBoard(rig, monitor.value, options.supplyV));
    if (powered.ok) return ok(meter);
    await meter[Symbol.asyncDispose]();
    return powered;
  }

  async begin(): Promise<Result<void>> {
    const { tracesDir, title, target } = this.#options;
    const file = await newTraceFile(tracesDir, this.#monitor, title, target);
    if (!file.ok) return file;
    this.#file = file.value;
    const { codec } = this.#monitor.descriptor;
    this.#recording = recordTrace(this.#monitor, file.value.store, codec, {
      windowChannel: target.board.pins.window.channel,
    });
    return ok();
  }

  /** Ends the recording. The energy of all of it, and where the trace is. */
  async end(): Promise<Result<{ readonly energy: StreamEnergy; readonly trace: TraceReference }>> {
    const recording = this.#recording!;
    const file = this.#file!;
    this.#recording = null;
    const ended = await recording.stop();
    if (ended.failure) return ended.failure;
    const { trace } = recording;
    const { window, timestamp } = this.#options.target.board.pins;
    const energy = streamEnergy(trace, {
      windowChannel: window.channel,
      timestampChannel: timestamp.channel,
      fromSample: 0,
      toSample: trace.lengthSamples,
    });
    const sampleCount = trace.lengthSamples;
    await this.#closeFile();
    if (!energy.ok) return energy;
    return ok({
      energy: this.#toContract(energy.value, file.id),
      trace: {
        id: file.id,
        path: file.path,
        sha256: null,
        startedAt: this.#options.nowIso(),
        sampleRateHz: this.#monitor.descriptor.sampleRateHz,
        sampleCount,
      },
    });
  }

  #toContract({ energyJ, durationS, shares, edgesJ, coverage }: PhasedEnergy, traceId: string): StreamEnergy {
    const uj = (j: number) => j * 1e6;
    const totalJ = energyJ.frontEnd + energyJ.inference + energyJ.rest;
    const seconds = durationS.frontEnd + durationS.inference + durationS.rest;
    const active = energyJ.frontEnd + energyJ.inference;
    return {
      supplyV: this.#options.supplyV,
      energyUj: uj(totalJ),
      durationUs: seconds * 1e6,
      meanPowerMw: (totalJ / seconds) * 1e3,
      frontEndUj: uj(energyJ.frontEnd),
      inferenceUj: uj(energyJ.inference),
      restUj: uj(energyJ.rest),
      frontEndShare: active > 0 ? energyJ.frontEnd / active : null,
      frontEndShareOfAll: shares.frontEnd,
      edgesUj: uj(edgesJ),
      coverage,
      traceId,
      method:
        'Gross energy by the levels of D0 (inference) and D4 (front end); nothing is subtracted, gain and offset of the monitor are in all parts alike.',
    };
  }

  async #closeFile(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#recording?.stop();
    await this.#closeFile();
    await this.#monitor[Symbol.asyncDispose]();
  }
}

/** The parts are told apart by two pins at once. */
function refuseBlind({ descriptor }: Monitor): Failure | null {
  if (descriptor.windowInput === 'level') return null;
  return fail(
    'monitor.no-window-input',
    { monitor: descriptor.name },
    'This monitor has no logic inputs that show what the device does.',
    'Use a monitor with logic inputs, such as the PPK2.',
  );
}
