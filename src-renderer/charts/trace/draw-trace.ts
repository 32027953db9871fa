import { columnsIn } from './columns.ts';
import { line, type Context } from './context.ts';
import { drawDigital } from './draw-digital.ts';
import { drawMinimap } from './draw-minimap.ts';
import { drawNotes, drawOperators } from './draw-operators.ts';
import { drawGaps, drawMarks, drawWindows } from './draw-places.ts';
import { drawSignal } from './draw-signal.ts';
import { xOf } from './span-view.ts';
import { timeTicks } from './time-axis.ts';
import type { TraceModel } from './trace-model.ts';
import { shareOf, valueTicks } from './value-axis.ts';

/** The whole picture but what moves with the pointer. The context is scaled to CSS pixels. */
export function drawTrace(ctx: Context, model: TraceModel): void {
  const { layout, colours } = model;
  ctx.fillStyle = colours.paper;
  ctx.fillRect(0, 0, layout.width, layout.height);
  ctx.font = `11.5px ${colours.font}`;
  ctx.textBaseline = 'middle';
  drawRuler(ctx, model);
  drawWindows(ctx, model);
  drawGrid(ctx, model);
  drawData(ctx, model);
  drawGaps(ctx, model);
  drawMarks(ctx, model);
  drawDigital(ctx, model);
  if (layout.operators) drawOperators(ctx, model, layout.operators);
  if (layout.notes) drawNotes(ctx, model, layout.notes);
  drawMinimap(ctx, model);
}

/** The overview lies under the columns where these do not reach: nothing is ever blank while it is fetched. */
function drawData(ctx: Context, model: TraceModel): void {
  const { plot, left, plotWidth } = model.layout;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, plot.top, plotWidth, plot.height);
  ctx.clip();
  const { columns, overview, view } = model;
  const [first, end] = columns ? columnsIn(columns.borders, view) : [0, 0];
  if (overview && columns && end > first) {
    const covered = { from: columns.borders[first]!, to: columns.borders[end]! };
    if (covered.from > view.from) drawSignal(ctx, model, overview, view.from, covered.from);
    if (covered.to < view.to) drawSignal(ctx, model, overview, covered.to, view.to);
  } else if (overview) drawSignal(ctx, model, overview, view.from, view.to);
  if (columns && end > first) drawSignal(ctx, model, columns, view.from, view.to);
  ctx.restore();
}

function drawRuler(ctx: Context, model: TraceModel): void {
  const { layout, view, sampleRateHz, colours } = model;
  const { ruler, left, plotWidth, plot } = layout;
  const { ticks, base, stepS } = timeTicks(view, sampleRateHz, plotWidth);
  ctx.textAlign = 'left';
  const axis = { view, left, width: plotWidth };
  const y = ruler.top + ruler.height / 2 - 1;
  for (const { at, label } of ticks) {
    const x = Math.round(xOf(axis, at * sampleRateHz)) + 0.5;
    ctx.strokeStyle = colours.grid;
    line(ctx, x, plot.top, x, plot.top + plot.height);
    ctx.strokeStyle = colours['line-strong'];
    line(ctx, x, ruler.top + ruler.height - 6, x, ruler.top + ruler.height);
    const width = ctx.measureText(label).width;
    if (x + 5 + width > left + plotWidth) continue;
    ctx.fillStyle = colours.muted;
    ctx.fillText(label, x + 5, y);
  }
  minorTicks(ctx, model, stepS);
  if (!base) return;
  ctx.fillStyle = colours.ink;
  ctx.textAlign = 'right';
  ctx.fillText(base, left - 8, y);
}

function minorTicks(ctx: Context, { layout, view, sampleRateHz, colours }: TraceModel, stepS: number): void {
  const { ruler, left, plotWidth } = layout;
  const axis = { view, left, width: plotWidth };
  const step = (stepS / 5) * sampleRateHz;
  ctx.strokeStyle = colours.line;
  ctx.beginPath();
  for (let i = Math.ceil(view.from / step); i * step <= view.to; i++) {
    const x = Math.round(xOf(axis, i * step)) + 0.5;
    ctx.moveTo(x, ruler.top + ruler.height - 3);
    ctx.lineTo(x, ruler.top + ruler.height);
  }
  ctx.stroke();
}

function drawGrid(ctx: Context, { layout, scale, quantity, colours }: TraceModel): void {
  const { plot, field, left, plotWidth } = layout;
  ctx.textAlign = 'right';
  for (const { at, label } of valueTicks(scale, field.height, quantity === 'power' ? 'W' : 'A')) {
    const y = Math.round(field.top + field.height * (1 - shareOf(scale, at))) + 0.5;
    if (y < field.top - 1 || y > field.top + field.height + 1) continue;
    ctx.strokeStyle = at === 0 ? colours['line-strong'] : colours.grid;
    line(ctx, left, y, left + plotWidth, y);
    ctx.fillStyle = colours.muted;
    ctx.fillText(label, left - 8, Math.min(plot.top + plot.height - 6, Math.max(plot.top + 6, y)));
  }
  ctx.strokeStyle = colours.line;
  ctx.strokeRect(left - 0.5, plot.top + 0.5, plotWidth + 1, plot.height);
}
