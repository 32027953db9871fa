import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { fail, failureText, ok, type Failure, type Result } from '../base/errors.ts';
import type {
  LayerEnergy,
  MonitorIdentity,
  SystematicPart,
  TraceReference,
  WindowEnergy,
} from '../contract/index.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { Meter, MeterWindow } from '../run/ports.ts';
import type { MonitorAccuracy, SystematicParts } from '../trace/accuracy.ts';
import type { ChunkStore } from '../trace/chunk-store.ts';
import { windowEnergy, type WindowEnergy as TraceEnergy } from '../trace/energy.ts';
import { layerEnergies, type LayerEnergy as TraceLayer } from '../trace/layer-energy.ts';
import { operatorSegments } from '../trace/operator-segments.ts';
import type { Trace } from '../trace/trace.ts';
import type { TraceWindow } from '../trace/windows.ts';
import { recordTrace, type Recording } from '../trace/recording.ts';
import { calibrationWord } from './checked-accuracy.ts';
import { judgeWindow } from './window-soundness.ts';

/** A trace file that a meter records into. */
export interface TraceFile {
  readonly id: string;
  readonly path: string;
  readonly store: ChunkStore;
  close(): Promise<void>;
}

export interface MeterOptions {
  readonly monitor: Monitor;
  /** Bounds of its readings: of a dated check, or the monitor's own. */
  readonly accuracy: MonitorAccuracy;
  readonly emulated: boolean;
  /** Which logic channel shows the window. */
  readonly windowChannel: number;
  /** Logic channels of the operator counter, lowest bit first, and how many operators an inference has. */
  readonly operatorChannels: readonly number[];
  readonly operators: number;
  readonly openTrace: (monitor: Monitor, accuracy: MonitorAccuracy) => Promise<Result<TraceFile>>;
  readonly nowIso: () => string;
}

const causes: readonly (readonly [keyof SystematicParts, string, string])[] = [
  ['gainJ', 'monitor gain', ''],
  ['offsetJ', 'monitor offset', 'offset bound of the ranges in use'],
  ['quantisationJ', 'converter step', 'half a step of the ranges in use'],
  ['filterJ', 'filter bias', 'what the spike filter can move in or out of the window'],
  ['edgesJ', 'edge jitter', 'one sample period an edge'],
  ['lossJ', 'lost samples', "the missing samples lay between the window's extremes"],
  ['clockJ', 'sample period', "tolerance of the monitor's clock"],
  ['supplyJ', 'supply voltage', 'tolerance of the set point'],
];

/** `origin`: where the monitor's bounds come from, its maker or a dated check of this very device. */
function systematicUj(parts: SystematicParts, origin: string): SystematicPart[] {
  return causes.flatMap(([key, cause, basis]) =>
    parts[key] > 0
      ? [{ cause, plusMinus: parts[key] * 1e6, basis: key === 'gainJ' ? `gain bound by ${origin}` : basis }]
      : [],
  );
}

/** A trace of a day does not fit into memory: read as a stream. */
async function fileSha256(path: string): Promise<Result<string>> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
    return ok(hash.digest('hex'));
  } catch (e) {
    return fail(
      'trace.read-failed',
      { path, reason: (e as Error).message },
      'The finished trace cannot be read back.',
      'Check the disk; the trace has no checksum in the database.',
    );
  }
}

function layerToContract(l: TraceLayer): LayerEnergy {
  return {
    index: l.index,
    energyUj: l.joules * 1e6,
    netUj: l.netJ === null ? null : l.netJ * 1e6,
    durationUs: l.durationS * 1e6,
    meanCurrentA: Number.isNaN(l.meanA) ? null : l.meanA,
    inferences: l.inferences,
    statisticalUj: l.statisticalJ * 1e6,
    plusMinusUj: l.plusMinusJ * 1e6,
    commonUj: l.commonJ * 1e6,
  };
}

function noOperatorInputs({ descriptor }: Monitor): Result<never> {
  return fail(
    'monitor.no-operator-input',
    { monitor: descriptor.name },
    'This monitor sees where a window begins and ends, not which operator runs.',
    'For energy per layer use a monitor with logic inputs, like the PPK2; the energy of the window stands without.',
  );
}

/** The edges of the window may come a little after `infer-done` was printed: delivery, and the window's own look. */
const EDGE_WAIT_US = 3_000_000;

/** What the monitor said last may still be on its way to the disk: in virtual time all the silence after it is over. */
async function whyEnded(recording: Recording): Promise<Failure | null> {
  await recording.sync();
  return recording.sourceEnded ? (await recording.ended).failure : null;
}

/** run/ports Meter over a monitor and a trace file: one recording for all windows of a run. */
export class RecordingMeter implements Meter {
  readonly #options: MeterOptions;
  readonly #traces: TraceReference[] = [];
  #file: TraceFile | undefined;
  #recording: Recording | undefined;
  #ended = false;
  /** Stays: this monitor does not come back, another one is opened in its place. */
  #lost: Failure | null = null;

  constructor(options: MeterOptions) {
    this.#options = options;
  }

  identity(): MonitorIdentity {
    const { monitor, emulated } = this.#options;
    const { kind, serial } = monitor.identity;
    return {
      kind,
      serial: serial ?? 'unknown',
      // the metadata names a hardware revision, but no firmware
      firmware: 'unknown',
      calibration: calibrationWord(monitor),
      sampleRateHz: monitor.streamFormat.sampleRateHz,
      emulated,
    };
  }

  /** The recording ended by itself; the next window begins another. */
  get ended(): boolean {
    return this.#ended;
  }

  async openWindow(inferences: number): Promise<Result<MeterWindow>> {
    // a recording that ended by itself leaves its trace; what is measured on goes into another
    if (this.#ended) await this.close();
    const recording = this.#recording ? ok(this.#recording) : await this.#begin();
    if (!recording.ok) return recording;
    this.#options.monitor.armWindow?.();
    const opened = { ordinal: recording.value.windows().length, atSample: recording.value.lengthSamples };
    const ended = recording.value.ended.then(
      (end) =>
        end.failure ??
        fail(
          'trace.recording-ended',
          {},
          'The recording ended before this window closed.',
          'Record again and let the window finish.',
        ),
    );
    return ok({
      ended,
      finish: () => this.#finish(recording.value, opened, inferences),
      abandon: () => whyEnded(recording.value),
    });
  }

  lost(): Failure | null {
    return this.#lost;
  }

  traces(): readonly TraceReference[] {
    return this.#traces;
  }

  async close(): Promise<Result<void>> {
    const recording = this.#recording;
    const file = this.#file;
    this.#ended = false;
    this.#recording = undefined;
    this.#file = undefined;
    if (!recording || !file) return ok();
    const end = await recording.stop();
    const reference = this.#traces.at(-1)!;
    const sampleCount = recording.trace.lengthSamples;
    await file.close();
    const sha256 = await fileSha256(file.path);
    this.#traces[this.#traces.length - 1] = {
      ...reference,
      sampleCount,
      sha256: sha256.ok ? sha256.value : null,
    };
    return end.failure ?? (sha256.ok ? ok() : sha256);
  }

  async #begin(): Promise<Result<Recording>> {
    const { monitor, accuracy, windowChannel, nowIso, openTrace } = this.#options;
    const file = await openTrace(monitor, accuracy);
    if (!file.ok) return file;
    this.#file = file.value;
    this.#ended = false;
    const recording = recordTrace(monitor, file.value.store, monitor.descriptor.codec, { windowChannel });
    void recording.ended.then((end) => {
      if (this.#recording !== recording) return;
      this.#ended = true;
      if (end.kind === 'monitor-lost') this.#lost = end.failure;
    });
    this.#recording = recording;
    this.#traces.push({
      id: file.value.id,
      path: file.value.path,
      sha256: null,
      startedAt: nowIso(),
      sampleRateHz: monitor.streamFormat.sampleRateHz,
      sampleCount: 0,
    });
    return ok(this.#recording);
  }

  async #finish(
    recording: Recording,
    opened: { readonly ordinal: number; readonly atSample: number },
    inferences: number,
  ): Promise<Result<WindowEnergy>> {
    const { monitor, accuracy } = this.#options;
    const window = await this.#closed(recording, opened);
    if (!window.ok) return window;
    const proven = await this.#verdict(recording);
    if (!proven.ok) return proven;
    const energy = windowEnergy(recording.trace, window.value, { accuracy });
    if (!energy.ok) return energy;
    const sound = judgeWindow(recording.trace, window.value, energy.value, monitor);
    if (!sound.ok) return sound;
    const whole = this.#toContract(energy.value, recording, window.value);
    const layers = this.#layers(recording.trace, window.value, inferences, energy.value);
    if (layers.ok) return ok({ ...whole, ...layers.value });
    // the window's energy stands without its layers
    return ok({ ...whole, warnings: [...whole.warnings, `no-layers: ${failureText(layers)}`] });
  }

  /** The first window that began after `openWindow`: a stray edge before it may have made one more. */
  async #closed(
    recording: Recording,
    opened: { readonly ordinal: number; readonly atSample: number },
  ): Promise<Result<TraceWindow>> {
    const deadlineUs = this.#options.monitor.clock.nowUs() + EDGE_WAIT_US;
    for (let { ordinal } = opened; ; ordinal++) {
      const window = await recording.waitForWindow(ordinal, deadlineUs);
      if (!window.ok || window.value.startSample >= opened.atSample) return window;
    }
  }

  /** Waits until a loss in the window would have shown. */
  async #verdict(recording: Recording): Promise<Result<void>> {
    const { clock, verdictUs } = this.#options.monitor;
    if (verdictUs === 0) return ok();
    await clock.sleepUntilUs(clock.nowUs() + verdictUs);
    return recording.sync();
  }

  #layers(
    trace: Trace,
    window: TraceWindow,
    inferences: number,
    energy: TraceEnergy,
  ): Result<Pick<WindowEnergy, 'layers' | 'edgeJitterUs'>> {
    const { monitor, operatorChannels, operators, accuracy } = this.#options;
    if (monitor.descriptor.windowInput !== 'level') return noOperatorInputs(monitor);
    const segments = operatorSegments(trace, window, operatorChannels, { operators, inferences });
    if (!segments.ok) return segments;
    const split = layerEnergies(trace, segments.value, {
      accuracy,
      idleA: energy.idle?.meanA ?? null,
    });
    if (!split.ok) return split;
    const { layers, edgeJitterS } = split.value;
    return ok({ layers: layers.map(layerToContract), edgeJitterUs: edgeJitterS * 1e6 });
  }

  #toContract(e: TraceEnergy, recording: Recording, { startSample, endSample }: TraceWindow): WindowEnergy {
    const periodUs = recording.trace.samplePeriodS * 1e6;
    const { origin, clockRel } = this.#options.accuracy;
    return {
      energyUj: e.gross.joules * 1e6,
      netUj: e.net ? e.net.joules * 1e6 : null,
      statisticalUj: e.gross.statisticalJ * 1e6,
      netStatisticalUj: e.net ? e.net.statisticalJ * 1e6 : null,
      idleCurrentA: e.idle?.meanA ?? null,
      meanCurrentA: e.meanA,
      durationUs: e.durationS * 1e6,
      supplyV: e.supply.volts,
      supplyPlusMinusV: e.supply.uncertaintyV,
      supplyHow: e.supply.origin,
      systematic: systematicUj(e.gross.systematic, origin),
      netSystematic: e.net ? systematicUj(e.net.systematic, origin) : null,
      clockRel,
      sampleCount: Math.round(endSample - startSample) - e.missingSamples,
      lostSamples: Math.round(e.missingSamples),
      coverage: Math.min(1, Math.max(0, e.coverage)),
      traceId: recording.trace.header.traceId,
      channel: this.#options.windowChannel,
      traceStartUs: startSample * periodUs,
      traceEndUs: endSample * periodUs,
      warnings: [...e.notes],
      layers: null,
      edgeJitterUs: null,
      dut: null,
    };
  }
}
