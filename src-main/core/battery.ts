import { fail, ok, type Result } from '../base/errors.ts';
import type { Quantity, RunResult, TraceSpanRequest, TraceStatistics } from '../contract/index.ts';
import {
  batteryLife,
  type Activity,
  type Battery,
  type BatteryLife,
  type PlusMinus,
} from '../predict/battery.ts';

/** Two standard errors: 95 % of what noise makes. */
const STANDARD_ERRORS = 2;

export interface BatteryRequest {
  readonly battery: Battery;
  /** Between the activities. */
  readonly sleepUw: PlusMinus;
  /** One inference of a run, each so many seconds. */
  readonly runs: readonly { readonly runId: number; readonly everyS: number }[];
  /** A stretch of a trace, each so many seconds. */
  readonly spans: readonly (TraceSpanRequest & { readonly everyS: number })[];
}

export interface BatteryAnswer extends BatteryLife {
  readonly activities: readonly Activity[];
  /** What the interval leaves out, in plain words. */
  readonly notes: readonly string[];
}

export interface BatterySources {
  result(runId: number): Result<RunResult>;
  readonly trace: { statistics(request: TraceSpanRequest): Result<TraceStatistics> };
}

interface Found {
  readonly activity: Activity;
  readonly notes: readonly string[];
}

/**
 * How long a battery lasts on a duty cycle of measured activities; see `batteryLife`. `predict.no-energy` where a run
 * has none, and what store and trace fail with.
 */
export function batteryOf(request: BatteryRequest, sources: BatterySources): Result<BatteryAnswer> {
  const found: Found[] = [];
  for (const { runId, everyS } of request.runs) {
    const result = sources.result(runId);
    if (!result.ok) return result;
    const one = ofRun(result.value, everyS);
    if (!one.ok) return one;
    found.push(one.value);
  }
  for (const { everyS, ...span } of request.spans) {
    const statistics = sources.trace.statistics(span);
    if (!statistics.ok) return statistics;
    const one = ofSpan(span.trace, statistics.value, everyS);
    if (!one.ok) return one;
    found.push(one.value);
  }
  const activities = found.map((f) => f.activity);
  const life = batteryLife(request.battery, activities, request.sleepUw);
  return life.ok ? ok({ ...life.value, activities, notes: found.flatMap((f) => f.notes) }) : life;
}

function ofRun(run: RunResult, everyS: number): Result<Found> {
  const { energyPerInference: energy, latency } = run;
  if (!energy || !latency)
    return fail(
      'predict.no-energy',
      { run: run.runId, mode: run.plan.mode, status: run.status },
      'This run measured no energy of an inference.',
      'Name a run in energy mode; `microjoule runs` lists them.',
    );
  const name = `run ${run.runId}, one inference`;
  const notes: string[] = [];
  if (energy.source !== 'measured') notes.push(`${name}: its energy is ${energy.source}`);
  if (energy.interval.low === null) notes.push(`${name}: its statistical interval is unknown`);
  if (energy.systematic === null) notes.push(`${name}: the bound of its monitor is unknown`);
  const activity = {
    name,
    energyUj: { value: energy.value, plusMinus: halfWidth(energy) },
    durationUs: latency.value,
    perHour: 3600 / everyS,
  };
  return ok({ activity, notes });
}

/** Interval and systematic part, added: a bound. */
function halfWidth({ value, interval, systematic }: Quantity): number {
  const { low, high } = interval;
  return Math.max(value - (low ?? value), (high ?? value) - value) + (systematic?.plusMinus ?? 0);
}

function ofSpan(trace: string, s: TraceStatistics, everyS: number): Result<Found> {
  if (!s.energy)
    return fail(
      'predict.no-energy',
      { trace, why: s.noEnergy?.id ?? '' },
      'The energy of this stretch is unknown, because its supply voltage or the bounds of its monitor are.',
      'Choose a stretch with one known supply; at an import both can be stated.',
    );
  const { joules, statisticalJ, systematicJ } = s.energy;
  const name = `stretch of ${trace}`;
  const notes: string[] = [];
  if (s.coverage < 1)
    notes.push(`${name}: ${((1 - s.coverage) * 100).toFixed(3)} % of its samples are missing`);
  const plusMinus = (STANDARD_ERRORS * statisticalJ + systematicJ) * 1e6;
  const activity = {
    name,
    energyUj: { value: joules * 1e6, plusMinus },
    durationUs: s.durationS * 1e6,
    perHour: 3600 / everyS,
  };
  return ok({ activity, notes });
}
