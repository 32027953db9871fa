import { formatCount } from '../../../src-main/base/units.ts';
import type {
  FigurePoint,
  OperatorPoint,
  Recalibration,
} from '../../../src-main/contract/bench/predictor.ts';
import { formatSignedPercent } from '../../../src-main/contract/format-quantity.ts';

/** Half-width of the band that the predictor is judged by. */
export const BAND = 0.1;

/** (predicted − measured)/measured. */
export function residualOf(p: Pick<OperatorPoint, 'predictedCycles' | 'measuredCycles'>): number {
  return p.measuredCycles > 0 ? p.predictedCycles / p.measuredCycles - 1 : NaN;
}

export function figureResidual(p: FigurePoint): number {
  return p.measured.value === 0 ? NaN : p.predicted.value / p.measured.value - 1;
}

/** Does the prediction's interval hold what was measured? null where it claims none. */
export function insideInterval({ predicted, measured }: FigurePoint): boolean | null {
  const { low, high } = predicted.interval;
  return low === null || high === null ? null : low <= measured.value && measured.value <= high;
}

export const kernelsOf = (points: readonly OperatorPoint[]): string[] =>
  [...new Set(points.map((p) => p.kernel))].sort((a, b) => a.localeCompare(b, 'en'));

export function pointLabel(p: OperatorPoint): string {
  return (
    `${p.modelName} ${p.index} ${p.name || p.kernel}: ${formatCount(p.measuredCycles)} cycles, ` +
    `predicted ${formatCount(p.predictedCycles)} (${formatSignedPercent(residualOf(p))})`
  );
}

export interface KernelResidual {
  readonly kernel: string;
  readonly n: number;
  /** Mean of |residual|. */
  readonly mape: number;
  /** Mean of the signed residual: a bias that a factor could take away. */
  readonly bias: number;
  readonly worst: number;
  /** Of all measured cycles. */
  readonly share: number;
}

/** How the predictor does by kind of operator, the most costly kind first. */
export function kernelResiduals(points: readonly OperatorPoint[]): KernelResidual[] {
  const all = points.reduce((n, p) => n + p.measuredCycles, 0);
  return kernelsOf(points)
    .map((kernel) => {
      const own = points.filter((p) => p.kernel === kernel);
      const residuals = own.map(residualOf).filter(Number.isFinite);
      const mean = (values: readonly number[]) =>
        values.reduce((n, v) => n + v, 0) / Math.max(1, values.length);
      return {
        kernel,
        n: own.length,
        mape: mean(residuals.map(Math.abs)),
        bias: mean(residuals),
        worst: residuals.reduce((w, r) => (Math.abs(r) > Math.abs(w) ? r : w), 0),
        share: all > 0 ? own.reduce((n, p) => n + p.measuredCycles, 0) / all : 0,
      };
    })
    .sort((a, b) => b.share - a.share);
}

/** One sentence: is the refit an improvement on Programs it has not seen? */
export function refitVerdict({ before, after }: Recalibration): string {
  const change = after.mape - before.mape;
  if (Math.abs(change) < 0.001) return 'The refit changes nothing on models it has not seen.';
  return change < 0
    ? 'The refit predicts models it has not seen better than the cost model does.'
    : 'The refit predicts models it has not seen worse: keep the cost model as it is.';
}

/** Runs that were left out, together where the reason is the same. */
export function byReason(
  leftOut: readonly { readonly runId: number; readonly reason: string }[],
): { readonly reason: string; readonly runs: readonly number[] }[] {
  return [...new Set(leftOut.map((l) => l.reason))].map((reason) => ({
    reason,
    runs: leftOut
      .filter((l) => l.reason === reason)
      .map((l) => l.runId)
      .sort((a, b) => a - b),
  }));
}

export const percent = (share: number, decimals = 1): string => `${(share * 100).toFixed(decimals)} %`;
