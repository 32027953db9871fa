import type { SpanView } from './span-view.ts';

export interface Tick {
  /** s, or the axis' own unit. */
  readonly at: number;
  readonly label: string;
}

export interface TimeTicks {
  /** What is to be added to every label; '' where they stand for themselves. */
  readonly base: string;
  readonly ticks: readonly Tick[];
  readonly stepS: number;
}

/** Above seconds people count in sixties. */
const LONG_STEPS_S = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800,
  604_800,
];

/** 1, 2 or 5 times a power of ten below a second; clock steps above. */
export function timeStepS(spanS: number, most: number): number {
  const raw = spanS / Math.max(1, most);
  if (raw > 0.5) return LONG_STEPS_S.find((s) => s >= raw) ?? Math.ceil(raw / 604_800) * 604_800;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((m) => m * power >= raw * 0.999)! * power;
  return Number(step.toPrecision(3));
}

/** Labels of a time axis. Deep in a long trace they count from a base, so that they stay short and still differ. */
export function timeTicks(view: SpanView, sampleRateHz: number, width: number, perTick = 96): TimeTicks {
  const fromS = view.from / sampleRateHz;
  const toS = view.to / sampleRateHz;
  const stepS = timeStepS(toS - fromS, width / perTick);
  const decade = 10 ** Math.ceil(Math.log10(stepS * 20) - 1e-9);
  const based = stepS < 1 && toS / stepS > 20_000;
  const baseS = based ? Math.floor(fromS / decade) * decade : 0;
  const ticks: Tick[] = [];
  for (let i = Math.ceil(fromS / stepS - 1e-9); i * stepS <= toS * (1 + 1e-12); i++) {
    const at = i * stepS;
    ticks.push({ at, label: based ? `+${shortTime(at - baseS, stepS)}` : clockTime(at, stepS, toS) });
  }
  return { base: based ? clockTime(baseS, decade, toS) : '', ticks, stepS };
}

/** A time of day-like reading: `2:03:04.5`; below a minute in s, ms or µs. */
export function clockTime(atS: number, stepS: number, largestS = atS): string {
  if (Math.abs(largestS) < 60) return shortTime(atS, stepS, largestS);
  const decimals = decimalsOf(stepS);
  const units = Math.round(Math.abs(atS) * 10 ** decimals);
  const whole = Math.floor(units / 10 ** decimals);
  const fraction = decimals ? `.${String(units % 10 ** decimals).padStart(decimals, '0')}` : '';
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return `${atS < 0 ? '−' : ''}${h ? `${h}:${two(m)}` : m}:${two(s)}${fraction}`;
}

function shortTime(atS: number, stepS: number, largestS = atS): string {
  const size = Math.max(Math.abs(largestS), stepS);
  const [factor, unit] = size >= 1 ? [1, 's'] : size >= 1e-3 ? [1e3, 'ms'] : [1e6, 'µs'];
  const decimals = decimalsOf(stepS * factor);
  return `${signed(atS * factor, decimals)} ${unit}`;
}

/** Digits behind the point that tell multiples of `step` apart. */
export function decimalsOf(step: number): number {
  return Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
}

function signed(value: number, decimals: number): string {
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** A length of time with as many digits as it deserves: one sample period is the finest there is. */
export function durationText(seconds: number, sampleRateHz: number): string {
  return clockTime(seconds, Math.max(1 / sampleRateHz, Math.abs(seconds) / 1e5 || 1e-6));
}
