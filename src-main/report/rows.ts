import { sampleStd, uncertaintyPlace } from '../base/statistics.ts';
import type { FigureComparison } from '../contract/comparison.ts';
import type { Quantity } from '../contract/quantity.ts';
import type { RunResult } from '../contract/result.ts';
import { comparedFigures } from './comparison.ts';
import type { ReportModel } from './report-model.ts';

export interface ScoreRow {
  readonly what: string;
  readonly quantity: Quantity;
  readonly runId: number;
}

/** The headline numbers of a run, in the order a reader looks for them. */
export function scoreRows(run: RunResult): ScoreRow[] {
  const rows: (ScoreRow | null)[] = [
    run.latency && { what: 'Latency', quantity: run.latency, runId: run.runId },
    run.throughput && { what: 'Throughput (median)', quantity: run.throughput, runId: run.runId },
    run.energyPerInference && {
      what: 'Energy per inference (median, gross)',
      quantity: run.energyPerInference,
      runId: run.runId,
    },
    run.netEnergyPerInference && {
      what: 'Energy per inference (net of idle)',
      quantity: run.netEnergyPerInference,
      runId: run.runId,
    },
    run.meanPower && { what: 'Mean power in the windows', quantity: run.meanPower, runId: run.runId },
    run.accuracy?.score
      ? {
          what: run.accuracy.scoring === 'top1' ? 'Accuracy (top-1)' : 'ROC AUC',
          quantity: run.accuracy.score,
          runId: run.runId,
        }
      : null,
  ];
  return rows.filter((r): r is ScoreRow => r !== null);
}

export interface AgreementRow {
  readonly what: string;
  readonly measured: Quantity;
  readonly predicted: Quantity;
  /** (predicted − measured)/measured. */
  readonly residual: number;
  /** Does the prediction's interval hold the measured value? null where it claims none. */
  readonly inside: boolean | null;
}

function agreement(what: string, measured: Quantity | null, predicted: Quantity | null): AgreementRow | null {
  if (!measured || !predicted || measured.value === 0) return null;
  const { low, high } = predicted.interval;
  return {
    what,
    measured,
    predicted,
    residual: predicted.value / measured.value - 1,
    inside: low === null || high === null ? null : low <= measured.value && measured.value <= high,
  };
}

export function agreementRows(run: RunResult): AgreementRow[] {
  return [
    agreement('Latency', run.latency, run.prediction?.latency ?? null),
    agreement('Energy per inference', run.energyPerInference, run.prediction?.energy ?? null),
  ].filter((r): r is AgreementRow => r !== null);
}

export interface ComparisonRow {
  readonly comparison: FigureComparison;
  readonly runId: number;
  readonly sameBench: boolean;
  readonly baseline: Quantity;
  readonly other: Quantity;
}

/** Every figure of every run beside the baseline's; empty without a baseline. */
export function comparisonRows({ baseline, comparisons, runs }: ReportModel): ComparisonRow[] {
  const base = runs.find((r) => r.runId === baseline);
  if (!base) return [];
  return comparisons.flatMap(({ runId, sameBench, figures }) => {
    const run = runs.find((r) => r.runId === runId);
    return figures.flatMap((comparison) => {
      const of = comparedFigures.find((f) => f.figure === comparison.figure)?.of;
      const [a, b] = [of?.(base), run && of?.(run)];
      return a && b ? [{ comparison, runId, sameBench, baseline: a, other: b }] : [];
    });
  });
}

/** `checked against TFLM 2.x on 20 inputs` or `not checked`. */
export function referenceText(run: RunResult): string {
  return run.referenceCheck
    ? `checked against TFLM ${run.referenceCheck.tflmVersion} on ${run.referenceCheck.inputs} inputs`
    : 'not checked against TFLM';
}

/** Digits of one window's energy go no finer than this share of the bound that all windows have in common. */
const FINEST_SHARE_OF_BOUND = 1e-3;

export interface WindowEnergyColumn {
  /** `µJ/inf (± 11 % systematic, common)`. */
  readonly head: string;
  /** One for each of the run's windows; '' where there is no energy. */
  readonly cells: readonly string[];
}

/**
 * Energy per inference of each window. The systematic part is the same for all of them and stands in the head; the
 * windows' own differences, or the noise of their samples, decide how many digits mean something. Windows that do not
 * differ say no more than the bound does.
 */
export function windowEnergyColumn(run: RunResult): WindowEnergyColumn {
  const values = run.windows.map((w) => (w.energy && w.inferences ? w.energy.energyUj / w.inferences : null));
  const score = run.energyPerInference;
  const bound = score?.systematic?.plusMinus ?? 0;
  const counted = values.filter((v, i): v is number => v !== null && run.windows[i]!.status === 'finished');
  const noise = run.windows.map((w) =>
    w.energy?.statisticalUj && w.inferences ? w.energy.statisticalUj / w.inferences : 0,
  );
  const spread = Math.max(counted.length > 1 ? sampleStd(counted) : 0, ...noise);
  const uncertainty = spread > 0 ? Math.max(spread, bound * FINEST_SHARE_OF_BOUND) : bound;
  return {
    head: `µJ/inf${score && bound > 0 ? ` (± ${Number(((bound / score.value) * 100).toPrecision(2))} % systematic, common)` : ''}`,
    cells: values.map((v) =>
      v === null
        ? ''
        : uncertainty > 0
          ? toPlace(v, uncertaintyPlace(uncertainty))
          : String(Number(v.toPrecision(4))),
    ),
  };
}

/** 13076.26 to the place 1 (tens) is `13080`. */
function toPlace(value: number, place: number): string {
  return place <= 0
    ? value.toFixed(Math.min(-place, 9))
    : String(Math.round(value / 10 ** place) * 10 ** place);
}
