import { fail, ok, type Result } from '../base/errors.ts';
import { NO_SYSTEMATICS, rangeSystematics, systematicBoundJ, type MonitorAccuracy } from './accuracy.ts';
import type { Trace } from './trace.ts';

/** A named stretch of the timeline: `kernel load`, `input load`, `inference`. Fractional sample positions. */
export interface Phase {
  readonly name: string;
  readonly fromSample: number;
  readonly toSample: number;
}

/** Energy of one phase above idle: ∫ (P − P_idle) dt. J, s. */
export interface PhaseEnergy {
  readonly name: string;
  readonly durationS: number;
  readonly grossJ: number;
  /** Never negative: what noise and offset make of nothing is nothing, to within `plusMinusJ`. */
  readonly netJ: number;
  /** Two standard errors of phase and idle, and the bound of edges (one sample each), gain and offset. */
  readonly plusMinusJ: number;
  /** Share of the phase's sample periods that are there. */
  readonly coverage: number;
}

export interface PhaseOptions {
  readonly accuracy: MonitorAccuracy;
  /** The stretch whose current is taken as idle. */
  readonly idle: { readonly fromSample: number; readonly toSample: number };
}

/**
 * Splits energy between named phases, idle subtracted (system 1 of the published systems: E = Σ_phase ∫ (P − P_idle) dt).
 * A phase may be shorter than a sample: it takes its share of the sample it lies in. The gross energy and the idle
 * current are both given, so the subtraction can be undone. `trace.bad-span`, `trace.no-supply`,
 * `trace.supply-changed`, `trace.window-empty`, `trace.damaged`.
 */
export function phaseEnergies(
  trace: Trace,
  phases: readonly Phase[],
  options: PhaseOptions,
): Result<{ readonly idleA: number; readonly phases: readonly PhaseEnergy[] }> {
  const idle = trace.span(options.idle.fromSample, options.idle.toSample);
  if (!idle.ok) return idle;
  if (idle.value.coveredSamples === 0) return empty('idle');
  const idleA = idle.value.ampereSamples / idle.value.coveredSamples;
  const idleErrorA = standardError(idle.value.sums);
  const energies: PhaseEnergy[] = [];
  for (const phase of phases) {
    const energy = phaseEnergy(trace, phase, idleA, idleErrorA, options.accuracy);
    if (!energy.ok) return energy;
    energies.push(energy.value);
  }
  return ok({ idleA, phases: energies });
}

function standardError(sums: { readonly m2: number; readonly valid: number }): number {
  return sums.valid > 1 ? Math.sqrt(sums.m2 / (sums.valid - 1) / sums.valid) : 0;
}

function empty(name: string): Result<never> {
  return fail(
    'trace.window-empty',
    { phase: name },
    'No sample of this stretch arrived.',
    'Choose another stretch, or record again.',
  );
}

function phaseEnergy(
  trace: Trace,
  { name, fromSample, toSample }: Phase,
  idleA: number,
  idleErrorA: number,
  accuracy: MonitorAccuracy,
): Result<PhaseEnergy> {
  const span = trace.span(fromSample, toSample);
  if (!span.ok) return span;
  const supply = trace.supply(fromSample, toSample);
  if (!supply.ok) return supply;
  const { coveredSamples, ampereSamples, sums } = span.value;
  if (coveredSamples === 0) return empty(name);
  const periods = toSample - fromSample;
  const scale = supply.value.volts * trace.samplePeriodS;
  const meanA = ampereSamples / coveredSamples;
  const netA = meanA - idleA;
  // noise of the mean, from neighbouring samples only: what the phase itself does is no error
  const freedom = sums.valid - Math.ceil(sums.valid / 64);
  const noiseA = freedom > 0 ? Math.sqrt(sums.within / freedom / sums.valid) : 0;
  const share = periods / coveredSamples;
  const bound = systematicBoundJ({
    ...NO_SYSTEMATICS,
    ...rangeSystematics(
      accuracy,
      { samples: sums.rangeSamples, ampereSamples: sums.rangeSum },
      scale * share,
    ),
    edgesJ: 2 * Math.min(1, periods) * Math.abs(netA) * scale,
    lossJ: span.value.missingSamples * Math.max(sums.max - meanA, meanA - sums.min, 0) * scale,
    clockJ: Math.abs(netA) * periods * scale * accuracy.clockRel,
    supplyJ: (Math.abs(netA) * periods * scale * supply.value.uncertaintyV) / supply.value.volts,
  });
  return ok({
    name,
    durationS: periods * trace.samplePeriodS,
    grossJ: meanA * periods * scale,
    netJ: Math.max(0, netA * periods * scale),
    plusMinusJ: 2 * Math.hypot(noiseA, idleErrorA) * periods * scale + bound,
    coverage: coveredSamples / periods,
  });
}
