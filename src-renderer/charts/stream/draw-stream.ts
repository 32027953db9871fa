import { rgbOf, type CanvasColours } from '../../theme/canvas-colours.ts';
import type { Lane } from './lanes.ts';
import { tickUs, timeText, type StreamPicture, type TimeSpan } from './stream-view.ts';

/** Pixels of the labels at the left. */
export const GUTTER = 88;

export interface StreamDrawing {
  readonly picture: StreamPicture;
  readonly lanes: readonly Lane[];
  readonly span: TimeSpan;
  /** CSS pixels of the whole canvas. */
  readonly width: number;
  readonly height: number;
  readonly colours: CanvasColours;
  /** A line at this time; null: none. */
  readonly cursorUs: number | null;
  /** Holds the spectrum between frames. */
  readonly scratch: HTMLCanvasElement;
}

type Context = CanvasRenderingContext2D;

/** Draws all lanes; the context is scaled to CSS pixels. */
export function drawStream(ctx: Context, d: StreamDrawing): void {
  ctx.fillStyle = d.colours.paper;
  ctx.fillRect(0, 0, d.width, d.height);
  ctx.font = `12px ${d.colours.font}`;
  ctx.textBaseline = 'middle';
  for (const lane of d.lanes) {
    label(ctx, d, lane);
    ctx.save();
    ctx.beginPath();
    ctx.rect(GUTTER, lane.top, d.width - GUTTER, lane.height);
    ctx.clip();
    draw[lane.kind](ctx, d, lane);
    ctx.restore();
  }
  gaps(ctx, d);
  cursor(ctx, d);
}

const draw: Record<Lane['kind'], (ctx: Context, d: StreamDrawing, lane: Lane) => void> = {
  ruler,
  wave: (ctx, d, lane) => band(ctx, d, lane, 0, -1, 1),
  axis,
  spectrum,
  truth,
  detections,
  class: classRow,
};

const xOf = (d: StreamDrawing, us: number): number =>
  GUTTER + ((us - d.span.fromUs) / (d.span.toUs - d.span.fromUs)) * (d.width - GUTTER);

/** Time at a pixel. */
export function usAt(x: number, span: TimeSpan, width: number): number {
  return span.fromUs + ((x - GUTTER) / (width - GUTTER)) * (span.toUs - span.fromUs);
}

function label(ctx: Context, d: StreamDrawing, lane: Lane): void {
  if (!lane.label) return;
  ctx.fillStyle = d.colours.muted;
  ctx.textAlign = 'right';
  ctx.fillText(shortened(ctx, lane.label, GUTTER - 18), GUTTER - 10, lane.top + lane.height / 2);
}

function shortened(ctx: Context, text: string, width: number): string {
  if (ctx.measureText(text).width <= width) return text;
  let n = text.length - 1;
  while (n > 1 && ctx.measureText(`${text.slice(0, n)}…`).width > width) n--;
  return `${text.slice(0, n)}…`;
}

function ruler(ctx: Context, d: StreamDrawing, lane: Lane): void {
  const { fromUs, toUs } = d.span;
  const step = tickUs(toUs - fromUs, d.width - GUTTER, 90);
  ctx.textAlign = 'left';
  for (let t = Math.ceil(fromUs / step) * step; t <= toUs; t += step) {
    const x = Math.round(xOf(d, t)) + 0.5;
    ctx.strokeStyle = d.colours.line;
    ctx.beginPath();
    ctx.moveTo(x, lane.top + 4);
    ctx.lineTo(x, lane.top + lane.height);
    ctx.stroke();
    ctx.fillStyle = d.colours.muted;
    ctx.fillText(timeText(t, step), x + 4, lane.top + 10);
  }
}

/** Columns of the signal that a pixel shows. */
function columnsAt(d: StreamDrawing, x: number): readonly [number, number] {
  const { picture } = d;
  const first = usAt(x, d.span, d.width) / picture.columnUs - picture.firstColumn;
  const next = usAt(x + 1, d.span, d.width) / picture.columnUs - picture.firstColumn;
  const from = Math.max(0, Math.floor(first));
  return [from, Math.min(picture.columns, Math.max(from + 1, Math.floor(next)))];
}

/** From least to most of a channel at each pixel; nothing where samples are missing. */
function band(ctx: Context, d: StreamDrawing, lane: Lane, channel: number, low: number, high: number): void {
  const { picture } = d;
  const middle = lane.top + lane.height * (high / (high - low));
  ctx.fillStyle = d.colours.panel;
  ctx.fillRect(GUTTER, lane.top, d.width - GUTTER, lane.height);
  ctx.strokeStyle = d.colours.line;
  ctx.beginPath();
  ctx.moveTo(GUTTER, Math.round(middle) + 0.5);
  ctx.lineTo(d.width, Math.round(middle) + 0.5);
  ctx.stroke();
  ctx.fillStyle = d.colours['data-1'];
  const scale = lane.height / (high - low);
  let lastMin = NaN;
  let lastMax = NaN;
  for (let x = GUTTER; x < d.width; x++) {
    const [from, to] = columnsAt(d, x);
    if (from >= to) continue;
    const max = picture.max(channel, from, to);
    const min = picture.min(channel, from, to);
    // a jump from one pixel to the next is drawn down to where it came from; over a gap nothing is
    const top = lastMin > max ? lastMin : max;
    const bottom = lastMax < min ? lastMax : min;
    lastMin = min;
    lastMax = max;
    if (Number.isNaN(max)) continue;
    const y = lane.top + (high - top) * scale;
    ctx.fillRect(x, y - 0.5, 1, Math.max(1, (top - bottom) * scale + 1));
  }
}

function axis(ctx: Context, d: StreamDrawing, lane: Lane): void {
  const low = d.picture.low[lane.index] ?? -1;
  const high = d.picture.high[lane.index] ?? 1;
  const margin = Math.max((high - low) * 0.08, 1e-3);
  band(ctx, d, lane, lane.index, Math.min(0, low) - margin, Math.max(0, high) + margin);
  ctx.fillStyle = d.colours.muted;
  ctx.textAlign = 'left';
  ctx.font = `10px ${d.colours.font}`;
  ctx.fillText(rounded(high), GUTTER + 3, lane.top + 7);
  ctx.fillText(rounded(low), GUTTER + 3, lane.top + lane.height - 6);
  ctx.font = `12px ${d.colours.font}`;
}

/** Three digits; a real minus. */
const rounded = (v: number): string => String(Number(v.toPrecision(3))).replace('-', '−');

function spectrum(ctx: Context, d: StreamDrawing, lane: Lane): void {
  const { picture, scratch } = d;
  const width = Math.max(1, Math.floor(d.width - GUTTER));
  const { bins } = picture;
  scratch.width = width;
  scratch.height = bins;
  const on = scratch.getContext('2d')!;
  const image = on.createImageData(width, bins);
  const ramp = rampOf(d.colours);
  const pixels = new Uint32Array(image.data.buffer);
  for (let x = 0; x < width; x++) {
    const [from, to] = columnsAt(d, x + GUTTER);
    if (from >= to) continue;
    for (let b = 0; b < bins; b++) {
      let level = 0;
      for (let c = from; c < to; c++) level = Math.max(level, picture.level(c, b));
      pixels[(bins - 1 - b) * width + x] = ramp[level]!;
    }
  }
  on.putImageData(image, 0, 0);
  ctx.fillStyle = d.colours.panel;
  ctx.fillRect(GUTTER, lane.top, width, lane.height);
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(scratch, GUTTER, lane.top, width, lane.height);
}

let ramp: { readonly of: string; readonly values: Uint32Array } = { of: '', values: new Uint32Array(0) };

/** Panel → first data colour → ink: louder is further from the ground in either theme. Silence below −80 dB is ground. */
function rampOf(colours: CanvasColours): Uint32Array {
  const of = `${colours.panel}${colours['data-1']}${colours.ink}`;
  if (ramp.of === of) return ramp.values;
  const stops = [rgbOf(colours.panel), rgbOf(colours['data-1']), rgbOf(colours.ink)] as const;
  const values = Uint32Array.from({ length: 256 }, (_, level) => {
    const t = Math.max(0, (level - 51) / 204) * 2;
    const [a, b] = t <= 1 ? [stops[0], stops[1]] : [stops[1], stops[2]];
    const f = t <= 1 ? t : t - 1;
    const mix = (k: 0 | 1 | 2) => Math.round(a[k] + (b[k] - a[k]) * f);
    return (255 << 24) | (mix(2) << 16) | (mix(1) << 8) | mix(0);
  });
  ramp = { of, values };
  return values;
}

function truth(ctx: Context, d: StreamDrawing, lane: Lane): void {
  ctx.textAlign = 'left';
  const { truth: spans } = d.picture;
  for (const [i, span] of spans.entries()) {
    const from = xOf(d, span.startUs);
    const to = xOf(d, span.endUs);
    if (to < GUTTER || from > d.width) continue;
    ctx.fillStyle = d.colours['accent-soft'];
    ctx.fillRect(from, lane.top + 3, Math.max(2, to - from), lane.height - 6);
    ctx.strokeStyle = d.colours.accent;
    ctx.strokeRect(from + 0.5, lane.top + 3.5, Math.max(1, to - from - 1), lane.height - 7);
    ctx.fillStyle = d.colours.ink;
    const width = ctx.measureText(span.label).width;
    // a spoken word is short: its name stands behind it where there is room before the next
    const x = width <= to - from - 6 ? Math.max(from, GUTTER) + 4 : to + 4;
    const next = spans[i + 1];
    const free = x < to ? to : next ? xOf(d, next.startUs) : d.width;
    if (x + width <= free) ctx.fillText(span.label, x, lane.top + lane.height / 2);
  }
}

/** A flag where each answer was there; its pole stands at the last sample that the answer is about. */
function detections(ctx: Context, d: StreamDrawing, lane: Lane): void {
  const middle = lane.top + lane.height / 2;
  ctx.textAlign = 'left';
  const { detections: all } = d.picture;
  for (const [i, { label: name, lastSample, twin }] of all.entries()) {
    const x = Math.round(xOf(d, d.picture.timeUs(lastSample + 1)));
    if (x < GUTTER - 60 || x > d.width) continue;
    ctx.fillStyle = twin === 'differs' ? d.colours.bad : d.colours.good;
    ctx.beginPath();
    ctx.moveTo(x, middle - 6);
    ctx.lineTo(x + 7, middle);
    ctx.lineTo(x, middle + 6);
    ctx.fill();
    const next = all[i + 1];
    const free = next ? xOf(d, d.picture.timeUs(next.lastSample + 1)) : d.width;
    if (x + 10 + ctx.measureText(name).width > free) continue;
    ctx.fillStyle = d.colours.ink;
    ctx.fillText(name, x + 10, middle);
  }
}

function classRow(ctx: Context, d: StreamDrawing, lane: Lane): void {
  const { picture, colours } = d;
  ctx.fillStyle = colours.panel;
  ctx.fillRect(GUTTER, lane.top, d.width - GUTTER, lane.height);
  // where no class is ever detected they are all alike
  const { ignored: left, classes } = picture.plan;
  const ignored = left.length < classes.length && left.includes(lane.label);
  ctx.fillStyle = ignored ? colours['data-8'] : colours['data-1'];
  for (const window of picture.windows) {
    const [from, to] = picture.spanUs(window);
    if (to < d.span.fromUs || from > d.span.toUs) continue;
    const share = window.outputs[lane.index] ?? 0;
    const height = Math.max(0, Math.min(1, share)) * lane.height;
    if (height < 0.5) continue;
    const x = xOf(d, from);
    // height tells the share; the fainter shade keeps a row of small ones calm
    ctx.globalAlpha = 0.35 + 0.65 * share;
    ctx.fillRect(x, lane.top + lane.height - height, Math.max(1, xOf(d, to) - x - 1), height);
  }
  ctx.globalAlpha = 1;
}

/** Hatched over all lanes: here nothing is known. */
function gaps(ctx: Context, d: StreamDrawing): void {
  const top = d.lanes[0]!.top + d.lanes[0]!.height;
  for (const gap of d.picture.gaps) {
    const from = Math.max(GUTTER, xOf(d, d.picture.timeUs(gap.firstSample)));
    const to = Math.max(from + 2, xOf(d, d.picture.timeUs(gap.firstSample + gap.sampleCount)));
    if (to < GUTTER || from > d.width) continue;
    ctx.save();
    ctx.beginPath();
    ctx.rect(from, top, to - from, d.height - top);
    ctx.clip();
    ctx.fillStyle = d.colours['warn-soft'];
    ctx.fillRect(from, top, to - from, d.height - top);
    ctx.strokeStyle = d.colours.warn;
    ctx.beginPath();
    for (let x = from - d.height; x < to; x += 7) {
      ctx.moveTo(x, d.height);
      ctx.lineTo(x + d.height - top, top);
    }
    ctx.stroke();
    ctx.restore();
  }
}

function cursor(ctx: Context, d: StreamDrawing): void {
  if (d.cursorUs === null) return;
  const x = Math.round(xOf(d, d.cursorUs)) + 0.5;
  if (x < GUTTER || x > d.width) return;
  ctx.strokeStyle = d.colours.ink;
  ctx.setLineDash([3, 3]);
  ctx.beginPath();
  ctx.moveTo(x, 0);
  ctx.lineTo(x, d.height);
  ctx.stroke();
  ctx.setLineDash([]);
}
