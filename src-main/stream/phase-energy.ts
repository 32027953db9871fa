import { fail, ok, type Result } from '../base/errors.ts';
import type { Trace } from '../trace/trace.ts';
import { phaseOf, sharesOf, type StreamParts, type StreamPhase, type StreamShares } from './energy-share.ts';

export interface PhaseEnergyOptions {
  /** Logic channels of the pins (board descriptor): D0 and D4. */
  readonly windowChannel: number;
  readonly timestampChannel: number;
  readonly fromSample: number;
  readonly toSample: number;
}

/** Where the energy of a stretch of a stream went. J, s. */
export interface StreamEnergy {
  readonly energyJ: StreamParts;
  readonly durationS: StreamParts;
  readonly shares: StreamShares;
  /**
   * A bound on what one sample at every edge may have put into the wrong phase, J: the difference of the mean powers
   * for half of all edges.
   */
  readonly edgesJ: number;
  /** Share of the sample periods that are there. Each phase's mean power stands for its missing ones. */
  readonly coverage: number;
  readonly edges: number;
}

interface Border {
  readonly sample: number;
  readonly window: boolean;
  readonly timestamp: boolean;
}

/** Levels from each change on; the first border is the stretch's beginning. */
function borders(trace: Trace, o: PhaseEnergyOptions): Result<Border[]> {
  const window = trace.edges(o.windowChannel, 0, o.toSample);
  if (!window.ok) return window;
  const timestamp = trace.edges(o.timestampChannel, 0, o.toSample);
  if (!timestamp.ok) return timestamp;
  const all = [
    ...window.value.map((e) => ({ ...e, pin: 'window' as const })),
    ...timestamp.value.map((e) => ({ ...e, pin: 'timestamp' as const })),
  ].sort((a, b) => a.sample - b.sample);
  // D4 idles high: before its first edge it is what that edge leaves
  const first = timestamp.value[0];
  const levels = { window: false, timestamp: first ? first.level === 0 : true };
  const found: Border[] = [];
  let begun = false;
  for (const e of all) {
    if (e.sample > o.fromSample && !begun) {
      found.push({ sample: o.fromSample, ...levels });
      begun = true;
    }
    levels[e.pin] = e.level === 1;
    if (begun) found.push({ sample: e.sample, ...levels });
  }
  if (!begun) found.push({ sample: o.fromSample, ...levels });
  return ok(found);
}

interface Sums {
  ampereSamples: number;
  covered: number;
  periods: number;
}

const sums = (): Sums => ({ ampereSamples: 0, covered: 0, periods: 0 });

/**
 * Splits the energy of a stretch by what the pins say the device did: front end, inference, rest (docs/stream-format.md).
 * Nothing is subtracted. `stream.no-phases`: the pins do not move; and the errors of `Trace.span` and `Trace.supply`.
 */
export function streamEnergy(trace: Trace, o: PhaseEnergyOptions): Result<StreamEnergy> {
  const found = borders(trace, o);
  if (!found.ok) return found;
  const supply = trace.supply(o.fromSample, o.toSample);
  if (!supply.ok) return supply;
  const bySums: Record<StreamPhase, Sums> = { frontEnd: sums(), inference: sums(), rest: sums() };
  for (const [i, border] of found.value.entries()) {
    const to = Math.min(found.value[i + 1]?.sample ?? o.toSample, o.toSample);
    if (to <= border.sample) continue;
    const span = trace.span(border.sample, to);
    if (!span.ok) return span;
    const into = bySums[phaseOf(border)];
    into.ampereSamples += span.value.ampereSamples;
    into.covered += span.value.coveredSamples;
    into.periods += to - border.sample;
  }
  if (bySums.inference.covered === 0 || bySums.frontEnd.covered === 0)
    return fail(
      'stream.no-phases',
      { edges: found.value.length - 1, windowChannel: o.windowChannel, timestampChannel: o.timestampChannel },
      'The pins do not show front end and inference in this stretch: not wired, or nothing ran.',
      "Wire D0 and D4 of the board to the monitor's logic inputs.",
    );
  return summed(bySums, supply.value.volts, trace.samplePeriodS, found.value.length - 1);
}

function summed(
  by: Record<StreamPhase, Sums>,
  volts: number,
  periodS: number,
  edges: number,
): Result<StreamEnergy> {
  const meanA = (s: Sums) => (s.covered > 0 ? s.ampereSamples / s.covered : 0);
  const energy = (s: Sums) => meanA(s) * s.periods * volts * periodS;
  const each = (of: (s: Sums) => number): StreamParts => ({
    frontEnd: of(by.frontEnd),
    inference: of(by.inference),
    rest: of(by.rest),
  });
  const energyJ = each(energy);
  const shares = sharesOf(energyJ);
  if (!shares.ok) return shares;
  const all = [by.frontEnd, by.inference, by.rest];
  const means = all.filter((s) => s.covered > 0).map(meanA);
  const total = (of: (s: Sums) => number) => all.reduce((n, s) => n + of(s), 0);
  return ok({
    energyJ,
    durationS: each((s) => s.periods * periodS),
    shares: shares.value,
    edgesJ: (edges / 2) * (Math.max(...means) - Math.min(...means)) * volts * periodS,
    coverage: total((s) => s.covered) / total((s) => s.periods),
    edges,
  });
}
