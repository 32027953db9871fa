import type { TraceEnvelope } from '../../../src-main/contract/trace.ts';
import { columnsIn } from './columns.ts';
import type { Context } from './context.ts';
import type { TraceModel } from './trace-model.ts';
import type { ValueScale } from './value-axis.ts';

/** From so many pixels a sample on, each sample is a dot as well. */
const DOT_PIXELS = 6;

/** Device pixels of a value. Made once a picture; called for each column. */
function heightOf(scale: ValueScale, top: number, height: number, factor: number): (value: number) => number {
  const { low, high } = scale;
  if (scale.kind === 'linear') {
    const slope = (height * factor) / (high - low);
    const zero = top + height + (low * height) / (high - low);
    return (value) => zero - value * slope;
  }
  const floor = Math.log10(low);
  const slope = height / (Math.log10(high) - floor);
  return (value) => {
    const v = value * factor;
    return top + height - (v > low ? Math.log10(v) - floor : 0) * slope;
  };
}

/**
 * Columns of an envelope between two places of the view: from least to greatest and the mean; where a column is one sample, steps
 * (a sample is constant over its period) and dots. Neighbouring columns touch, for the current went from one to the other; gaps
 * are never crossed. Hot: nothing is allocated per column.
 */
export function drawSignal(
  ctx: Context,
  model: TraceModel,
  envelope: TraceEnvelope,
  from: number,
  to: number,
): void {
  const { layout, view, pixelRatio: ratio } = model;
  const { borders } = envelope;
  const [first, end] = columnsIn(borders, { from, to });
  if (end <= first) return;
  const perSample = (layout.plotWidth * ratio) / (view.to - view.from);
  const columnPixels = (perSample * (borders[end]! - borders[first]!)) / (end - first);
  const y = heightOf(model.scale, layout.field.top * ratio, layout.field.height * ratio, model.factor);
  ctx.save();
  ctx.scale(1 / ratio, 1 / ratio);
  ctx.beginPath();
  const x0 = layout.left * ratio + (from - view.from) * perSample;
  const x1 = layout.left * ratio + (to - view.from) * perSample;
  ctx.rect(x0, layout.plot.top * ratio, x1 - x0, layout.plot.height * ratio);
  ctx.clip();
  const colour = model.source === 'measured' ? model.colours['data-1'] : model.colours['data-3'];
  const single = borders[end]! - borders[first]! <= end - first;
  const origin = layout.left * ratio - view.from * perSample;
  const place = { origin, perSample, ratio, y };
  if (single) drawSteps(ctx, envelope, first, end, place, colour, columnPixels);
  else drawBars(ctx, envelope, first, end, place, colour);
  ctx.restore();
}

interface Place {
  /** Device pixel of sample 0. */
  readonly origin: number;
  readonly perSample: number;
  readonly ratio: number;
  readonly y: (value: number) => number;
}

function drawBars(
  ctx: Context,
  { borders, min, max, mean, coverage }: TraceEnvelope,
  first: number,
  end: number,
  { origin, perSample, ratio, y }: Place,
  colour: string,
): void {
  ctx.fillStyle = colour;
  ctx.globalAlpha = 0.42;
  let pixel = NaN;
  let nextPixel = 0;
  let top = Infinity;
  let foot = -Infinity;
  let lastTop = NaN;
  let lastFoot = NaN;
  for (let k = first; k <= end; k++) {
    const x = k < end ? Math.floor(origin + borders[k]! * perSample) : Infinity;
    if (x !== pixel) {
      if (foot >= top) ctx.fillRect(pixel, top, Math.max(1, nextPixel - pixel), Math.max(ratio, foot - top));
      if (k === end) break;
      const empty = foot < top;
      lastTop = empty ? NaN : top;
      lastFoot = empty ? NaN : foot;
      pixel = x;
      top = Infinity;
      foot = -Infinity;
    }
    nextPixel = Math.floor(origin + borders[k + 1]! * perSample);
    const low = min[k]!;
    if (low !== low) {
      // what came before does not reach over a gap
      lastTop = NaN;
      lastFoot = NaN;
      continue;
    }
    const a = y(max[k]!);
    const b = y(low);
    if (a < top) top = a;
    if (b > foot) foot = b;
    if (coverage[k]! < 1) continue;
    if (lastTop > foot) foot = lastTop;
    if (lastFoot < top) top = lastFoot;
  }
  ctx.globalAlpha = 1;
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.25 * ratio;
  ctx.lineJoin = 'round';
  ctx.beginPath();
  let broken = true;
  for (let k = first; k < end; k++) {
    const value = mean[k]!;
    if (value !== value) {
      broken = true;
      continue;
    }
    const x = origin + ((borders[k]! + borders[k + 1]!) / 2) * perSample;
    if (broken) ctx.moveTo(x, y(value));
    else ctx.lineTo(x, y(value));
    broken = false;
  }
  ctx.stroke();
}

function drawSteps(
  ctx: Context,
  { borders, mean }: TraceEnvelope,
  first: number,
  end: number,
  { origin, perSample, ratio, y }: Place,
  colour: string,
  columnPixels: number,
): void {
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.5 * ratio;
  ctx.lineJoin = 'round';
  ctx.beginPath();
  let broken = true;
  for (let k = first; k < end; k++) {
    const value = mean[k]!;
    if (value !== value) {
      broken = true;
      continue;
    }
    const height = y(value);
    const x = origin + borders[k]! * perSample;
    if (broken) ctx.moveTo(x, height);
    else ctx.lineTo(x, height);
    ctx.lineTo(origin + borders[k + 1]! * perSample, height);
    broken = false;
  }
  ctx.stroke();
  if (columnPixels < DOT_PIXELS * ratio) return;
  ctx.fillStyle = colour;
  const size = Math.min(5, columnPixels / (2.5 * ratio)) * ratio;
  for (let k = first; k < end; k++) {
    const value = mean[k]!;
    if (value !== value) continue;
    const x = origin + ((borders[k]! + borders[k + 1]!) / 2) * perSample;
    ctx.fillRect(x - size / 2, y(value) - size / 2, size, size);
  }
}
