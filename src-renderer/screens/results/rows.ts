import type { ResultRow } from '../../../src-main/contract/bench/results.ts';
import {
  verdictWord,
  type Figure,
  type FigureComparison,
  type RunComparison,
} from '../../../src-main/contract/comparison.ts';
import { formatSignedPercent } from '../../../src-main/contract/format-quantity.ts';

export interface ResultFilter {
  readonly model: string;
  readonly target: string;
  readonly mode: string;
  readonly source: string;
}

/** '' lets everything pass. */
export const noFilter: ResultFilter = { model: '', target: '', mode: '', source: '' };

const valueOf: Readonly<Record<keyof ResultFilter, (row: ResultRow) => string>> = {
  model: (r) => r.run.modelName,
  target: (r) => r.run.targetId,
  mode: (r) => r.run.mode,
  source: (r) => r.run.source,
};

export function filtered(rows: readonly ResultRow[], filter: ResultFilter): ResultRow[] {
  const wanted = (Object.keys(valueOf) as (keyof ResultFilter)[]).filter((k) => filter[k] !== '');
  return rows.filter((row) => wanted.every((k) => valueOf[k](row) === filter[k]));
}

/** What a filter can be set to, by name. */
export function choicesOf(rows: readonly ResultRow[], key: keyof ResultFilter): string[] {
  return [...new Set(rows.map(valueOf[key]))].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** Runs whose windows can be compared on one axis: of one model, and of time or of energy. */
const axisKey = ({ run }: ResultRow): string => `${run.modelSha256} ${run.mode === 'energy'}`;

export interface StripAxis {
  readonly low: number;
  readonly high: number;
}

/** The common axis of the strips of each group of runs, with a little room at both ends. */
export function stripAxes(rows: readonly ResultRow[]): (row: ResultRow) => StripAxis | null {
  const axes = new Map<string, StripAxis>();
  for (const row of rows) {
    const band = bandOf(row);
    const values = [...row.windows.map((w) => w.value), ...(band ?? [])];
    if (values.length === 0) continue;
    const known = axes.get(axisKey(row));
    axes.set(axisKey(row), {
      low: Math.min(known?.low ?? Infinity, ...values),
      high: Math.max(known?.high ?? -Infinity, ...values),
    });
  }
  return (row) => axes.get(axisKey(row)) ?? null;
}

/** The axis of one run's windows alone. */
export function ownAxis(row: ResultRow): StripAxis | null {
  return stripAxes([row])(row);
}

/** The figure that the windows of a run stand for. */
export function windowFigure(row: ResultRow): ResultRow['latency'] {
  return row.run.mode === 'energy' ? row.energy : row.latency;
}

export function bandOf(row: ResultRow): readonly [number, number] | null {
  const interval = windowFigure(row)?.interval;
  return interval && interval.low !== null && interval.high !== null ? [interval.low, interval.high] : null;
}

export function comparisonOf(
  comparisons: readonly RunComparison[],
  runId: number,
  figure: Figure,
): FigureComparison | null {
  return comparisons.find((c) => c.runId === runId)?.figures.find((f) => f.figure === figure) ?? null;
}

/** Decimals of a change in percent: as many as tell it from nothing, at most three. */
export function changeText({ change }: Pick<FigureComparison, 'change'>): string {
  if (change === 0) return '0 %';
  const percent = Math.abs(change * 100);
  const decimals = percent >= 10 ? 1 : percent >= 0.1 ? 2 : 3;
  return percent < 0.0005 ? '< 0.001 %' : formatSignedPercent(change, decimals);
}

/** How a verdict is drawn, beside its word: a sign for those who do not tell colours apart. */
export function verdictMark({ verdict, change }: FigureComparison): string {
  if (verdict === 'equal') return '=';
  if (verdict === "can't tell") return '≈';
  return change > 0 ? '▲' : '▼';
}

export function verdictText(c: FigureComparison): string {
  return `${changeText(c)}, ${verdictWord(c)}`;
}
