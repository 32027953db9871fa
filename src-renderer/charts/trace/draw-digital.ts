import { columnsIn } from './columns.ts';
import type { Context } from './context.ts';
import type { TraceModel } from './trace-model.ts';

/** What the pins mean on a board of ours (docs/adr/0002-pins.md). */
export const PIN_NAMES: readonly string[] = ['window', 'op 0', 'op 1', 'op 2', 'time'];

/** A lane a logic channel: high, low, or both within a column. */
export function drawDigital(ctx: Context, model: TraceModel): void {
  const { layout, columns, overview, view, colours } = model;
  const { left, plotWidth } = layout;
  const drawn = columns && columnsIn(columns.borders, view)[1] > 0 ? columns : overview;
  for (const lane of layout.digital) {
    const top = Math.round(lane.top) + 4;
    const foot = Math.round(lane.top + lane.height) - 3;
    ctx.textAlign = 'right';
    ctx.fillStyle = colours.ink;
    const name = model.run ? PIN_NAMES[lane.channel] : undefined;
    ctx.fillText(name ? `D${lane.channel} ${name}` : `D${lane.channel}`, left - 8, (top + foot) / 2);
    ctx.strokeStyle = colours.grid;
    ctx.beginPath();
    ctx.moveTo(left, foot + 2.5);
    ctx.lineTo(left + plotWidth, foot + 2.5);
    ctx.stroke();
    if (drawn) drawLevels(ctx, model, drawn, 1 << lane.channel, top, foot);
  }
}

function drawLevels(
  ctx: Context,
  { layout, view, colours }: TraceModel,
  { borders, or, and, min }: NonNullable<TraceModel['columns']>,
  bit: number,
  top: number,
  foot: number,
): void {
  const { left, plotWidth } = layout;
  const perSample = plotWidth / (view.to - view.from);
  const [first, end] = columnsIn(borders, view);
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top - 2, plotWidth, foot - top + 4);
  ctx.clip();
  ctx.fillStyle = colours['data-1'];
  ctx.strokeStyle = colours['data-1'];
  ctx.lineWidth = 1.25;
  ctx.beginPath();
  // one run of equal columns is one piece: a quiet lane is one line
  for (let k = first; k < end;) {
    const high = (and[k]! & bit) !== 0;
    const both = !high && (or[k]! & bit) !== 0;
    const missing = min[k] !== min[k];
    let next = k + 1;
    while (
      next < end &&
      ((and[next]! & bit) !== 0) === high &&
      (!((and[next]! & bit) !== 0) && (or[next]! & bit) !== 0) === both &&
      (min[next] !== min[next]) === missing
    )
      next++;
    const x0 = left + (borders[k]! - view.from) * perSample;
    const x1 = left + (borders[next]! - view.from) * perSample;
    if (missing) {
      // levels are not known in a gap
    } else if (both) {
      ctx.globalAlpha = 0.5;
      ctx.fillRect(x0, top, Math.max(1, x1 - x0), foot - top);
      ctx.globalAlpha = 1;
    } else {
      const y = high ? top : foot;
      if (high) {
        ctx.globalAlpha = 0.16;
        ctx.fillRect(x0, top, Math.max(1, x1 - x0), foot - top);
        ctx.globalAlpha = 1;
        ctx.moveTo(x0, foot);
        ctx.lineTo(x0, top);
      } else ctx.moveTo(x0, y);
      ctx.lineTo(x1, y);
      if (high) ctx.lineTo(x1, foot);
    }
    k = next;
  }
  ctx.stroke();
  ctx.restore();
}
