import { formatWithUncertainty } from '../../../src-main/base/statistics.ts';
import type { Quantity, RunResult } from '../../../src-main/contract/index.ts';

export interface HeadFigure {
  readonly label: string;
  readonly quantity: Quantity;
}

/** The figures of a run in the order they are looked for. */
export function headFigures(run: RunResult): HeadFigure[] {
  const figures: readonly (readonly [string, Quantity | null])[] = [
    ['Latency', run.latency],
    ['Energy per inference', run.energyPerInference],
    ['Energy, net of idle', run.netEnergyPerInference],
    ['Mean power', run.meanPower],
    ['Throughput', run.throughput],
    [run.accuracy?.scoring === 'auc' ? 'ROC AUC' : 'Accuracy (top-1)', run.accuracy?.score ?? null],
  ];
  return figures.flatMap(([label, quantity]) => (quantity ? [{ label, quantity }] : []));
}

export interface OperatorRow {
  readonly index: number;
  readonly name: string;
  readonly kernel: string;
  readonly macs: number | null;
  readonly cycles: number | null;
  readonly predicted: number | null;
  /** (predicted − measured)/measured. */
  readonly residual: number | null;
  readonly cyclesPerMac: number | null;
  /** Of all operators, by cycles or, where there are none, by energy. */
  readonly share: number;
  readonly energyUj: number | null;
  /** `251.8 ± 0.4`. */
  readonly energy: string | null;
  readonly durationUs: number | null;
}

/** Op profile, energies per layer and prediction of a run, operator by operator. */
export function operatorRows(run: RunResult): OperatorRow[] {
  const profile = new Map(run.profile?.ops.map((o) => [o.index, o]) ?? []);
  const layers = new Map(run.layerEnergies?.map((l) => [l.index, l]) ?? []);
  const predicted = new Map(run.prediction?.ops.map((o) => [o.index, o]) ?? []);
  const indices = [...new Set([...profile.keys(), ...layers.keys()])].sort((a, b) => a - b);
  const allCycles = [...profile.values()].reduce((n, o) => n + o.cycles, 0);
  const allUj = [...layers.values()].reduce((n, l) => n + l.energyUj, 0);
  return indices.map((index) => {
    const op = profile.get(index);
    const layer = layers.get(index);
    const expected = predicted.get(index)?.cycles ?? null;
    return {
      index,
      name: op?.name ?? '',
      kernel: op?.kernel ?? predicted.get(index)?.kernel ?? '',
      macs: op?.macs ?? null,
      cycles: op?.cycles ?? null,
      predicted: expected,
      residual: op && expected !== null && op.cycles > 0 ? expected / op.cycles - 1 : null,
      cyclesPerMac: op && op.macs > 0 ? op.cycles / op.macs : null,
      share: allCycles > 0 ? (op?.cycles ?? 0) / allCycles : allUj > 0 ? (layer?.energyUj ?? 0) / allUj : 0,
      energyUj: layer?.energyUj ?? null,
      energy: layer ? formatWithUncertainty(layer.energyUj, layer.plusMinusUj) : null,
      durationUs: layer?.durationUs ?? null,
    };
  });
}
