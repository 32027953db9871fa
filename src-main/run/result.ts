import { median, tInterval } from '../base/statistics.ts';
import { EXCLUDED_BY_HAND } from '../contract/window.ts';
import type {
  Accuracy,
  Derivation,
  Interval,
  Quantity,
  RunResult,
  RunStatus,
  Systematic,
  SystematicPart,
  Unit,
  WindowEnergy,
  WindowResult,
} from '../contract/index.ts';
import { comparison, score } from './accuracy.ts';
import type { StoredRun } from './ports.ts';
import { clockRelation } from './clock-relation.ts';
import { meanLayers } from './layer-energies.ts';
import { powerNotes } from './power-notes.ts';
import { benchmarkRules, validity, windowsText } from './rules.ts';
import { UNKNOWN } from './state.ts';
import { stopNote } from './stop-rule.ts';

/** The result of a run, finished or not, from what was stored of it. Pure: the same windows give the same result. */
export function composeResult(run: StoredRun, status: RunStatus = run.status): RunResult {
  const done = run.windows.filter((w) => w.status === 'finished' && w.durationUs !== null);
  const accuracy = composeAccuracy(run);
  return {
    runId: run.runId,
    status,
    plan: run.plan,
    source: run.source,
    targetName: run.targetName,
    identity: run.identity,
    monitor: run.monitor,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    windows: [...run.windows].sort((a, b) => a.index - b.index || a.attempt - b.attempt),
    latency: latency(run, done),
    throughput: throughput(run, done),
    ...energies(run, done),
    clockRelation: clockRelation(done),
    layerEnergies: meanLayers(done),
    accuracy,
    items: [...run.items],
    comparison: comparison(run.windows, run.items),
    referenceCheck: run.referenceCheck,
    profile: run.profile,
    prediction: run.prediction,
    traces: [...run.traces],
    validity: validity({
      plan: run.plan,
      windows: run.windows,
      itemsDone: run.items.length,
      itemsInSet: run.inputCount,
      inputsAreRandom: run.inputKind === 'random',
      score: accuracy?.score?.value ?? null,
    }),
    notes: notes(run),
    failure: run.failure,
  };
}

function notes(run: StoredRun): string[] {
  const out: string[] = [...run.remarks];
  if (run.source === 'emulated') out.push('Emulated: no silicon was measured.');
  if (run.identity?.boardSerial === UNKNOWN)
    out.push("The board's serial number is not known: nothing tells it from another of its kind.");
  if (run.inputKind === 'random') out.push(`Inputs were random bytes (seed ${run.plan.seed}).`);
  const leftOut = run.windows.filter((w) => w.exclusion?.id === EXCLUDED_BY_HAND).length;
  if (leftOut > 0) out.push(`${windowsText(leftOut)} left out by hand; the reasons are with the windows.`);
  const excluded = run.windows.filter((w) => w.status === 'excluded').length - leftOut;
  if (excluded > 0)
    out.push(
      `${excluded} voided window${excluded === 1 ? '' : 's'} excluded; the reasons are with the windows.`,
    );
  const stopped = stopNote(run.plan, run.windows);
  if (stopped) out.push(stopped);
  const lost = run.windows.reduce(
    (n, w) => n + (w.status === 'finished' ? (w.energy?.lostSamples ?? 0) : 0),
    0,
  );
  if (lost > 0) out.push(`${lost} monitor samples were lost; the energy bound includes them.`);
  const finished = run.windows.filter((w) => w.status === 'finished');
  out.push(...powerNotes(finished));
  const clock = clockRelation(finished);
  if (clock)
    out.push(
      `The monitor's clock against the device's: ${clock.ratePpm.toFixed(1)} ± ${clock.ratePlusMinusPpm.toFixed(1)} ppm ` +
        `over ${clock.windows} window${clock.windows === 1 ? '' : 's'}.`,
    );
  return out;
}

function derivation(run: StoredRun, windows: readonly WindowResult[], formula: string): Derivation {
  const { monitor } = run;
  const traceIds = [...new Set(windows.flatMap((w) => (w.energy ? [w.energy.traceId] : [])))];
  return {
    formula,
    runId: run.runId,
    windows: windows.map((w) => w.index),
    firmwareHash: run.identity?.firmwareHash ?? null,
    programHash: run.identity?.programHash ?? null,
    modelSha256: run.plan.model.sha256,
    monitor:
      monitor && traceIds.length > 0
        ? { kind: monitor.kind, serial: monitor.serial, calibration: monitor.calibration }
        : null,
    traceIds,
    assumptions: [...run.assumptions],
  };
}

function interval(values: readonly number[]): Interval {
  const t = tInterval(values);
  if (t.method === 'single') return { method: 'none', confidence: null, low: null, high: null };
  if (t.method === 'deterministic')
    return { method: 'deterministic', confidence: null, low: t.low, high: t.high };
  return { method: 't', confidence: 0.95, low: t.low, high: t.high };
}

/** 95 % of a normal distribution, in standard errors. */
const Z95 = 1.96;

/** Of one window only: what the noise of its samples tells, where it was recorded. */
function sampleInterval(value: number, standardError: number | null): Interval {
  if (standardError === null) return interval([value]);
  return {
    method: 'samples',
    confidence: 0.95,
    low: value - Z95 * standardError,
    high: value + Z95 * standardError,
  };
}

/** `standardError`: of one window's value from within the window, in the quantity's unit. */
function quantity(
  run: StoredRun,
  windows: readonly WindowResult[],
  of: (w: WindowResult) => number,
  unit: Unit,
  formula: string,
  systematic: Systematic | null,
  standardError: (w: WindowResult) => number | null = () => null,
): Quantity | null {
  if (windows.length === 0) return null;
  const values = windows.map(of);
  return {
    value: median(values),
    unit,
    source: run.source,
    n: values.length,
    interval: values.length === 1 ? sampleInterval(values[0]!, standardError(windows[0]!)) : interval(values),
    systematic,
    derivedFrom: derivation(
      run,
      windows,
      `${formula}; median of the windows, Student's t interval on the window means`,
    ),
  };
}

const latencyUsOf = (w: WindowResult) => w.durationUs! / w.inferences;

function latency(run: StoredRun, done: readonly WindowResult[]): Quantity | null {
  return quantity(
    run,
    done,
    latencyUsOf,
    'us',
    timeFormula(run),
    timeSystematic(run, done, (us, w) => us / w.inferences),
  );
}

function throughput(run: StoredRun, done: readonly WindowResult[]): Quantity | null {
  const perSecond = (w: WindowResult) => (w.inferences * 1e6) / w.durationUs!;
  // dR = R · dt / t
  const systematic = timeSystematic(run, done, (us, w) => (perSecond(w) * us) / w.durationUs!);
  return quantity(run, done, perSecond, 'inf/s', `1 / (${timeFormula(run)})`, systematic);
}

function timeFormula(run: StoredRun): string {
  return run.plan.mode === 'energy'
    ? 'time between the sync edges on the monitor / N'
    : "(B − A) / N by the DUT's timer";
}

/** What the time base adds; `scale` carries µs of a window into the quantity's unit. */
function timeSystematic(
  run: StoredRun,
  done: readonly WindowResult[],
  scale: (us: number, w: WindowResult) => number,
): Systematic | null {
  if (done.length === 0) return null;
  const sampleUs = run.monitor ? 1e6 / run.monitor.sampleRateHz : 0;
  const energy = run.plan.mode === 'energy';
  const parts: SystematicPart[] = [
    energy
      ? {
          cause: 'sample period',
          plusMinus: Math.max(...done.map((w) => scale(sampleUs, w))),
          basis: 'one sample at the window ends together',
        }
      : {
          cause: 'timer resolution',
          plusMinus: Math.max(...done.map((w) => scale(1, w))),
          basis: '1 µs between two readings',
        },
  ];
  if (energy) parts.push(...monitorClock(done, scale));
  const ppm = energy ? null : run.clockPlusMinusPpm;
  if (ppm !== null)
    parts.push({
      cause: 'crystal',
      plusMinus: Math.max(...done.map((w) => scale(w.durationUs! * ppm * 1e-6, w))),
      basis: `± ${ppm} ppm of the board's crystal`,
    });
  return sum(parts);
}

function monitorClock(
  done: readonly WindowResult[],
  scale: (us: number, w: WindowResult) => number,
): SystematicPart[] {
  const rel = Math.max(...done.map((w) => w.energy?.clockRel ?? 0));
  if (rel === 0) return [];
  const plusMinus = Math.max(...done.map((w) => scale(w.durationUs! * (w.energy?.clockRel ?? 0), w)));
  return [
    {
      cause: 'monitor clock',
      plusMinus,
      basis: `± ${Number((rel * 1e6).toPrecision(3))} ppm of the monitor's clock`,
    },
  ];
}

/** A bound: the causes may well be correlated, so their half-widths are added. */
function sum(parts: readonly SystematicPart[]): Systematic {
  return { combined: 'linear', plusMinus: parts.reduce((s, p) => s + p.plusMinus, 0), parts: [...parts] };
}

function energies(
  run: StoredRun,
  done: readonly WindowResult[],
): Pick<RunResult, 'energyPerInference' | 'netEnergyPerInference' | 'meanPower'> {
  const measured = done.filter((w) => w.energy !== null);
  const perInference = (uj: number, w: WindowResult) => uj / w.inferences;
  // µJ/µs = W
  const mw = (uj: number, w: WindowResult) => (uj / w.energy!.durationUs) * 1000;
  const gross = (e: WindowEnergy) => e.systematic;
  const statistical = (w: WindowResult) => w.energy!.statisticalUj;
  return {
    energyPerInference: quantity(
      run,
      measured,
      (w) => perInference(w.energy!.energyUj, w),
      'uJ/inf',
      'V · Σ i·Δt between the sync edges / N, gross',
      energySystematic(measured, gross, perInference),
      (w) => scaled(statistical(w), w, perInference),
    ),
    netEnergyPerInference: netEnergy(run, measured, perInference),
    meanPower: quantity(
      run,
      measured,
      (w) => mw(w.energy!.energyUj, w),
      'mW',
      'V · Σ i·Δt / t',
      energySystematic(measured, gross, mw),
      (w) => scaled(statistical(w), w, mw),
    ),
  };
}

type EnergyScale = (uj: number, w: WindowResult) => number;

function scaled(uj: number | null, w: WindowResult, scale: EnergyScale): number | null {
  return uj === null ? null : scale(uj, w);
}

/** Its own bound: a gain or offset error that window and idle share has cancelled, the idle's own step has come in. */
function netEnergy(run: StoredRun, measured: readonly WindowResult[], scale: EnergyScale): Quantity | null {
  if (measured.some((w) => w.energy!.netUj === null)) return null;
  return quantity(
    run,
    measured,
    (w) => scale(w.energy!.netUj!, w),
    'uJ/inf',
    '(V · Σ i·Δt − V · idle current · t) / N',
    energySystematic(measured, (e) => e.netSystematic ?? [], scale),
    (w) => scaled(w.energy!.netStatisticalUj, w, scale),
  );
}

/** The same monitor and the same errors in every window: the largest of the windows, cause by cause. */
function energySystematic(
  windows: readonly WindowResult[],
  partsOf: (e: WindowEnergy) => readonly SystematicPart[],
  scale: EnergyScale,
): Systematic | null {
  const largest = new Map<string, SystematicPart>();
  for (const w of windows)
    for (const part of partsOf(w.energy!)) {
      const here = { ...part, plusMinus: scale(part.plusMinus, w) };
      const before = largest.get(part.cause);
      if (!before || before.plusMinus < here.plusMinus) largest.set(part.cause, here);
    }
  return largest.size === 0 ? null : sum([...largest.values()]);
}

function composeAccuracy(run: StoredRun): Accuracy | null {
  if (run.plan.mode !== 'accuracy' || run.items.length === 0) return null;
  const s = score(run.items, run.plan.scoring);
  const threshold = run.plan.benchmark === null ? null : benchmarkRules(run.plan.benchmark).threshold;
  const formula =
    run.plan.scoring === 'auc'
      ? 'area under the ROC curve, mid-ranks for ties'
      : 'items whose largest score is their class / items';
  return {
    scoring: run.plan.scoring,
    score:
      s.value === null
        ? null
        : {
            value: s.value,
            unit: run.plan.scoring === 'auc' ? 'AUC' : 'fraction',
            source: run.source,
            n: run.items.length,
            interval: s.interval,
            systematic: null,
            derivedFrom: derivation(run, [], formula),
          },
    items: run.items.length,
    correct: s.correct,
    threshold,
    meetsThreshold: threshold === null || s.value === null ? null : s.value >= threshold,
  };
}
