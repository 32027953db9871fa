import type { Context } from './context.ts';
import type { TraceModel } from './trace-model.ts';
import { scaleFor, shareOf } from './value-axis.ts';
import { extremesIn, type Extremes } from './columns.ts';

const extremes: Extremes = { min: 0, max: 0, leastPositive: 0 };

/** The whole trace, and which part of it is seen. */
export function drawMinimap(ctx: Context, model: TraceModel): void {
  const { layout, colours, view, lengthSamples } = model;
  const { minimap, left, plotWidth } = layout;
  if (model.minimapImage)
    ctx.drawImage(model.minimapImage as never, left, minimap.top, plotWidth, minimap.height);
  else drawMinimapShape(ctx, model);
  const length = Math.max(1, lengthSamples);
  const x = left + (view.from / length) * plotWidth;
  const width = Math.min(plotWidth, Math.max(4, ((view.to - view.from) / length) * plotWidth));
  const from = Math.max(left, Math.min(x, left + plotWidth - width));
  ctx.fillStyle = colours.paper;
  ctx.globalAlpha = 0.5;
  ctx.fillRect(left, minimap.top, from - left, minimap.height);
  ctx.fillRect(from + width, minimap.top, left + plotWidth - from - width, minimap.height);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = colours.accent;
  ctx.lineWidth = 1.5;
  ctx.strokeRect(from + 0.75, minimap.top + 0.75, Math.max(2.5, width - 1.5), minimap.height - 1.5);
  ctx.lineWidth = 1;
  ctx.textAlign = 'right';
  ctx.fillStyle = colours.muted;
  ctx.fillText('whole', left - 8, minimap.top + minimap.height / 2 - 7);
  ctx.fillText('trace', left - 8, minimap.top + minimap.height / 2 + 7);
}

/** The part that does not change while one looks at other parts of the trace. */
export function drawMinimapShape(ctx: Context, model: TraceModel): void {
  const { layout, colours, overview } = model;
  const { minimap, left, plotWidth } = layout;
  ctx.fillStyle = colours.panel;
  ctx.fillRect(left, minimap.top, plotWidth, minimap.height);
  if (overview) drawShape(ctx, model, overview);
}

function drawShape(ctx: Context, model: TraceModel, overview: NonNullable<TraceModel['overview']>): void {
  const { layout, colours, lengthSamples, scale, source } = model;
  const { minimap, left, plotWidth } = layout;
  const { borders, min, max, or, coverage } = overview;
  const n = min.length;
  extremesIn(overview, 0, n, extremes);
  const own = scaleFor(
    scale.kind,
    scale.kind === 'log' ? extremes.leastPositive : extremes.min,
    extremes.max,
  );
  const y = (value: number) =>
    minimap.top + 2 + (minimap.height - 4) * (1 - Math.min(1, Math.max(0, shareOf(own, value))));
  const per = plotWidth / Math.max(1, lengthSamples);
  for (let k = 0; k < n; k++) {
    const x = Math.floor(left + borders[k]! * per);
    const width = Math.max(1, Math.floor(left + borders[k + 1]! * per) - x);
    if (or[k]! & 1) {
      ctx.fillStyle = colours['accent-soft'];
      ctx.fillRect(x, minimap.top, width, minimap.height);
    }
    if (coverage[k]! < 1) {
      ctx.fillStyle = colours.warn;
      ctx.fillRect(x, minimap.top, Math.max(2, width), 4);
    }
    if (min[k] !== min[k]) continue;
    ctx.fillStyle = source === 'measured' ? colours['data-1'] : colours['data-3'];
    const top = y(max[k]!);
    ctx.fillRect(x, top, width, Math.max(1, y(min[k]!) - top));
  }
}

/** Sample under a pixel of the minimap. */
export function minimapSample(model: Pick<TraceModel, 'layout' | 'lengthSamples'>, x: number): number {
  const { left, plotWidth } = model.layout;
  return Math.min(1, Math.max(0, (x - left) / plotWidth)) * model.lengthSamples;
}
