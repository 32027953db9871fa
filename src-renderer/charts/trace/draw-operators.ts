import { formatWithUncertainty } from '../../../src-main/base/statistics.ts';
import type { TraceRun } from '../../../src-main/contract/trace.ts';
import type { ColourName, Context } from './context.ts';
import type { Band } from './layout.ts';
import { xOf } from './span-view.ts';
import type { TraceModel } from './trace-model.ts';

const FILLS: readonly ColourName[] = ['data-1', 'data-2', 'data-3', 'data-4', 'data-5', 'data-6'];

export function operatorFill(index: number): ColourName {
  return FILLS[index % FILLS.length]!;
}

/** `2 CONV_2D`, as tables and graph number them; a number alone where no name is known. */
export function operatorName(run: TraceRun | null, index: number): string {
  const name = run?.operators[index]?.name;
  return name ? `${index} ${name}` : String(index);
}

/** `1204 ± 3 µJ` of one inference, as the run measured it; '' where it did not. */
export function operatorEnergy(run: TraceRun | null, index: number): string {
  const layer = run?.layers?.[index];
  return layer ? `${formatWithUncertainty(layer.energyUj, layer.plusMinusUj)} µJ` : '';
}

/** Operators of the inferences in view, in place; labels where they fit. */
export function drawOperators(ctx: Context, model: TraceModel, band: Band): void {
  const { layout, operators, view, colours, run } = model;
  const { left, plotWidth } = layout;
  ctx.textAlign = 'right';
  ctx.fillStyle = colours.ink;
  ctx.fillText(
    operators?.level === 'inferences' ? 'inferences' : 'operators',
    left - 8,
    band.top + band.height / 2,
  );
  ctx.fillStyle = colours.panel;
  ctx.fillRect(left, band.top, plotWidth, band.height);
  if (!operators) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, band.top, plotWidth, band.height);
  ctx.clip();
  if (operators.from.length === 0) {
    const why = operators.failure?.cause ?? emptyWords(model);
    ctx.fillStyle = colours.muted;
    ctx.textAlign = 'left';
    ctx.fillText(why, left + 8, band.top + band.height / 2);
  }
  const axis = { view, left, width: plotWidth };
  for (let i = 0; i < operators.from.length; i++) {
    const x = xOf(axis, operators.from[i]!);
    const end = xOf(axis, operators.to[i]!);
    if (end < left || x > left + plotWidth) continue;
    const whole = operators.level === 'inferences';
    const index = operators.operator[i]!;
    const colour = whole ? (operators.inference[i]! % 2 ? 'data-5' : 'data-1') : operatorFill(index);
    const width = Math.max(0.6, end - x);
    ctx.fillStyle = colours[colour];
    ctx.globalAlpha = 0.28;
    ctx.fillRect(x, band.top, width, band.height);
    ctx.globalAlpha = 1;
    if (width > 3) {
      ctx.fillRect(x, band.top, 2, band.height);
      ctx.fillRect(x, band.top, width - 1, 3);
    }
    if (width < 14) continue;
    const shown = Math.max(x, left);
    const room = Math.min(end, left + plotWidth) - shown - 9;
    label(
      ctx,
      model,
      band,
      shown + 6,
      room,
      whole ? `inference ${operators.inference[i]! + 1}` : operatorName(run, index),
      whole ? '' : operatorEnergy(run, index),
    );
  }
  ctx.restore();
}

function emptyWords({ operators, run }: TraceModel): string {
  if (operators?.level === 'none' && run && run.windows.length > 0)
    return 'No inference here, or too many to show: zoom in.';
  return 'No inference of the run is in this part.';
}

function label(
  ctx: Context,
  { colours }: TraceModel,
  band: Band,
  x: number,
  room: number,
  name: string,
  energy: string,
): void {
  ctx.textAlign = 'left';
  const short = name.split(' ')[0]!;
  const text = ctx.measureText(name).width <= room ? name : ctx.measureText(short).width <= room ? short : '';
  if (!text) return;
  const two = energy !== '' && ctx.measureText(energy).width <= room;
  ctx.fillStyle = colours.ink;
  ctx.fillText(text, x, band.top + (two ? 15 : band.height / 2 + 1));
  if (!two) return;
  ctx.fillStyle = colours.muted;
  ctx.fillText(energy, x, band.top + 31);
}

/** Remarks of people on spans. */
export function drawNotes(ctx: Context, model: TraceModel, band: Band): void {
  const { layout, places, view, colours } = model;
  const { left, plotWidth } = layout;
  const axis = { view, left, width: plotWidth };
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, band.top, plotWidth, band.height);
  ctx.clip();
  ctx.textAlign = 'left';
  for (const note of places?.annotations ?? []) {
    const x = xOf(axis, note.fromSample);
    const width = Math.max(2, xOf(axis, note.toSample) - x);
    ctx.fillStyle = colours['data-4'];
    ctx.globalAlpha = 0.25;
    ctx.fillRect(x, band.top + 2, width, band.height - 5);
    ctx.globalAlpha = 1;
    ctx.fillRect(x, band.top + 2, 2, band.height - 5);
    ctx.fillStyle = colours.ink;
    ctx.fillText(note.text, Math.max(x, left) + 6, band.top + band.height / 2);
  }
  ctx.restore();
  ctx.textAlign = 'right';
  ctx.fillStyle = colours.ink;
  ctx.fillText('notes', left - 8, band.top + band.height / 2);
}
