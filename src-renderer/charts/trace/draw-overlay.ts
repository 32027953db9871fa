import { line, type Context } from './context.ts';
import { xOf } from './span-view.ts';
import type { TraceModel, TraceOverlay } from './trace-model.ts';
import { spanBetween } from './marker-pair.ts';

/** Markers, selection and cursor, on a layer above the picture: the picture is not drawn again for them. */
export function drawOverlay(ctx: Context, model: TraceModel, overlay: TraceOverlay): void {
  const { layout, view, colours } = model;
  const { left, plotWidth, plot } = layout;
  ctx.clearRect(0, 0, layout.width, layout.height);
  ctx.font = `11.5px ${colours.font}`;
  ctx.textBaseline = 'middle';
  const axis = { view, left, width: plotWidth };
  const last = layout.digital.at(-1) ?? layout.operators ?? plot;
  const foot = last.top + last.height;
  const selected = overlay.dragged ?? spanBetween(overlay.markers);
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, 0, plotWidth, foot);
  ctx.clip();
  if (selected) {
    const x = xOf(axis, selected.from);
    ctx.fillStyle = colours.accent;
    ctx.globalAlpha = 0.1;
    ctx.fillRect(x, plot.top, xOf(axis, selected.to) - x, foot - plot.top);
    ctx.globalAlpha = 1;
  }
  if (overlay.liveEnd !== null) {
    const x = Math.round(xOf(axis, overlay.liveEnd)) + 0.5;
    ctx.strokeStyle = colours['data-6'];
    ctx.setLineDash([2, 3]);
    line(ctx, x, plot.top, x, foot);
    ctx.setLineDash([]);
  }
  for (const name of ['a', 'b'] as const) {
    const at = overlay.markers[name];
    if (at !== null) drawMarker(ctx, model, name, xOf(axis, at), foot);
  }
  ctx.restore();
  if (overlay.cursor !== null) drawCursor(ctx, model, overlay, xOf(axis, overlay.cursor), foot);
  drawMinimapMarkers(ctx, model, overlay);
}

function drawMarker(
  ctx: Context,
  { layout, colours }: TraceModel,
  name: 'a' | 'b',
  x: number,
  foot: number,
): void {
  const at = Math.round(x) + 0.5;
  ctx.strokeStyle = colours.accent;
  ctx.lineWidth = 1.5;
  if (name === 'b') ctx.setLineDash([5, 3]);
  line(ctx, at, layout.ruler.top + layout.ruler.height - 4, at, foot);
  ctx.setLineDash([]);
  ctx.lineWidth = 1;
  ctx.fillStyle = colours.accent;
  ctx.fillRect(at - 8, layout.ruler.top + layout.ruler.height - 18, 16, 16);
  ctx.fillStyle = colours.paper;
  ctx.textAlign = 'center';
  ctx.font = `700 11px ${colours.font}`;
  ctx.fillText(name.toUpperCase(), at, layout.ruler.top + layout.ruler.height - 9.5);
}

const LINE = 16;

function drawCursor(
  ctx: Context,
  { layout, colours }: TraceModel,
  overlay: TraceOverlay,
  x: number,
  foot: number,
): void {
  const { left, plotWidth, plot } = layout;
  if (x < left || x > left + plotWidth) return;
  const at = Math.round(x) + 0.5;
  ctx.strokeStyle = colours['line-strong'];
  line(ctx, at, plot.top, at, foot);
  const texts = overlay.cursorText;
  if (texts.length === 0) return;
  ctx.font = `11.5px ${colours.font}`;
  let width = 0;
  for (const text of texts) width = Math.max(width, ctx.measureText(text).width);
  width += 16;
  const height = texts.length * LINE + 8;
  const before = at + 10 + width > left + plotWidth;
  const boxX = before ? Math.max(left, at - 10 - width) : at + 10;
  const boxY = plot.top + 24;
  ctx.fillStyle = colours.panel;
  ctx.strokeStyle = colours.line;
  ctx.beginPath();
  ctx.rect(Math.round(boxX) + 0.5, Math.round(boxY) + 0.5, Math.round(width), height);
  ctx.fill();
  ctx.stroke();
  ctx.textAlign = 'left';
  for (let i = 0; i < texts.length; i++) {
    ctx.fillStyle = i === 0 ? colours.muted : colours.ink;
    ctx.fillText(texts[i]!, boxX + 8, boxY + 4 + LINE * (i + 0.5));
  }
}

function drawMinimapMarkers(
  ctx: Context,
  { layout, lengthSamples, colours }: TraceModel,
  { markers }: TraceOverlay,
): void {
  const { minimap, left, plotWidth } = layout;
  ctx.strokeStyle = colours.accent;
  for (const at of [markers.a, markers.b]) {
    if (at === null) continue;
    const x = Math.round(left + (at / Math.max(1, lengthSamples)) * plotWidth) + 0.5;
    line(ctx, x, minimap.top, x, minimap.top + minimap.height);
  }
}
