import { ManualClock } from '../../../src-main/base/clock.ts';
import { fail, ok, type Failure, type Result } from '../../../src-main/base/errors.ts';
import { crc32 } from '../../../src-main/base/crc.ts';
import type {
  DeviceIdentity,
  RunEvent,
  RunPlanInput,
  TraceReference,
  WindowEnergy,
} from '../../../src-main/contract/index.ts';
import type {
  Bench,
  Device,
  InferReply,
  InputSet,
  Meter,
  MeterWindow,
  NewRun,
  RunPorts,
  RunStore,
  StoredRun,
} from '../../../src-main/run/ports.ts';

/** A bench of arithmetic: what a window takes is known exactly, what goes wrong is scripted by call number. */
export interface Script {
  latencyUs: number;
  /** Failure of the n-th call (1-based) of a step. */
  readonly faults: Map<string, Failure>;
  hasMj: boolean;
  programHash: string;
  firmwareHash: string;
  boardSerial: string;
  monitorSerial: string;
  /** Outputs differ from the host twin on these inputs. */
  readonly wrongOn: Set<string>;
  /** Called before each step, for aborting at an exact place. */
  onStep: (step: string, count: number) => void;
  idleUs: number;
}

export function script(over: Partial<Script> = {}): Script {
  return {
    latencyUs: 12_500,
    faults: new Map(),
    hasMj: true,
    programHash: '0badcafe',
    firmwareHash: '12345678',
    boardSerial: 'E66038B713',
    monitorSerial: 'M1',
    wrongOn: new Set(),
    onStep: () => {},
    idleUs: 1_000_000,
    ...over,
  };
}

/** The model under test: 4 outputs from a CRC of the input. */
export function modelOf(input: Uint8Array): Uint8Array {
  const c = crc32(input);
  return new Uint8Array([c & 0x7f, (c >>> 8) & 0x7f, (c >>> 16) & 0x7f, (c >>> 24) & 0x7f]);
}

const printed = (raw: Uint8Array) => Array.from(raw, (v) => v / 256);
const rounded = (scores: readonly number[]) => scores.map((s) => Number(s.toFixed(3)));

export class FakeBench implements Bench {
  readonly target = {
    id: 'fake',
    name: 'Fake board',
    source: 'emulated' as const,
    assumptions: ['none'],
    clockPlusMinusPpm: null,
  };
  readonly deployed = {
    programHash: '0badcafe',
    firmwareHash: '12345678',
    operators: [{ name: 'fc', macs: 640 }],
  };
  readonly meter: FakeMeter | null;
  readonly calls: string[] = [];
  readonly warnings: Failure[] = [];
  /** The recording ends by itself in the next window. */
  meterEnds: Promise<Failure> | null = null;
  readonly counts = new Map<string, number>();
  readonly clock: ManualClock;
  readonly script: Script;
  mode: 'performance' | 'energy' = 'performance';

  constructor(clock: ManualClock, s: Script, withMeter = true) {
    this.clock = clock;
    this.script = s;
    this.meter = withMeter ? new FakeMeter(this) : null;
  }

  /** Counts the call and gives its scripted failure. */
  step(name: string): Failure | null {
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    this.calls.push(name);
    this.script.onStep(name, count);
    return this.script.faults.get(`${name}#${count}`) ?? null;
  }

  takeWarnings(): readonly Failure[] {
    return this.warnings.splice(0);
  }

  async deploy(mode: 'performance' | 'energy'): Promise<Result<Device>> {
    this.mode = mode;
    return this.step('deploy') ?? ok(new FakeDevice(this));
  }

  async reconnect(): Promise<Result<Device>> {
    return this.step('reconnect') ?? ok(new FakeDevice(this));
  }
}

class FakeDevice implements Device {
  readonly #bench: FakeBench;
  #input: Uint8Array = new Uint8Array(0);

  constructor(bench: FakeBench) {
    this.#bench = bench;
  }

  async identity(): Promise<Result<DeviceIdentity>> {
    const s = this.#bench.script;
    return (
      this.#bench.step('identity') ??
      ok({
        hasMj: s.hasMj,
        boardId: 'fake',
        boardSerial: s.boardSerial,
        vendor: 'v',
        modelName: 'm',
        firmwareHash: s.hasMj ? s.firmwareHash : null,
        programHash: s.hasMj ? s.programHash : null,
        modelPrefix: null,
        mode: this.#bench.mode,
        clockHz: s.hasMj ? 125_000_000 : null,
        baud: 115_200,
      })
    );
  }

  async load(input: Uint8Array): Promise<Result<void>> {
    this.#input = input;
    return this.#bench.step('load') ?? ok();
  }

  async infer(n: number, w: number): Promise<Result<InferReply>> {
    const fault = this.#bench.step('infer');
    const { latencyUs, idleUs } = this.#bench.script;
    const energy = this.#bench.mode === 'energy';
    await this.#bench.clock.advanceTo(
      this.#bench.clock.nowUs() + (n + w) * latencyUs + (energy ? idleUs : 0),
    );
    if (fault) return fault;
    if (this.#bench.meter) this.#bench.meter.lastUs = n * latencyUs;
    return ok({
      durationUs: energy ? null : Math.floor(n * latencyUs),
      scores: rounded(printed(this.#raw())),
      printStep: 0.001,
    });
  }

  #raw(): Uint8Array {
    const raw = modelOf(this.#input);
    if (this.#bench.script.wrongOn.has(Buffer.from(this.#input).toString('hex'))) raw[0] = raw[0]! ^ 1;
    return raw;
  }

  async rawOutputs(): Promise<Result<Uint8Array>> {
    return (
      this.#bench.step('rawOutputs') ??
      (this.#bench.script.hasMj ? ok(this.#raw()) : fail('device.no-mj', {}, '', ''))
    );
  }

  async profile() {
    const cycles = Math.round(this.#bench.script.latencyUs * 125);
    return (
      this.#bench.step('profile') ??
      ok({ ops: [{ index: 0, kernel: 'FullyConnectedS8', cycles: cycles - 100 }], totalCycles: cycles })
    );
  }

  async paintArena(): Promise<Result<void>> {
    return this.#bench.step('paintArena') ?? ok();
  }

  async arena() {
    return this.#bench.step('arena') ?? ok({ highBytes: 1000, sizeBytes: 2048 });
  }

  async recover(): Promise<Result<void>> {
    return this.#bench.step('recover') ?? ok();
  }
}

export class FakeMeter implements Meter {
  lastUs = 0;
  closed = false;
  readonly #bench: FakeBench;

  constructor(bench: FakeBench) {
    this.#bench = bench;
  }

  identity() {
    return {
      kind: 'fake',
      serial: this.#bench.script.monitorSerial,
      firmware: '1',
      calibration: 'c0ffee',
      sampleRateHz: 100_000,
      emulated: true,
    };
  }

  async openWindow(): Promise<Result<MeterWindow>> {
    const fault = this.#bench.step('openWindow');
    if (fault) return fault;
    return ok({
      ended: this.#bench.meterEnds ?? new Promise<Failure>(() => {}),
      finish: async (): Promise<Result<WindowEnergy>> => this.#bench.step('finish') ?? ok(this.#energy()),
      abandon: async () => {
        this.#bench.step('abandon');
        return null;
      },
    });
  }

  #energy(): WindowEnergy {
    const energyUj = 3.3 * 0.02 * this.lastUs;
    return {
      energyUj,
      netUj: energyUj / 2,
      statisticalUj: 10,
      netStatisticalUj: 12,
      idleCurrentA: 0.01,
      meanCurrentA: 0.02,
      durationUs: this.lastUs,
      supplyV: 3.3,
      supplyPlusMinusV: 0.03,
      supplyHow: 'set-point',
      systematic: [{ cause: 'supply voltage', plusMinus: energyUj * 0.01, basis: '1 %' }],
      netSystematic: [{ cause: 'edge jitter', plusMinus: 20, basis: '' }],
      clockRel: 50e-6,
      sampleCount: Math.round(this.lastUs / 10),
      lostSamples: 0,
      coverage: 1,
      traceId: 't1',
      channel: 0,
      traceStartUs: 0,
      traceEndUs: this.lastUs,
      warnings: [],
      layers: null,
      edgeJitterUs: null,
      dut: null,
    };
  }

  traces(): readonly TraceReference[] {
    return [
      {
        id: 't1',
        path: '/t/t1.mjt',
        sha256: this.closed ? 'ab'.repeat(32) : null,
        startedAt: '2020-01-01T00:00:00Z',
        sampleRateHz: 100_000,
        sampleCount: 1,
      },
    ];
  }

  async close(): Promise<Result<void>> {
    this.closed = true;
    return this.#bench.step('close') ?? ok();
  }
}

/** Keeps everything in memory; `faults` as in the bench. */
export class MemoryStore implements RunStore {
  readonly runs = new Map<number, StoredRun>();
  readonly events: RunEvent[] = [];
  readonly faults = new Map<string, Failure>();
  readonly #counts = new Map<string, number>();

  #fault(name: string): Failure | null {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return this.faults.get(`${name}#${count}`) ?? null;
  }

  #change(name: string, runId: number, change: (r: StoredRun) => Partial<StoredRun>): Result<void> {
    const fault = this.#fault(name);
    if (fault) return fault;
    const run = this.runs.get(runId)!;
    this.runs.set(runId, { ...run, ...change(run) });
    return ok();
  }

  begin(run: NewRun): Result<number> {
    const fault = this.#fault('begin');
    if (fault) return fault;
    const runId = this.runs.size + 1;
    this.runs.set(runId, {
      ...run,
      runId,
      status: 'running',
      endedAt: null,
      inferences: null,
      identity: null,
      monitor: null,
      windows: [],
      items: [],
      profile: null,
      prediction: null,
      referenceCheck: null,
      traces: [],
      failure: null,
    });
    return ok(runId);
  }

  reopen(runId: number): Result<StoredRun> {
    return ok(this.runs.get(runId)!);
  }

  saveIdentity: RunStore['saveIdentity'] = (id, identity, monitor, referenceCheck) =>
    this.#change('saveIdentity', id, () => ({ identity, monitor, referenceCheck }));
  saveTuning: RunStore['saveTuning'] = (id, inferences) =>
    this.#change('saveTuning', id, () => ({ inferences }));
  saveWindow: RunStore['saveWindow'] = (id, w) =>
    this.#change('saveWindow', id, (r) => ({ windows: [...r.windows, w] }));
  saveItem: RunStore['saveItem'] = (id, i) =>
    this.#change('saveItem', id, (r) => ({ items: [...r.items, i] }));
  saveProfile: RunStore['saveProfile'] = (id, profile) =>
    this.#change('saveProfile', id, () => ({ profile }));
  savePrediction: RunStore['savePrediction'] = (id, prediction) =>
    this.#change('savePrediction', id, () => ({ prediction }));
  saveTrace: RunStore['saveTrace'] = (id, t) =>
    this.#change('saveTrace', id, (r) => ({ traces: [...r.traces.filter((x) => x.id !== t.id), t] }));
  saveEvent: RunStore['saveEvent'] = (_id, e) => this.#fault('saveEvent') ?? (this.events.push(e), ok());
  end: RunStore['end'] = (id, result) =>
    this.#change('end', id, () => ({
      status: result.status,
      endedAt: result.endedAt,
      failure: result.failure,
    }));
}

export function inputSet(count: number, labelled: boolean, windowsEach = 1): InputSet {
  return {
    kind: labelled ? 'dataset' : 'random',
    size: count,
    describe: `${count} inputs`,
    item: (i) => {
      const windows = Array.from({ length: windowsEach }, (_, w) => new Uint8Array([i & 255, i >> 8, w]));
      const raw = modelOf(windows[0]!);
      // every tenth label is wrong
      const best = raw.indexOf(Math.max(...raw));
      return ok({
        name: `f${i}.bin`,
        label: labelled ? (i % 10 === 9 ? (best + 1) % 4 : best) : null,
        windows,
      });
    },
  };
}

export interface World {
  readonly bench: FakeBench;
  readonly store: MemoryStore;
  readonly ports: RunPorts;
  readonly clock: ManualClock;
}

export function world(s: Script, inputs: InputSet, store = new MemoryStore(), withMeter = true): World {
  const clock = new ManualClock();
  const bench = new FakeBench(clock, s, withMeter);
  const ports: RunPorts = {
    bench,
    inputs,
    store,
    clock,
    stopwatch: clock,
    nowIso: () => new Date(clock.nowUs() / 1000).toISOString(),
    expected: { of: async (input) => ok({ raw: modelOf(input), printed: printed(modelOf(input)) }) },
    referenceCheck: () => null,
    prediction: null,
    remarks: [],
  };
  return { bench, store, ports, clock };
}

export function plan(over: Partial<RunPlanInput> = {}): RunPlanInput {
  return {
    mode: 'performance',
    model: { name: 'm', sha256: 'aa'.repeat(32), path: null },
    targetId: 'fake',
    ...over,
  };
}
