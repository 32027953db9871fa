import { fail, ok, type Result } from '../base/errors.ts';
import type { LossCheck, MonitorCheck, ResistorCheck, VoltageCheck, ZeroCheck } from '../contract/index.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { calibrationWord } from './checked-accuracy.ts';
import { newTraceHeader } from '../trace/format.ts';
import { MemoryTraceStore } from '../trace/memory-store.ts';
import { recordTrace } from '../trace/recording.ts';
import type { Span, Trace } from '../trace/trace.ts';

export interface KnownResistor {
  readonly ohm: number;
  readonly toleranceRel: number;
}

export interface CheckPlan {
  readonly supplyMv: number;
  /** Seconds of each reading; 0 leaves the zero out. */
  readonly zeroS: number;
  readonly readS: number;
  readonly resistors: readonly KnownResistor[];
  /** Tolerance of the voltmeter; null leaves the voltage out. */
  readonly voltmeterRel: number | null;
  /** 0 leaves it out. */
  readonly lossS: number;
  readonly temperatureC: number | null;
  readonly wiring: string | null;
}

/** What the check asks of a person, or of a script in their place. */
export interface CheckHands {
  /** Resolves when it was done; a failure ends the check. */
  connect(
    what: { readonly kind: 'nothing' } | { readonly kind: 'resistor'; readonly ohm: number },
  ): Promise<Result<void>>;
  /** The voltage at the output in V. */
  voltage(): Promise<Result<number>>;
  said(line: string): void;
}

/** The output settles after something was connected. */
const SETTLE_US = 500_000;
/** What a reading leaves out at its beginning. */
const SKIP_S = 0.1;

/**
 * Checks one monitor against what is known: zero, known resistors, voltage, loss. Nothing is stored here.
 * `monitor.*` of the monitor, `monitor.no-reading`, `monitor.check-not-zero`, `monitor.check-wrong-resistor`.
 */
export async function checkMonitor(
  monitor: Monitor,
  plan: CheckPlan,
  hands: CheckHands,
  nowIso: () => string,
): Promise<Result<MonitorCheck>> {
  const powered = await supply(monitor, plan.supplyMv);
  if (!powered.ok) return powered;
  const voltage = await checkVoltage(plan, hands);
  if (!voltage.ok) return voltage;
  const zero = await checkZero(monitor, plan, hands);
  if (!zero.ok) return zero;
  const resistors: ResistorCheck[] = [];
  for (const resistor of plan.resistors) {
    const checked = await checkResistor(monitor, plan, hands, resistor, {
      voltage: voltage.value,
      zero: zero.value,
    });
    if (!checked.ok) return checked;
    resistors.push(checked.value);
  }
  const loss = await checkLoss(monitor, plan.lossS, hands);
  if (!loss.ok) return loss;
  const { kind, serial } = monitor.identity;
  return ok({
    kind,
    serial: serial ?? 'unknown',
    calibration: calibrationWord(monitor),
    checkedAt: nowIso(),
    zero: zero.value,
    resistors,
    voltage: voltage.value,
    loss: loss.value,
    temperatureC: plan.temperatureC,
    wiring: plan.wiring,
  });
}

/** A monitor that supplies nothing measures what is there. */
async function supply(monitor: Monitor, millivolts: number): Promise<Result<void>> {
  if (monitor.descriptor.source === null) return monitor.setSupply({ mode: 'ampere', millivolts });
  const set = await monitor.setSupply({ mode: 'source', millivolts });
  return set.ok ? monitor.setDutPower(true) : set;
}

async function checkVoltage(plan: CheckPlan, hands: CheckHands): Promise<Result<VoltageCheck | null>> {
  if (plan.voltmeterRel === null) return ok(null);
  const volts = await hands.voltage();
  if (!volts.ok) return volts;
  const measuredMv = volts.value * 1000;
  if (!(measuredMv > 0.5 * plan.supplyMv && measuredMv < 1.5 * plan.supplyMv))
    return fail(
      'monitor.check-voltage',
      { setMv: plan.supplyMv, measuredMv },
      'This voltage is far from the set point: the voltmeter is elsewhere, or the output is off.',
      'Measure at the output of the monitor, in volts.',
    );
  return ok({ setMv: plan.supplyMv, measuredMv, toleranceRel: plan.voltmeterRel });
}

async function checkZero(
  monitor: Monitor,
  plan: CheckPlan,
  hands: CheckHands,
): Promise<Result<ZeroCheck | null>> {
  if (plan.zeroS <= 0) return ok(null);
  const done = await hands.connect({ kind: 'nothing' });
  if (!done.ok) return done;
  const reading = await read(monitor, plan.zeroS);
  if (!reading.ok) return reading;
  const { meanA, noiseA, samples, range, maxA } = reading.value;
  const limitA = 0.001 * (monitor.descriptor.fullScaleA ?? 1);
  if (Math.abs(meanA) > limitA)
    return fail(
      'monitor.check-not-zero',
      { meanA, maxA, limitA },
      'A current flows although nothing should be connected.',
      'Take everything off the output, the board and the voltmeter too.',
    );
  hands.said(`zero ${ampere(meanA)}, noise ${ampere(noiseA)}`);
  return ok({ meanA, noiseA, samples, range });
}

async function checkResistor(
  monitor: Monitor,
  plan: CheckPlan,
  hands: CheckHands,
  { ohm, toleranceRel }: KnownResistor,
  { voltage, zero }: { readonly voltage: VoltageCheck | null; readonly zero: ZeroCheck | null },
): Promise<Result<ResistorCheck>> {
  const done = await hands.connect({ kind: 'resistor', ohm });
  if (!done.ok) return done;
  const reading = await read(monitor, plan.readS);
  if (!reading.ok) return reading;
  const { volts, voltageRel } = voltageOf(plan, voltage, reading.value.trace);
  const expectedA = volts / ohm;
  const measuredA = reading.value.meanA - (zero?.meanA ?? 0);
  const gainErrorRel = measuredA / expectedA - 1;
  if (Math.abs(gainErrorRel) > 0.5)
    return fail(
      'monitor.check-wrong-resistor',
      { ohm, expectedA, measuredA },
      'The current does not fit this resistor.',
      'Check its value and that nothing else is connected.',
    );
  const noiseRel = (2 * reading.value.noiseA) / Math.sqrt(reading.value.samples) / expectedA;
  const boundRel = Math.abs(gainErrorRel) + toleranceRel + voltageRel + noiseRel;
  hands.said(`${ohm} Ω: ${ampere(measuredA)} for ${ampere(expectedA)}, gain error ${percent(gainErrorRel)}`);
  return ok({ ohm, toleranceRel, expectedA, measuredA, gainErrorRel, boundRel, range: reading.value.range });
}

/** The voltmeter's where it was read, else what the monitor says of its own. */
function voltageOf(
  plan: CheckPlan,
  voltage: VoltageCheck | null,
  trace: Trace,
): { readonly volts: number; readonly voltageRel: number } {
  if (voltage) return { volts: voltage.measuredMv / 1000, voltageRel: voltage.toleranceRel };
  const own = trace.supply(0, trace.lengthSamples);
  if (!own.ok) return { volts: plan.supplyMv / 1000, voltageRel: 0.02 };
  return { volts: own.value.volts, voltageRel: own.value.uncertaintyV / own.value.volts };
}

async function checkLoss(
  monitor: Monitor,
  seconds: number,
  hands: CheckHands,
): Promise<Result<LossCheck | null>> {
  if (seconds <= 0) return ok(null);
  const recorded = await record(monitor, seconds);
  if (!recorded.ok) return recorded;
  const { trace, missing } = recorded.value;
  const marks = trace.marks();
  if (!marks.ok) return marks;
  hands.said(`${missing} of ${trace.lengthSamples} samples lost in ${seconds} s`);
  return ok({
    seconds,
    samples: trace.lengthSamples,
    missing,
    marks: [...new Set(marks.value.map((m) => m.kind))],
  });
}

interface Reading {
  readonly trace: Trace;
  readonly meanA: number;
  readonly maxA: number;
  readonly noiseA: number;
  readonly samples: number;
  /** The range most samples were in. */
  readonly range: number;
}

async function read(monitor: Monitor, seconds: number): Promise<Result<Reading>> {
  const { clock } = monitor;
  await clock.sleepUntilUs(clock.nowUs() + SETTLE_US);
  const recorded = await record(monitor, seconds + SKIP_S);
  if (!recorded.ok) return recorded;
  const { trace } = recorded.value;
  const skip = Math.min(Math.floor(trace.lengthSamples / 2), Math.ceil(SKIP_S * trace.header.sampleRateHz));
  const span = trace.span(skip, trace.lengthSamples);
  if (!span.ok) return noReading(monitor, 0);
  const { sums, ampereSamples, coveredSamples } = span.value;
  if (sums.valid < 2) return noReading(monitor, sums.valid);
  return ok({
    trace,
    meanA: ampereSamples / coveredSamples,
    maxA: sums.max,
    noiseA: noiseOf(span.value),
    samples: sums.valid,
    range: sums.rangeSamples.indexOf(Math.max(...sums.rangeSamples)),
  });
}

function noReading(monitor: Monitor, samples: number): Result<never> {
  return fail(
    'monitor.no-reading',
    { monitor: monitor.descriptor.name, samples },
    'The monitor gave too few samples in this time.',
    'Read for longer, or check its connection.',
  );
}

/** Standard deviation of the samples about their mean. */
function noiseOf({ sums }: Span): number {
  return Math.sqrt(Math.max(0, sums.m2) / (sums.valid - 1));
}

async function record(
  monitor: Monitor,
  seconds: number,
): Promise<Result<{ readonly trace: Trace; readonly missing: number }>> {
  const header = newTraceHeader(monitor.streamFormat, {
    traceId: 'check',
    title: 'check',
    source: 'measured',
  });
  const recording = recordTrace(monitor, new MemoryTraceStore(header), monitor.descriptor.codec);
  const { clock } = monitor;
  const over = new AbortController();
  void recording.ended.then(() => over.abort());
  await clock.sleepUntilUs(clock.nowUs() + seconds * 1e6, over.signal);
  const end = await recording.stop();
  return end.failure ?? ok({ trace: recording.trace, missing: end.missingSamples });
}

function ampere(a: number): string {
  const size = Math.abs(a);
  if (size < 1e-3) return `${(a * 1e6).toPrecision(4)} µA`;
  return size < 1 ? `${(a * 1e3).toPrecision(5)} mA` : `${a.toPrecision(5)} A`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(3)} %`;
}
