import type { LayerEnergy, WindowResult } from '../contract/index.ts';

/**
 * Energy per layer over the windows that have it: means of the windows' means. The statistical part goes down with the
 * number of windows; what is systematic in one is so in all.
 */
export function meanLayers(windows: readonly WindowResult[]): LayerEnergy[] | null {
  const all = windows.flatMap((w) => (w.energy?.layers ? [w.energy.layers] : []));
  const first = all[0];
  if (!first || all.some((layers) => layers.length !== first.length)) return null;
  return first.map((l, k) =>
    meanLayer(
      l.index,
      all.map((layers) => layers[k]!),
    ),
  );
}

function meanLayer(index: number, layers: readonly LayerEnergy[]): LayerEnergy {
  const n = layers.length;
  const mean = (value: (l: LayerEnergy) => number) => layers.reduce((sum, l) => sum + value(l), 0) / n;
  const currents = layers.flatMap((l) => (l.meanCurrentA === null ? [] : [l.meanCurrentA]));
  const statisticalUj = Math.sqrt(mean((l) => l.statisticalUj ** 2) / n);
  const boundUj = mean((l) => l.plusMinusUj - 2 * l.statisticalUj);
  return {
    index,
    energyUj: mean((l) => l.energyUj),
    netUj: layers.some((l) => l.netUj === null) ? null : mean((l) => l.netUj!),
    durationUs: mean((l) => l.durationUs),
    meanCurrentA: currents.length ? currents.reduce((a, b) => a + b, 0) / currents.length : null,
    inferences: layers.reduce((sum, l) => sum + l.inferences, 0),
    statisticalUj,
    plusMinusUj: 2 * statisticalUj + boundUj,
    commonUj: mean((l) => l.commonUj),
  };
}
