import { fail, ok, type Result } from '../base/errors.ts';
import {
  NO_SYSTEMATICS,
  rangeSystematics,
  systematicBoundJ,
  type MonitorAccuracy,
  type SystematicParts,
} from './accuracy.ts';
import type { SupplyRecord } from './format.ts';
import type { Span, Trace } from './trace.ts';
import type { TraceWindow } from './windows.ts';

export interface EnergyOptions {
  readonly accuracy: MonitorAccuracy;
  /** The stretch before the window that counts as idle. Default: 1 s, without its first 50 ms and last 1 ms. */
  readonly idle?: { readonly spanS: number; readonly leadS: number; readonly guardS: number };
}

/** An energy with its two uncertainties apart. J. */
export interface EnergyValue {
  readonly joules: number;
  /** One standard error, from the spread within 64-sample buckets. */
  readonly statisticalJ: number;
  /** A bound: the linear sum of `systematic`. */
  readonly systematicJ: number;
  readonly systematic: SystematicParts;
}

export interface WindowEnergy {
  readonly startS: number;
  readonly durationS: number;
  readonly supply: SupplyRecord;
  readonly meanA: number;
  readonly minA: number;
  readonly maxA: number;
  /** Charge of the samples that are there, C. */
  readonly coveredChargeC: number;
  /** Share of the window's sample periods that are there. */
  readonly coverage: number;
  readonly missingSamples: number;
  /**
   * supply voltage × mean current × duration. Where samples are missing the mean is that of the others and
   * `lossJ` bounds what that may hide.
   */
  readonly gross: EnergyValue;
  /** gross − supply voltage × idle current × duration, or why there is none. */
  readonly net: EnergyValue | null;
  readonly idle: IdleReading | null;
  readonly notes: readonly string[];
}

export interface IdleReading {
  readonly meanA: number;
  readonly durationS: number;
  readonly coverage: number;
  /** (highest − lowest 10 ms mean) / mean: near 0 for a steady idle. */
  readonly spread: number;
}

/** A window of fewer is flagged: a slow monitor and a short window. */
const FEWEST_SAMPLES = 10;
const DEFAULT_IDLE = { spanS: 1, leadS: 0.05, guardS: 0.001 };

/**
 * Energy of one window: E = V·T·Σ I over samples constant in their period, fractional at the ends.
 * `trace.no-supply`, `trace.supply-changed`, `trace.window-empty`, `trace.bad-span`, `trace.damaged`.
 */
export function windowEnergy(
  trace: Trace,
  window: TraceWindow,
  options: EnergyOptions,
): Result<WindowEnergy> {
  const span = trace.span(window.startSample, window.endSample);
  if (!span.ok) return span;
  if (span.value.coveredSamples === 0)
    return fail(
      'trace.window-empty',
      { startSample: window.startSample, endSample: window.endSample },
      'No sample of this window arrived.',
      'Repeat the window.',
    );
  const supply = trace.supply(window.startSample, window.endSample);
  if (!supply.ok) return supply;
  const edgeA = edgeCurrents(trace, window);
  if (!edgeA.ok) return edgeA;
  const scale = supply.value.volts * trace.samplePeriodS;
  const gross = grossEnergy(span.value, window, supply.value, options.accuracy, scale, edgeA.value);
  const notes: string[] = [];
  if (span.value.coveredSamples < FEWEST_SAMPLES)
    notes.push(
      `few-samples: ${span.value.coveredSamples.toFixed(1)}, the edges are a good part of this window`,
    );
  const idleSpan = idleBefore(trace, window, options.idle ?? DEFAULT_IDLE, notes);
  if (!idleSpan.ok) return idleSpan;
  const idle = idleSpan.value ? idleReading(trace, idleSpan.value, notes) : null;
  const net = idleSpan.value
    ? netEnergy(span.value, idleSpan.value, gross, supply.value, options.accuracy, scale)
    : null;
  if (span.value.missingSamples > 0) notes.push(`missing-samples:${Math.round(span.value.missingSamples)}`);
  return ok({
    startS: window.startSample * trace.samplePeriodS,
    durationS: duration(span.value) * trace.samplePeriodS,
    supply: supply.value,
    meanA: span.value.ampereSamples / span.value.coveredSamples,
    minA: span.value.sums.min,
    maxA: span.value.sums.max,
    coveredChargeC: span.value.ampereSamples * trace.samplePeriodS,
    coverage: span.value.coveredSamples / duration(span.value),
    missingSamples: span.value.missingSamples,
    gross,
    net,
    idle,
    notes,
  });
}

function duration(span: Span): number {
  return span.toSample - span.fromSample;
}

/** The larger of the currents on both sides of each edge: what a misplaced edge moves in or out. */
function edgeCurrents(trace: Trace, window: TraceWindow): Result<{ start: number; end: number }> {
  const around = (at: number): Result<number> => {
    const span = trace.span(
      Math.max(0, Math.floor(at) - 1),
      Math.min(trace.lengthSamples, Math.floor(at) + 1),
    );
    if (!span.ok) return span;
    const { min, max, valid } = span.value.sums;
    return ok(valid > 0 ? Math.max(Math.abs(min), Math.abs(max)) : 0);
  };
  const start = around(window.startSample);
  if (!start.ok) return start;
  const end = around(window.endSample);
  if (!end.ok) return end;
  return ok({ start: start.value, end: end.value });
}

function noise(span: Span): number {
  // one degree of freedom is spent on the mean of every 64 samples
  const freedom = span.sums.valid - Math.ceil(span.sums.valid / 64);
  return freedom > 0 ? Math.sqrt(span.sums.within / freedom) : 0;
}

function grossEnergy(
  span: Span,
  window: TraceWindow,
  supply: SupplyRecord,
  accuracy: MonitorAccuracy,
  scale: number,
  edgeA: { start: number; end: number },
): EnergyValue {
  const mean = span.ampereSamples / span.coveredSamples;
  const joules = mean * duration(span) * scale;
  const { min, max } = span.sums;
  const worst = span.sums.valid > 0 ? Math.max(max - mean, mean - min) : 0;
  const systematic: SystematicParts = {
    ...rangeSystematics(
      accuracy,
      { samples: span.sums.rangeSamples, ampereSamples: span.sums.rangeSum },
      scale,
    ),
    filterJ: Math.abs(span.sums.shift) * scale,
    edgesJ: (edgeA.start * window.startUncertainSamples + edgeA.end * window.endUncertainSamples) * scale,
    lossJ: span.missingSamples * worst * scale,
    clockJ: Math.abs(joules) * accuracy.clockRel,
    supplyJ: (Math.abs(joules) * supply.uncertaintyV) / supply.volts,
  };
  const statisticalJ = (noise(span) * duration(span) * scale) / Math.sqrt(Math.max(1, span.sums.valid));
  return { joules, statisticalJ, systematicJ: systematicBoundJ(systematic), systematic };
}

function netEnergy(
  span: Span,
  idle: Span,
  gross: EnergyValue,
  supply: SupplyRecord,
  accuracy: MonitorAccuracy,
  scale: number,
): EnergyValue {
  const periods = duration(span);
  const idleA = idle.ampereSamples / idle.coveredSamples;
  const joules = gross.joules - idleA * periods * scale;
  // A gain or offset error is the same in the window and in idle as far as both lie in one range: it cancels there.
  const weight = periods / idle.coveredSamples;
  const differences = {
    samples: span.sums.rangeSamples.map((n, r) => n - idle.sums.rangeSamples[r]! * weight),
    ampereSamples: span.sums.rangeSum.map((q, r) => q - idle.sums.rangeSum[r]! * weight),
  };
  const ranges = rangeSystematics(accuracy, differences, scale);
  const idleStep = rangeSystematics(
    accuracy,
    { samples: idle.sums.rangeSamples, ampereSamples: idle.sums.rangeSum },
    scale * weight,
  );
  const idleLoss =
    idle.missingSamples > 0 ? (idle.sums.max - idle.sums.min) * (idle.missingSamples / duration(idle)) : 0;
  const systematic: SystematicParts = {
    ...NO_SYSTEMATICS,
    ...ranges,
    quantisationJ: gross.systematic.quantisationJ + idleStep.quantisationJ,
    filterJ: gross.systematic.filterJ + Math.abs(idle.sums.shift) * weight * scale,
    edgesJ: gross.systematic.edgesJ,
    lossJ: gross.systematic.lossJ + idleLoss * periods * scale,
    clockJ: Math.abs(joules) * accuracy.clockRel,
    supplyJ: (Math.abs(joules) * supply.uncertaintyV) / supply.volts,
  };
  const idleErrorJ = (noise(idle) / Math.sqrt(Math.max(1, idle.sums.valid))) * periods * scale;
  return {
    joules,
    statisticalJ: Math.hypot(gross.statisticalJ, idleErrorJ),
    systematicJ: systematicBoundJ(systematic),
    systematic,
  };
}

function idleBefore(
  trace: Trace,
  window: TraceWindow,
  idle: { spanS: number; leadS: number; guardS: number },
  notes: string[],
): Result<Span | null> {
  const rate = trace.header.sampleRateHz;
  const start = Math.floor(window.startSample);
  const from = start - Math.round(idle.spanS * rate);
  if (from < 0) {
    notes.push('idle-too-short: the trace begins less than the idle span before the window');
    return ok(null);
  }
  const earlier = trace.edges(0, from, start);
  if (!earlier.ok) return earlier;
  if (earlier.value.length > 0) {
    notes.push('idle-too-short: another window lies in the idle span');
    return ok(null);
  }
  const span = trace.span(from + Math.round(idle.leadS * rate), start - Math.round(idle.guardS * rate));
  if (!span.ok) return span;
  if (span.value.coveredSamples === 0) {
    notes.push('idle-missing: no sample of the idle span arrived');
    return ok(null);
  }
  return ok(span.value);
}

function idleReading(trace: Trace, span: Span, notes: string[]): IdleReading {
  const meanA = span.ampereSamples / span.coveredSamples;
  const step = Math.max(1, Math.round(trace.header.sampleRateHz / 100));
  let low = Infinity;
  let high = -Infinity;
  for (let at = span.fromSample; at + step <= span.toSample; at += step) {
    const piece = trace.span(at, at + step);
    if (!piece.ok || piece.value.coveredSamples === 0) continue;
    const m = piece.value.ampereSamples / piece.value.coveredSamples;
    low = Math.min(low, m);
    high = Math.max(high, m);
  }
  const spread = high >= low && meanA !== 0 ? (high - low) / Math.abs(meanA) : 0;
  if (spread > 0.1) notes.push(`idle-not-steady: 10 ms means spread by ${(spread * 100).toFixed(0)} %`);
  return {
    meanA,
    durationS: duration(span) * trace.samplePeriodS,
    coverage: span.coveredSamples / duration(span),
    spread,
  };
}
