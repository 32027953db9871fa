import type { ChartedOperator } from '../../../src-main/chart/operator-charts.ts';
import type { RunResult } from '../../../src-main/contract/index.ts';
import { operatorCosts, type CostKind } from '../../../src-main/contract/operator-costs.ts';
import { operatorHref } from '../../state/operator-href.ts';

export const costTexts: Readonly<Record<CostKind, { readonly label: string; readonly unit: string }>> = {
  cycles: { label: 'Cycles', unit: 'cycles' },
  energy: { label: 'Energy', unit: 'µJ' },
};

/** A run's operators for a chart; each leads to its node of the graph. */
export function chartedOperators(run: RunResult, kind: CostKind): ChartedOperator[] {
  return operatorCosts(run, kind).map((o) => ({ ...o, href: operatorHref(run.runId, o.index) }));
}
