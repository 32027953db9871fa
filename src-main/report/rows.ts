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
