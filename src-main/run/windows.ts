import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { OutputCheck, WindowEnergy, WindowResult } from '../contract/index.ts';
import { checkOutput } from './accuracy.ts';
import { failed, orAborted, type RunContext } from './context.ts';
import { Eta } from './eta.ts';
import { failureKind, toDto } from './failures.ts';
import { inputOf, type WindowInput } from './inputs.ts';
import type { Device, InferReply } from './ports.ts';
import { windowsText } from './rules.ts';
import { retuned } from './tuning.ts';

/** Measures the windows that are not there yet. Each is stored before the next begins. */
export async function measureWindows(run: RunContext, device: Device): Promise<Failure | null> {
  const { state } = run;
  const total = state.total();
  const eta = new Eta(run.ports.stopwatch, run.ports.clock.kind === 'wall' ? state.plan.windowS : null);
  for (let index = state.nextWindow(); index !== null; index = state.nextWindow()) {
    const done = state.windows.filter((w) => w.status === 'finished').length;
    run.emit({
      type: 'progress',
      phase: 'measuring',
      done,
      total,
      etaS: eta.leftS(total - done),
      text: `window ${index + 1}/${total}`,
    });
    const failure = await measureWindow(run, device, index);
    if (failure) return failure;
    eta.stepDone();
    state.gained();
  }
  const done = state.windows.filter((w) => w.status === 'finished').length;
  run.emit({ type: 'progress', phase: 'measuring', done, total: done, etaS: 0, text: windowsText(done) });
  return null;
}

/** One window, repeated while it is void, up to the plan's limit. */
async function measureWindow(run: RunContext, device: Device, index: number): Promise<Failure | null> {
  for (;;) {
    const input = inputOf(run.ports.inputs, index);
    if (!input.ok) return input;
    const attempt = new Attempt(run, index, input.value);
    const seen = await attempt.measure(device);
    if (!seen) return null;
    const failure = underlying(run, seen);
    const kind = failureKind(failure);
    if (kind === 'fatal' && failure.id !== SHORT) return failure;
    const kept = attempt.exclude(failure);
    if (kept) return kept;
    if (kind === 'lost' || kind === 'aborted') return failure;
    if (!state(run).mayRepeat(index)) return tooMany(run, index, failure);
    if (failure.id === SHORT) continue;
    const recovered = await orAborted(device.recover(run.step()), run.signal);
    if (!recovered.ok) return underlying(run, recovered);
  }
}

/** A monitor that goes takes the board's supply with it: then the board's silence is the wrong diagnosis. */
function underlying(run: RunContext, seen: Failure): Failure {
  return run.ports.bench.meter?.lost?.() ?? seen;
}

const SHORT = 'run.window-short';

function state(run: RunContext) {
  return run.state;
}

function tooMany(run: RunContext, index: number, last: Failure): Failure {
  return fail(
    'run.too-many-repeats',
    { window: index + 1, repeats: run.state.plan.maxRepeats, last: last.id },
    last.cause || 'The same window was voided again and again.',
    last.next || 'Check the wiring and the supply, then resume the run.',
  );
}

class Attempt {
  readonly #run: RunContext;
  readonly #index: number;
  readonly #input: WindowInput;
  readonly #startedAt: string;
  readonly #inferences: number;
  readonly #warmUp: number;
  #durationUs: number | null = null;
  #energy: WindowEnergy | null = null;

  constructor(run: RunContext, index: number, input: WindowInput) {
    this.#run = run;
    this.#index = index;
    this.#input = input;
    this.#startedAt = run.ports.nowIso();
    this.#inferences = run.state.inferences!;
    this.#warmUp = run.state.plan.mode === 'energy' ? 0 : run.state.plan.warmUp;
  }

  async measure(device: Device): Promise<Failure | null> {
    const { signal } = this.#run;
    const loaded = await orAborted(device.load(this.#input.bytes, this.#run.step()), signal);
    if (!loaded.ok) return loaded;
    const reply =
      this.#run.state.plan.mode === 'energy'
        ? await this.#energyWindow(device)
        : await this.#timedWindow(device);
    if (!reply.ok) return reply;
    const short = this.#tooShort();
    if (short) return short;
    const check = await compareOutputs(this.#run, device, this.#input.bytes, reply.value);
    if (!check.ok) return check;
    return this.#save('finished', null, check.value.check);
  }

  exclude(reason: Failure): Failure | null {
    return this.#save('excluded', reason, 'not-compared');
  }

  async #timedWindow(device: Device): Promise<Result<InferReply>> {
    const reply = await orAborted(
      device.infer(this.#inferences, this.#warmUp, this.#run.step()),
      this.#run.signal,
    );
    if (!reply.ok) return reply;
    if (reply.value.durationUs === null && this.#run.ports.bench.target.unit !== 'instructions')
      return fail(
        'device.no-lap',
        { inferences: this.#inferences },
        'The DUT printed no m-lap-us lines.',
        'Use the performance image.',
      );
    this.#durationUs = reply.value.durationUs;
    return reply;
  }

  async #energyWindow(device: Device): Promise<Result<InferReply>> {
    const run = this.#run;
    const meter = run.ports.bench.meter!;
    const opened = await orAborted(meter.openWindow(this.#inferences, run.step()), run.signal);
    if (!opened.ok) return opened;
    // a monitor that goes takes the board's supply with it: the board's silence would be the wrong diagnosis
    const inferred = Promise.race([device.infer(this.#inferences, 0, run.step()), opened.value.ended]);
    const reply = await orAborted<InferReply>(inferred, run.signal);
    if (!reply.ok) return (await opened.value.abandon()) ?? reply;
    const energy = await orAborted(opened.value.finish(run.step()), run.signal);
    if (!energy.ok) return energy;
    this.#energy = { ...energy.value, dut: reply.value.dutWindow ?? null };
    this.#durationUs = energy.value.durationUs;
    return clocksDisagree(this.#energy) ?? reply;
  }

  /** Only where we chose N ourselves: a plan that fixes N gets what it asked for, and an honest verdict. */
  #tooShort(): Failure | null {
    const { plan } = this.#run.state;
    const windowUs = plan.windowS * 1e6;
    if (plan.inferences !== null || this.#durationUs === null || this.#durationUs >= windowUs) return null;
    const next = retuned(this.#inferences, this.#durationUs, windowUs);
    this.#run.state.inferences = next;
    const saved = this.#run.ports.store.saveTuning(this.#run.state.runId, next);
    if (!saved.ok) return saved;
    return fail(
      SHORT,
      {
        durationUs: this.#durationUs,
        wantedUs: windowUs,
        inferences: this.#inferences,
        nextInferences: next,
      },
      'The device was faster than in tuning.',
      'The window is repeated with more inferences.',
    );
  }

  #save(status: 'finished' | 'excluded', reason: Failure | null, outputCheck: OutputCheck): Failure | null {
    const { state: s, ports } = this.#run;
    const window: WindowResult = {
      index: this.#index,
      attempt: s.attempt(this.#index),
      status,
      exclusion: reason ? toDto(reason) : null,
      inputName: this.#input.name,
      inputSha256: this.#input.sha256,
      inferences: this.#inferences,
      warmUp: this.#warmUp,
      durationUs: this.#durationUs,
      energy: this.#energy,
      outputCheck,
      startedAt: this.#startedAt,
    };
    const trace = saveTraceOf(this.#run, window);
    if (trace) return trace;
    const saved = ports.store.saveWindow(s.runId, window);
    if (!saved.ok) return saved;
    s.windows.push(window);
    this.#run.emit({ type: 'window', window });
    return null;
  }
}

/** Crystals of board and monitor differ by less. */
const CLOCKS_REL = 500e-6;
/** An edge lies within a sample period, and within a µs of the board's timer. */
const TIMER_US = 1;

/**
 * The same window on two clocks. Where the monitor's is shorter, samples were lost that nothing counted: the energy would
 * be too small by their share, without a sign of it.
 */
function clocksDisagree(energy: WindowEnergy): Failure | null {
  if (!energy.dut) return null;
  const periodUs = energy.durationUs / Math.max(1, energy.sampleCount + energy.lostSamples);
  const allowedUs = CLOCKS_REL * energy.durationUs + 2 * (periodUs + TIMER_US);
  const differenceUs = energy.durationUs - energy.dut.durationUs;
  if (Math.abs(differenceUs) <= allowedUs) return null;
  return fail(
    'monitor.window-length',
    {
      monitorUs: Math.round(energy.durationUs),
      dutUs: energy.dut.durationUs,
      allowedUs: Math.round(allowedUs),
    },
    differenceUs < 0
      ? 'The window is shorter in the trace than by the board’s own timer: the monitor lost samples without a sign.'
      : 'The window is longer in the trace than by the board’s own timer.',
    'Plug the monitor straight into the computer and close programs that load it; the window is repeated.',
  );
}

/** A window refers to its trace, so the trace's row comes first. */
function saveTraceOf(run: RunContext, window: WindowResult): Failure | null {
  const traceId = window.energy?.traceId;
  if (traceId === undefined) return null;
  const trace = run.ports.bench.meter!.traces().find((t) => t.id === traceId);
  if (!trace)
    return fail(
      'run.no-trace',
      { traceId },
      'The monitor names a trace it does not list.',
      'Report this as a bug.',
    );
  run.state.setTrace(trace);
  return failed(run.ports.store.saveTrace(run.state.runId, trace));
}

/** Bit for bit where `mj out` exists, else within print precision. */
export async function compareOutputs(
  run: RunContext,
  device: Device,
  input: Uint8Array,
  reply: InferReply,
): Promise<
  Result<{ readonly check: OutputCheck; readonly raw: Uint8Array | null; readonly expected: Uint8Array }>
> {
  const expected = await run.ports.expected.of(input);
  if (!expected.ok) return expected;
  let raw: Uint8Array | null = null;
  if (run.state.identity!.hasMj) {
    const got = await orAborted(device.rawOutputs(run.step()), run.signal);
    if (!got.ok) return got;
    raw = got.value;
  }
  const check = checkOutput({ raw, scores: reply.scores, printStep: reply.printStep }, expected.value);
  return ok({ check, raw, expected: expected.value.raw });
}
