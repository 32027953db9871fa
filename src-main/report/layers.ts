import { formatWithUncertainty } from '../base/statistics.ts';
import type { RunResult } from '../contract/index.ts';

export interface LayerRow {
  readonly index: number;
  readonly name: string;
  readonly kernel: string;
  readonly energyUj: number;
  /** With its own uncertainty, never finer. */
  readonly energy: string;
  readonly net: string;
  readonly duration: string;
  readonly current: string;
  /** Of the inference, %. */
  readonly share: string;
  /** Per MAC, nJ; '' for operators without any. */
  readonly perMac: string;
}

export interface LayerTable {
  readonly rows: readonly LayerRow[];
  readonly sumUj: number;
  /** What all layers have in common, as a share of the energy. */
  readonly commonShare: number;
  readonly inferences: number;
}

/** Energy per operator of an energy run, or null: another mode, operator pins not wired. */
export function layerTable(run: RunResult): LayerTable | null {
  const layers = run.layerEnergies;
  if (!layers || layers.length === 0) return null;
  const operators = new Map(run.profile?.ops.map((o) => [o.index, o]) ?? []);
  const sumUj = layers.reduce((sum, l) => sum + l.energyUj, 0);
  const rows = layers.map((l): LayerRow => {
    const operator = operators.get(l.index);
    return {
      index: l.index,
      name: operator?.name ?? '',
      kernel: operator?.kernel ?? '',
      energyUj: l.energyUj,
      energy: formatWithUncertainty(l.energyUj, l.plusMinusUj),
      net: l.netUj === null ? '—' : formatWithUncertainty(l.netUj, l.plusMinusUj),
      duration: (l.durationUs / 1000).toFixed(3),
      current: l.meanCurrentA === null ? '—' : (l.meanCurrentA * 1000).toFixed(2),
      share: ((l.energyUj / sumUj) * 100).toFixed(1),
      perMac: operator?.macs ? ((l.energyUj / operator.macs) * 1000).toFixed(2) : '',
    };
  });
  return {
    rows,
    sumUj,
    commonShare: layers.reduce((sum, l) => sum + l.commonUj, 0) / sumUj,
    inferences: Math.min(...layers.map((l) => l.inferences)),
  };
}

/** One sentence for every place that shows the table. */
export function layerSentence({ sumUj, commonShare, inferences }: LayerTable): string {
  return (
    `Read from the trace between the edges of the operator pins, mean of ${inferences} inferences. ± is what may be ` +
    `shifted between neighbours; gain, offset, supply and clock of the monitor add ±${(commonShare * 100).toPrecision(2)} % ` +
    `to all alike. Sum ${sumUj.toPrecision(4)} µJ an inference.`
  );
}
