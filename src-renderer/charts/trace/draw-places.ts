import type { TraceEnvelope, TracePlaces } from '../../../src-main/contract/trace.ts';
import { columnsIn } from './columns.ts';
import { line, type Context } from './context.ts';
import { xOf, type Axis } from './span-view.ts';
import type { TraceModel } from './trace-model.ts';

/** Marks narrower than this are drawn as wide: a single lost sample in a day can be seen. */
const LEAST_MARK = 2;
const STRIPE = 7;

const axisOf = ({ layout, view }: TraceModel): Axis => ({
  view,
  left: layout.left,
  width: layout.plotWidth,
});

/** From the top of the plot to the last lane. */
function depthOf({ layout }: TraceModel): number {
  const last = layout.digital.at(-1) ?? layout.operators ?? layout.plot;
  return last.top + last.height - layout.plot.top;
}

/** Windows of D0 as shaded regions; those that do not count are striped and say why. */
export function drawWindows(ctx: Context, model: TraceModel): void {
  const { places, columns, colours, layout } = model;
  const depth = depthOf(model);
  ctx.save();
  ctx.beginPath();
  ctx.rect(layout.left, layout.plot.top, layout.plotWidth, depth);
  ctx.clip();
  if (places?.windows) {
    for (const w of places.windows) {
      const x = xOf(axisOf(model), w.startSample);
      const width = Math.max(1, xOf(axisOf(model), w.endSample) - x);
      ctx.fillStyle = colours['accent-soft'];
      ctx.globalAlpha = 0.75;
      ctx.fillRect(x, layout.plot.top, width, depth);
      ctx.globalAlpha = 1;
    }
    drawRunWindows(ctx, model, depth);
  } else if (places && columns) {
    drawDenseWindows(ctx, model, columns, depth);
  }
  ctx.restore();
}

/** Too many to know one by one: as dense as D0 is high. Equal neighbours are one piece. */
function drawDenseWindows(ctx: Context, model: TraceModel, columns: TraceEnvelope, depth: number): void {
  const { colours, layout, view } = model;
  const { borders, or, and } = columns;
  const axis = axisOf(model);
  const [first, end] = columnsIn(borders, view);
  ctx.fillStyle = colours['accent-soft'];
  for (let k = first; k < end;) {
    const some = or[k]! & 1;
    const all = and[k]! & 1;
    let next = k + 1;
    while (next < end && (or[next]! & 1) === some && (and[next]! & 1) === all) next++;
    if (some) {
      const x = xOf(axis, borders[k]!);
      ctx.globalAlpha = all ? 0.75 : 0.35;
      ctx.fillRect(x, layout.plot.top, xOf(axis, borders[next]!) - x, depth);
    }
    k = next;
  }
  ctx.globalAlpha = 1;
}

function drawRunWindows(ctx: Context, model: TraceModel, depth: number): void {
  const { run, colours, layout, view } = model;
  for (const w of run?.windows ?? []) {
    if (w.endSample < view.from || w.startSample > view.to) continue;
    const x = xOf(axisOf(model), w.startSample);
    const width = xOf(axisOf(model), w.endSample) - x;
    if (w.status === 'excluded') stripes(ctx, x, layout.plot.top, width, depth, colours.warn);
    const shown = Math.max(x, layout.left);
    const room = Math.min(x + width, layout.left + layout.plotWidth) - shown - 12;
    const count = `${w.inferences} inference${w.inferences === 1 ? '' : 's'}`;
    const texts =
      w.status === 'excluded'
        ? [`window ${w.index + 1} excluded: ${w.exclusion?.id ?? ''}`, `window ${w.index + 1} excluded`]
        : [`window ${w.index + 1} · ${count}`, `window ${w.index + 1}`, String(w.index + 1)];
    ctx.fillStyle = w.status === 'excluded' ? colours.warn : colours.muted;
    ctx.textAlign = 'left';
    const text = texts.find((t) => ctx.measureText(t).width <= room);
    if (text) ctx.fillText(text, shown + 6, layout.plot.top + 10);
  }
}

/** Missing samples: striped over the whole height, never narrower than can be seen, never crossed by a line. */
export function drawGaps(ctx: Context, model: TraceModel): void {
  const { places, columns, colours, layout, view } = model;
  const { plot, left, plotWidth } = layout;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, plot.top, plotWidth, plot.height);
  ctx.clip();
  if (places)
    for (const gap of places.gaps) {
      const x = xOf(axisOf(model), gap.firstSample);
      const width = Math.max(LEAST_MARK, xOf(axisOf(model), gap.endSample) - x);
      if (x > left + plotWidth || x + width < left) continue;
      // several that share this place are not all of it
      gapAt(ctx, model, x, width, gap.count > 1 && gap.endSample - gap.firstSample > gap.missing);
    }
  else if (columns) {
    const [first, end] = columnsIn(columns.borders, view);
    for (let k = first; k < end; k++) {
      if (columns.min[k] === columns.min[k]) continue;
      const x = xOf(axisOf(model), columns.borders[k]!);
      ctx.fillStyle = colours['warn-soft'];
      ctx.fillRect(
        x,
        plot.top,
        Math.max(LEAST_MARK, xOf(axisOf(model), columns.borders[k + 1]!) - x),
        plot.height,
      );
    }
  }
  ctx.restore();
}

function gapAt(
  ctx: Context,
  { layout, colours }: TraceModel,
  x: number,
  width: number,
  partly: boolean,
): void {
  const { plot, left, plotWidth } = layout;
  const from = Math.max(x, left - STRIPE);
  const shown = Math.min(x + width, left + plotWidth + STRIPE) - from;
  if (!partly) {
    ctx.fillStyle = colours['warn-soft'];
    ctx.fillRect(from, plot.top, shown, plot.height);
  }
  if (width > 5) stripes(ctx, from, plot.top, shown, plot.height, colours.warn);
  else {
    ctx.fillStyle = colours.warn;
    ctx.globalAlpha = partly ? 0.5 : 0.85;
    ctx.fillRect(x, plot.top, width, plot.height);
    ctx.globalAlpha = 1;
  }
}

function stripes(ctx: Context, x: number, top: number, width: number, height: number, colour: string): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, top, width, height);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.globalAlpha = 0.55;
  ctx.lineWidth = 1;
  ctx.beginPath();
  const first = Math.floor((x - height) / STRIPE) * STRIPE;
  for (let s = first; s < x + width; s += STRIPE) {
    ctx.moveTo(s, top + height);
    ctx.lineTo(s + height, top);
  }
  ctx.stroke();
  ctx.restore();
}

export type MarkLook = 'lost' | 'clipped' | 'supply' | 'clock' | 'over' | 'note';

/** Letter and kind of a mark: never told by colour alone. */
export function markLook(kind: string): { readonly look: MarkLook; readonly letter: string } {
  if (/lost|silent|stalled|overrun|resync|misaligned|truncat|left-over|unused/.test(kind))
    return { look: 'lost', letter: 'L' };
  if (/clip|full-scale|saturat/.test(kind)) return { look: 'clipped', letter: 'C' };
  if (/brown|supply|voltage/.test(kind)) return { look: 'supply', letter: 'V' };
  if (/drift|clock|time-jump|extra-samples/.test(kind)) return { look: 'clock', letter: 'T' };
  if (/over-?current|over-?range/.test(kind)) return { look: 'over', letter: '!' };
  return { look: 'note', letter: 'i' };
}

export const MARK_FLAG = 15;

/** Places of the flags: those that would cover each other become one. Pixels. */
export function flagsOf(
  marks: TracePlaces['marks'],
  axis: Axis,
): readonly { readonly x: number; readonly count: number; readonly kind: string; readonly first: number }[] {
  const flags: { x: number; count: number; kind: string; first: number }[] = [];
  for (const [i, mark] of marks.entries()) {
    const x = xOf(axis, mark.sample);
    if (x < axis.left - 1 || x > axis.left + axis.width + 1) continue;
    const last = flags.at(-1);
    if (last && x - last.x < MARK_FLAG) last.count += mark.count;
    else flags.push({ x, count: mark.count, kind: mark.kind, first: i });
  }
  return flags;
}

/** What the monitor said about a place: a dashed line with a flag at the foot of the plot. */
export function drawMarks(ctx: Context, model: TraceModel): void {
  const { places, colours, layout } = model;
  if (!places || places.marks.length === 0) return;
  const { plot } = layout;
  const foot = plot.top + plot.height;
  ctx.save();
  ctx.font = `600 10px ${colours.font}`;
  ctx.textAlign = 'center';
  for (const { x, count, kind } of flagsOf(places.marks, axisOf(model))) {
    const { look, letter } = markLook(kind);
    const colour =
      look === 'note' ? colours.muted : look === 'over' || look === 'clipped' ? colours.bad : colours.warn;
    ctx.strokeStyle = colour;
    ctx.setLineDash([3, 3]);
    line(ctx, Math.round(x) + 0.5, plot.top, Math.round(x) + 0.5, foot);
    ctx.setLineDash([]);
    const text = count > 1 ? `${count > 99 ? '99+' : count}` : letter;
    const width = Math.max(MARK_FLAG - 1, ctx.measureText(text).width + 6);
    const at = Math.min(Math.max(x, layout.left + width / 2), layout.left + layout.plotWidth - width / 2);
    ctx.fillStyle = colour;
    ctx.fillRect(at - width / 2, foot - MARK_FLAG, width, MARK_FLAG);
    ctx.fillStyle = colours.paper;
    ctx.fillText(text, at, foot - MARK_FLAG / 2 + 0.5);
  }
  ctx.restore();
}
