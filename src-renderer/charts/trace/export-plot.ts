import type { TracePlot } from '../../../src-main/chart/trace-plot.ts';
import type { TraceInfo } from '../../../src-main/contract/trace.ts';
import { columnsIn } from './columns.ts';
import { PIN_NAMES } from './draw-digital.ts';
import { operatorEnergy, operatorName } from './draw-operators.ts';
import { markLook } from './draw-places.ts';
import type { MarkerPair } from './marker-pair.ts';
import type { TraceModel } from './trace-model.ts';

/** What is on the screen, for `tracePlot`. */
export function plotOf(model: TraceModel, info: TraceInfo, markers: MarkerPair): TracePlot {
  const { view, places, run, operators } = model;
  const seen =
    model.columns && columnsIn(model.columns.borders, view)[1] > 0 ? model.columns : model.overview;
  const empty = { borders: [], min: [], max: [], mean: [], or: [], and: [] };
  const windows = run?.windows.length
    ? run.windows.map((w) => ({ from: w.startSample, to: w.endSample, label: `window ${w.index + 1}` }))
    : (places?.windows ?? []).map((w) => ({ from: w.startSample, to: w.endSample, label: 'D0 high' }));
  const monitor = `${info.monitor.kind}${info.monitor.serial ? ` ${info.monitor.serial}` : ''}`;
  return {
    title: info.title,
    source: info.source,
    caption: `${info.source}, ${monitor}, ${info.sampleRateHz} samples/s, trace ${info.id}`,
    sampleRateHz: info.sampleRateHz,
    fromSample: view.from,
    toSample: view.to,
    columns: seen ?? empty,
    factor: model.factor,
    unit: model.quantity === 'power' ? 'W' : 'A',
    scale: model.scale,
    windows: windows.filter((w) => w.to > view.from && w.from < view.to),
    gaps: (places?.gaps ?? []).map((g) => ({ from: g.firstSample, to: g.endSample })),
    marks: (places?.marks ?? []).map((m) => ({ sample: m.sample, label: markLook(m.kind).letter })),
    operators:
      operators?.level === 'operators'
        ? Array.from(operators.from, (from, i) => {
            const index = operators.operator[i]!;
            const label = [operatorName(run, index), operatorEnergy(run, index)].filter(Boolean).join(', ');
            return { from, to: operators.to[i]!, label, colour: index };
          })
        : [],
    channels: model.layout.digital.map(({ channel }) => ({
      bit: channel,
      label: run && PIN_NAMES[channel] ? `D${channel} ${PIN_NAMES[channel]}` : `D${channel}`,
    })),
    markers: (['a', 'b'] as const).flatMap((name) => {
      const sample = markers[name];
      return sample === null || sample < view.from || sample > view.to
        ? []
        : [{ sample, label: name.toUpperCase() }];
    }),
  };
}
