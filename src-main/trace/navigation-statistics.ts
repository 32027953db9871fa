import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import {
  NO_SYSTEMATICS,
  rangeSystematics,
  systematicBoundJ,
  type MonitorAccuracy,
  type SystematicParts,
} from './accuracy.ts';
import type { EnergyValue } from './energy.ts';
import type { SupplyRecord } from './format.ts';
import type { Span, Trace } from './trace.ts';

/** Figures of a span. A bound is a half width; statistical ones are one standard error from the samples' noise. */
export interface SpanStatistics {
  readonly fromSample: number;
  readonly toSample: number;
  readonly durationS: number;
  readonly minA: number;
  readonly maxA: number;
  readonly meanA: number;
  /** Standard deviation of the samples, divisor n. */
  readonly stdA: number;
  /** Charge of the samples that are there, C. */
  readonly chargeC: number;
  readonly coverage: number;
  readonly missingSamples: number;
  /** Of the mean current, A. */
  readonly statisticalA: number;
  /** Of the mean current, A; null where nobody stated the monitor's bounds. */
  readonly systematicA: number | null;
  /** Supply × mean current × duration, each stretch of one supply voltage by itself; null with the reason. */
  readonly energy: EnergyValue | null;
  readonly noEnergy: Failure | null;
  readonly or: number;
  readonly and: number;
}

/**
 * Statistics of [from, to), fractional ends allowed: whole buckets and raw ends, never differences of running totals.
 * `trace.bad-span`, `trace.window-empty` where no sample arrived, `trace.damaged`.
 */
export function statistics(
  trace: Trace,
  from: number,
  to: number,
  accuracy: MonitorAccuracy | undefined = trace.header.accuracy,
): Result<SpanStatistics> {
  const found = trace.span(from, to);
  if (!found.ok) return found;
  const span = found.value;
  const { sums } = span;
  if (span.coveredSamples === 0)
    return fail(
      'trace.window-empty',
      { startSample: from, endSample: to },
      'No sample of this span arrived.',
      'Choose a span outside the gap.',
    );
  const known = accuracy && accuracy.gainRel.length >= sums.rangeSum.length ? accuracy : undefined;
  const energy = known ? energyOf(trace, span, known) : noAccuracy();
  if (!energy.ok && /damaged|corrupt/.test(energy.id)) return energy;
  const whole = sums.valid > 0;
  return ok({
    fromSample: from,
    toSample: to,
    durationS: (to - from) * trace.samplePeriodS,
    minA: whole ? sums.min : span.ampereSamples / span.coveredSamples,
    maxA: whole ? sums.max : span.ampereSamples / span.coveredSamples,
    meanA: span.ampereSamples / span.coveredSamples,
    stdA: whole ? Math.sqrt(sums.m2 / sums.valid) : 0,
    chargeC: span.ampereSamples * trace.samplePeriodS,
    coverage: span.coveredSamples / (to - from),
    missingSamples: span.missingSamples,
    statisticalA: noiseA(span) / Math.sqrt(Math.max(1, sums.valid)),
    systematicA: known ? meanBoundA(span, known) : null,
    energy: energy.ok ? energy.value : null,
    noEnergy: energy.ok ? null : energy,
    or: sums.or,
    and: whole ? sums.and : 0,
  });
}

/** Spread of the samples within pieces of 64: noise without slow changes. */
function noiseA({ sums }: Span): number {
  const freedom = sums.valid - Math.ceil(sums.valid / 64);
  return freedom > 0 ? Math.sqrt(sums.within / freedom) : 0;
}

function meanBoundA(span: Span, accuracy: MonitorAccuracy): number {
  const parts = boundsOf(span, accuracy, 1);
  return systematicBoundJ(parts) / (span.toSample - span.fromSample);
}

/** In units of `scale` × ampere-samples; supply and clock belong to an energy only. */
function boundsOf(span: Span, accuracy: MonitorAccuracy, scale: number): SystematicParts {
  const { sums } = span;
  const mean = span.ampereSamples / span.coveredSamples;
  const worst = sums.valid > 0 ? Math.max(sums.max - mean, mean - sums.min) : 0;
  return {
    ...NO_SYSTEMATICS,
    ...rangeSystematics(accuracy, { samples: sums.rangeSamples, ampereSamples: sums.rangeSum }, scale),
    filterJ: Math.abs(sums.shift) * scale,
    lossJ: span.missingSamples * worst * scale,
  };
}

function noAccuracy(): Failure {
  return fail(
    'trace.no-accuracy',
    {},
    'The trace does not say how exact its monitor is: an energy would have no bound.',
    'Name the monitor’s bounds, or record with this version.',
  );
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly supply: SupplyRecord;
}

/** [from, to) cut where the supply voltage changes. */
function stretchesOf(trace: Trace, from: number, to: number): Result<Stretch[]> {
  const supplies = trace.source.supplies();
  if (!supplies.ok) return supplies;
  const changes = supplies.value.filter((s) => s.sample > from && s.sample < to).map((s) => s.sample);
  const borders = [from, ...new Set(changes), to];
  const stretches: Stretch[] = [];
  for (let i = 0; i + 1 < borders.length; i++) {
    const supply = trace.supply(borders[i]!, borders[i + 1]!);
    if (!supply.ok) return supply;
    stretches.push({ from: borders[i]!, to: borders[i + 1]!, supply: supply.value });
  }
  return ok(stretches);
}

function energyOf(trace: Trace, whole: Span, accuracy: MonitorAccuracy): Result<EnergyValue> {
  const stretches = stretchesOf(trace, whole.fromSample, whole.toSample);
  if (!stretches.ok) return stretches;
  let total: EnergyValue | undefined;
  for (const { from, to, supply } of stretches.value) {
    const span = stretches.value.length === 1 ? ok(whole) : trace.span(from, to);
    if (!span.ok) return span;
    if (span.value.coveredSamples === 0)
      return fail(
        'trace.window-empty',
        { startSample: from, endSample: to },
        'Of one supply voltage no sample arrived.',
        'Choose a span outside the gap.',
      );
    const part = stretchEnergy(span.value, supply, accuracy, trace.samplePeriodS);
    total = total ? sumOf(total, part) : part;
  }
  return ok(total!);
}

function stretchEnergy(
  span: Span,
  supply: SupplyRecord,
  accuracy: MonitorAccuracy,
  samplePeriodS: number,
): EnergyValue {
  const scale = supply.volts * samplePeriodS;
  const periods = span.toSample - span.fromSample;
  const joules = (span.ampereSamples / span.coveredSamples) * periods * scale;
  const systematic: SystematicParts = {
    ...boundsOf(span, accuracy, scale),
    clockJ: Math.abs(joules) * accuracy.clockRel,
    supplyJ: (Math.abs(joules) * supply.uncertaintyV) / supply.volts,
  };
  const statisticalJ = (noiseA(span) * periods * scale) / Math.sqrt(Math.max(1, span.sums.valid));
  return { joules, statisticalJ, systematicJ: systematicBoundJ(systematic), systematic };
}

function sumOf(a: EnergyValue, b: EnergyValue): EnergyValue {
  const systematic = Object.fromEntries(
    Object.entries(a.systematic).map(([key, v]) => [key, v + b.systematic[key as keyof SystematicParts]]),
  ) as unknown as SystematicParts;
  return {
    joules: a.joules + b.joules,
    statisticalJ: Math.hypot(a.statisticalJ, b.statisticalJ),
    systematicJ: systematicBoundJ(systematic),
    systematic,
  };
}
