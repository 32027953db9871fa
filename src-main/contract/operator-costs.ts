import type { RunResult } from './result.ts';

/** What an operator took in one inference: cycles of the op profile, or µJ read from the trace. */
export interface OperatorCost {
  readonly index: number;
  readonly kernel: string;
  readonly name: string;
  readonly value: number;
  /** Half-width of what is uncertain of it against its neighbours; 0 for counted cycles. */
  readonly plusMinus: number;
}

export type CostKind = 'cycles' | 'energy';

/** Of one run, in plan order; empty where the run does not have them. */
export function operatorCosts(
  run: Pick<RunResult, 'profile' | 'layerEnergies'>,
  kind: CostKind,
): OperatorCost[] {
  if (kind === 'cycles')
    return (run.profile?.ops ?? []).map((o) => ({
      index: o.index,
      kernel: o.kernel,
      name: o.name,
      value: o.cycles,
      plusMinus: 0,
    }));
  const operators = new Map(run.profile?.ops.map((o) => [o.index, o]) ?? []);
  return (run.layerEnergies ?? []).map((l) => ({
    index: l.index,
    kernel: operators.get(l.index)?.kernel ?? '',
    name: operators.get(l.index)?.name ?? '',
    value: l.energyUj,
    plusMinus: l.plusMinusUj,
  }));
}
