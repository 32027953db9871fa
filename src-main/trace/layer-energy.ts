import { fail, ok, type Result } from '../base/errors.ts';
import { sampleStd, tCritical } from '../base/statistics.ts';
import { rangeSystematics, type MonitorAccuracy } from './accuracy.ts';
import type { OperatorSegments } from './operator-segments.ts';
import type { Trace } from './trace.ts';

export interface LayerEnergyOptions {
  readonly accuracy: MonitorAccuracy;
  /** Current of the idle stretch before the window, A; null: no net energies. */
  readonly idleA: number | null;
  /**
   * How long the monitor's reading takes to follow a step of the current, s: analogue bandwidth, averaging, and how its
   * logic inputs are aligned to its samples. Default: half a sample period.
   */
  readonly settlingS?: number;
}

/** What may be wrong with the energy of one operator, J per inference; bounds, all ≥ 0. */
export interface LayerBounds {
  /** The mean place of each boundary: `boundaryBoundSamples` · the larger current beside it. */
  readonly edgesJ: number;
  /** A common shift between logic and current: `settlingS` · the larger step of the current at its two ends. */
  readonly settlingJ: number;
  /** What the decoder's spike filter moved. */
  readonly filterJ: number;
}

/** Energy of one operator of the Program per inference, read from the trace alone. J, s, A. */
export interface LayerEnergy {
  readonly index: number;
  readonly joules: number;
  /** joules − supply · idle current · duration; null where no idle is known. */
  readonly netJ: number | null;
  readonly durationS: number;
  /** NaN for an operator that is shorter than a sample in every inference. */
  readonly meanA: number;
  /** Inferences in which all samples of the operator and both its boundaries are there. */
  readonly inferences: number;
  /**
   * One standard error of the mean over inferences: noise, edge jitter, position of the boundaries in the samples. Of a
   * single inference only the noise is known.
   */
  readonly statisticalJ: number;
  readonly bounds: LayerBounds;
  /**
   * Statistical part (95.45 % by Student's t: two standard errors of many inferences, 14 of two) and `bounds` together:
   * what separates this operator from its neighbours.
   */
  readonly plusMinusJ: number;
  /** Gain, offset, converter step, supply and clock: the same for all operators of a window to a good part. */
  readonly commonJ: number;
}

export interface LayerEnergies {
  readonly layers: readonly LayerEnergy[];
  /** Sum over the layers, J per inference. */
  readonly sumJ: number;
  /** Standard deviation of a boundary's position beyond what sampling explains, s. */
  readonly edgeJitterS: number;
  /** Segments left out because samples or a boundary are missing. */
  readonly excludedSegments: number;
}

/** Running sums of one operator over the inferences of a window. */
class LayerSums {
  readonly charge: number[] = [];
  readonly length: number[] = [];
  readonly rangeSamples: Float64Array;
  readonly rangeSum: Float64Array;
  shift = 0;
  /** Σ (x − mean of its 64-sample bucket)², A², of how many samples in how many buckets at least. */
  within = 0;
  samples = 0;

  constructor(rangeCount: number) {
    this.rangeSamples = new Float64Array(rangeCount);
    this.rangeSum = new Float64Array(rangeCount);
  }

  get meanLength(): number {
    return this.length.reduce((a, b) => a + b, 0) / this.length.length;
  }

  get meanCharge(): number {
    return this.charge.reduce((a, b) => a + b, 0) / this.charge.length;
  }
}

/**
 * Splits the energy of a window between its operators: E_k = V · T · mean over inferences of Σ I over the operator's
 * samples. The segments are a partition of the window, so nothing is counted twice or left out; only segments in which
 * samples or a boundary are missing are, and those are counted. Uses nothing but trace and edges.
 * `trace.no-supply`, `trace.supply-changed`, `trace.bad-span`, `trace.damaged`; `trace.layer-missing` where an operator
 * has no whole segment.
 */
export function layerEnergies(
  trace: Trace,
  segments: OperatorSegments,
  options: LayerEnergyOptions,
): Result<LayerEnergies> {
  const { positions, operators, inferences } = segments;
  const supply = trace.supply(positions[0]!, positions[operators * inferences]!);
  if (!supply.ok) return supply;
  const summed = sumSegments(trace, segments);
  if (!summed.ok) return summed;
  const { sums, excluded } = summed.value;
  const absent = sums.findIndex((s) => s.length.length === 0);
  if (absent >= 0)
    return fail(
      'trace.layer-missing',
      { operator: absent, inferences },
      'In every inference of the window, samples of this operator or one of its boundaries are missing.',
      'Repeat the window; find out why samples are lost.',
    );
  const currents = sums.map((s) => (s.meanLength > 0 ? s.meanCharge / s.meanLength : NaN));
  const boundarySamples = boundaryBoundSamples(segments);
  const layers = sums.map((s, k) => {
    // an operator without length takes the place of a neighbour's current: it cannot be told from it
    const before = currentBeside(currents, k, -1);
    const after = currentBeside(currents, k, 1);
    return layerOf(k, s, { before, after, boundarySamples }, supply.value, trace, options);
  });
  return ok({
    layers,
    sumJ: layers.reduce((sum, l) => sum + l.joules, 0),
    edgeJitterS: edgeJitter(sums) * trace.samplePeriodS,
    excludedSegments: excluded,
  });
}

function sumSegments(
  trace: Trace,
  { positions, uncertainSamples, operators, inferences }: OperatorSegments,
): Result<{ sums: LayerSums[]; excluded: number }> {
  const sums = Array.from({ length: operators }, () => new LayerSums(trace.header.rangeCount));
  let excluded = 0;
  for (let i = 0; i < operators * inferences; i++) {
    const from = positions[i]!;
    const to = positions[i + 1]!;
    const sum = sums[i % operators]!;
    if (uncertainSamples[i]! > 1 || uncertainSamples[i + 1]! > 1) {
      excluded++;
      continue;
    }
    if (from === to) {
      sum.charge.push(0);
      sum.length.push(0);
      continue;
    }
    const span = trace.span(from, to);
    if (!span.ok) return span;
    if (span.value.missingSamples > 0) {
      excluded++;
      continue;
    }
    sum.charge.push(span.value.ampereSamples);
    sum.length.push(to - from);
    sum.shift += span.value.sums.shift;
    sum.within += span.value.sums.within;
    sum.samples += span.value.sums.valid;
    for (let r = 0; r < sum.rangeSum.length; r++) {
      sum.rangeSamples[r]! += span.value.sums.rangeSamples[r]!;
      sum.rangeSum[r]! += span.value.sums.rangeSum[r]!;
    }
  }
  return ok({ sums, excluded });
}

/** The current of the next operator that has one, in the order of execution; inferences follow each other. */
function currentBeside(currents: readonly number[], k: number, step: 1 | -1): number {
  const n = currents.length;
  for (let i = 1; i <= n; i++) {
    const a = currents[(k + step * i + n * i) % n]!;
    if (!Number.isNaN(a)) return a;
  }
  return 0;
}

/** Share of a normal distribution within two standard deviations. */
const TWO_SIGMA = 0.9545;

/** Standard error of the sum of all samples, from the spread within buckets; ampere samples. */
function noiseCharge({ within, samples }: LayerSums): number {
  const freedom = samples - Math.ceil(samples / 64);
  return freedom > 0 ? Math.sqrt((within / freedom) * samples) : 0;
}

function layerOf(
  index: number,
  sums: LayerSums,
  beside: { readonly before: number; readonly after: number; readonly boundarySamples: number },
  supply: { readonly volts: number; readonly uncertaintyV: number },
  trace: Trace,
  { accuracy, idleA, settlingS }: LayerEnergyOptions,
): LayerEnergy {
  const { before: beforeA, after: afterA, boundarySamples } = beside;
  const n = sums.length.length;
  const periodS = trace.samplePeriodS;
  const scale = supply.volts * periodS;
  const joules = sums.meanCharge * scale;
  const durationS = sums.meanLength * periodS;
  const ownA = sums.meanLength > 0 ? sums.meanCharge / sums.meanLength : Math.max(beforeA, afterA);
  // jitter shows in the spread over inferences: of a single one, half a sample more is allowed for it
  const edgeSamples = n > 1 ? boundarySamples : 2 * boundarySamples;
  const edge = (besideA: number) => edgeSamples * Math.max(Math.abs(ownA), Math.abs(besideA));
  const step = Math.max(Math.abs(ownA - beforeA), Math.abs(ownA - afterA));
  const bounds: LayerBounds = {
    edgesJ: (edge(beforeA) + edge(afterA)) * scale,
    settlingJ: step * (settlingS ?? 0.5 * periodS) * supply.volts,
    filterJ: (Math.abs(sums.shift) / n) * scale,
  };
  const statisticalJ = (n > 1 ? sampleStd(sums.charge) / Math.sqrt(n) : noiseCharge(sums)) * scale;
  const errors = n > 1 ? tCritical(n - 1, TWO_SIGMA) : 2;
  const ranges = rangeSystematics(
    accuracy,
    { samples: sums.rangeSamples, ampereSamples: sums.rangeSum },
    scale / n,
  );
  const relative = accuracy.clockRel + supply.uncertaintyV / supply.volts;
  return {
    index,
    joules,
    netJ: idleA === null ? null : joules - supply.volts * idleA * durationS,
    durationS,
    meanA: sums.meanLength > 0 ? ownA : NaN,
    inferences: n,
    statisticalJ,
    bounds,
    plusMinusJ: errors * statisticalJ + bounds.edgesJ + bounds.settlingJ + bounds.filterJ,
    commonJ: ranges.gainJ + ranges.offsetJ + ranges.quantisationJ + Math.abs(joules) * relative,
  };
}

/**
 * How far the mean place of a boundary over all inferences can be off, in sample periods. One boundary is off by up to
 * half a period; over inferences that last P periods the places within the period go through i·P mod 1. Where q·P comes
 * near a whole number they repeat after q inferences, and q equally spaced places average to 1/2q; the incomplete last
 * round adds (q − 1)/2n. P is known to 1/n, so q is the smallest number that cannot be ruled out.
 */
export function boundaryBoundSamples({ positions, operators, inferences }: OperatorSegments): number {
  const period = (positions[operators * inferences]! - positions[0]!) / inferences;
  let q = 1;
  while (q < inferences && Math.abs(q * period - Math.round(q * period)) > q / inferences) q++;
  return 0.5 * Math.min(1, 1 / q + (q - 1) / inferences);
}

/**
 * In a firmware without branches on values an operator takes the same time in every inference: what its measured
 * length varies by, beyond the T²/6 of two sampled boundaries, is twice the variance of one boundary. In sample periods;
 * the median over the operators, which one that does vary cannot move.
 */
function edgeJitter(sums: readonly LayerSums[]): number {
  const variances = sums
    .filter((s) => s.length.length > 1)
    .map((s) => Math.max(0, sampleStd(s.length) ** 2 - 1 / 6) / 2)
    .sort((a, b) => a - b);
  const middle = variances[variances.length >> 1];
  return middle === undefined ? 0 : Math.sqrt(middle);
}
