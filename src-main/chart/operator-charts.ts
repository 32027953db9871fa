import { differenceChart } from './differences.ts';
import { pairOperators } from './pair-operators.ts';
import { stackedChart } from './stacked.ts';

/** An operator's share of an inference, in the chart's unit. */
export interface ChartedOperator {
  readonly index: number;
  readonly kernel: string;
  readonly name: string;
  readonly value: number;
  readonly plusMinus: number;
  readonly href?: string;
}

export interface ChartedRun {
  readonly label: string;
  readonly operators: readonly ChartedOperator[];
}

/** Digits of a value in a chart: whole numbers whole, else four. */
function shown(value: number): string {
  return Number.isInteger(value) || Math.abs(value) >= 1e4
    ? Math.round(value).toLocaleString('en')
    : String(Number(value.toPrecision(4)));
}

const labelOf = (o: ChartedOperator) => `${o.index} ${o.name || o.kernel}`;

/** All runs' operators in one chart; a kind of kernel has one colour in all of them. */
export function operatorStack(
  title: string,
  unit: string,
  runs: readonly ChartedRun[],
  width?: number,
): string {
  const kinds = [...new Set(runs.flatMap((r) => r.operators.map((o) => o.kernel || o.name)))];
  return stackedChart({
    title,
    axis: `${unit} an inference`,
    kinds,
    ...(width === undefined ? {} : { width }),
    rows: runs.map((run) => ({
      label: run.label,
      caption: `${shown(run.operators.reduce((n, o) => n + o.value, 0))} ${unit}`,
      parts: run.operators.map((o) => ({
        label: labelOf(o),
        value: o.value,
        caption: `${shown(o.value)} ${unit}`,
        kind: kinds.indexOf(o.kernel || o.name),
        ...(o.href === undefined ? {} : { href: o.href }),
      })),
    })),
  });
}

/** Does any operator take more or less, beyond what is uncertain of it? */
export function operatorsDiffer(
  baseline: readonly ChartedOperator[],
  other: readonly ChartedOperator[],
): boolean {
  return pairOperators(baseline, other, (o) => o.kernel).some(({ a, b }) => !a || !b || a.value !== b.value);
}

/** What each operator takes more or less than the same one of the baseline; operators of one side alone count whole. */
export function operatorDifferences(
  title: string,
  unit: string,
  baseline: readonly ChartedOperator[],
  other: readonly ChartedOperator[],
  width?: number,
): string {
  const rows = pairOperators(baseline, other, (o) => o.kernel).map(({ a, b }) => {
    const change = (b?.value ?? 0) - (a?.value ?? 0);
    const uncertain = (a?.plusMinus ?? 0) + (b?.plusMinus ?? 0);
    const share = a && b && a.value > 0 ? ` (${signed(change / a.value)})` : a ? ' (gone)' : ' (new)';
    return {
      label: labelOf((b ?? a)!).slice(0, 30),
      change,
      uncertain,
      caption:
        change === 0 && a && b
          ? 'the same'
          : `${change > 0 ? '+' : change < 0 ? '−' : ''}${shown(Math.abs(change))}${share}`,
      ...(b?.href === undefined ? {} : { href: b.href }),
    };
  });
  return differenceChart({
    title,
    axis: `${unit} an inference, against the baseline`,
    rows,
    ...(width === undefined ? {} : { width }),
  });
}

function signed(share: number): string {
  return `${share > 0 ? '+' : share < 0 ? '−' : ''}${Math.abs(share * 100).toFixed(1)} %`;
}
