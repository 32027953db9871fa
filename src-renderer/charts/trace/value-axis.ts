import { decimalsOf, type Tick } from './time-axis.ts';

/** What the height of the plot means. `log`: decades, for currents from nA to A in one picture. */
export interface ValueScale {
  readonly kind: 'linear' | 'log';
  readonly low: number;
  readonly high: number;
}

/** 0 at the bottom, 1 at the top; beyond where the value is outside. */
export function shareOf(scale: ValueScale, value: number): number {
  if (scale.kind === 'linear') return (value - scale.low) / (scale.high - scale.low);
  const low = Math.log10(scale.low);
  return (Math.log10(Math.max(value, scale.low)) - low) / (Math.log10(scale.high) - low);
}

export function valueAt(scale: ValueScale, share: number): number {
  if (scale.kind === 'linear') return scale.low + share * (scale.high - scale.low);
  return scale.low * (scale.high / scale.low) ** share;
}

/** Values below are drawn on the floor of a log axis: no monitor of the field resolves less. A, W. */
const LOG_FLOOR = 1e-9;
const NICE = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** What is chosen for the axis: from zero, as much as is seen, or decades. */
export type ScaleChoice = 'linear' | 'fit' | 'log';

/** The scale that shows everything from `min` to `max`; ends are round, so that it does not move with every sample. */
export function scaleFor(choice: ScaleChoice, min: number, max: number): ValueScale {
  const kind = choice === 'log' ? 'log' : 'linear';
  if (!(max >= min)) return kind === 'log' ? { kind, low: 1e-6, high: 1 } : { kind, low: 0, high: 1e-3 };
  if (kind === 'log') {
    const high = 10 ** Math.ceil(Math.log10(Math.max(max, LOG_FLOOR * 10)) + 1e-9);
    const low = 10 ** Math.floor(Math.log10(Math.max(min, LOG_FLOOR)) - 1e-9);
    return { kind, low: Math.min(low, high / 10), high };
  }
  if (choice === 'fit') return fitted(min, max);
  const reach = Math.max(Math.abs(min), Math.abs(max)) || 1e-6;
  // what only noise below zero needs is a small piece below it
  const low = min >= 0 ? 0 : -roundUp(Math.max(-min, reach / 50));
  return { kind, low, high: max <= 0 ? 0 : roundUp(max * 1.04) };
}

/** Ends on round numbers just outside of what is seen. */
function fitted(min: number, max: number): ValueScale {
  const reach = Math.max(Math.abs(min), Math.abs(max)) || 1e-6;
  const span = Math.max(max - min, reach * 1e-3);
  const step = roundUp(span / 8);
  return {
    kind: 'linear',
    low: Math.floor((min - span * 0.05) / step) * step,
    high: Math.ceil((max + span * 0.05) / step) * step,
  };
}

function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return Number((NICE.find((n) => n * power >= value * (1 - 1e-9))! * power).toPrecision(6));
}

/**
 * Keeps a scale that still serves: a new one only when something is outside, or when what is seen would fill less than
 * `least` of it. Without that every spike that leaves the picture would make it jump.
 */
export function steadyScale(
  before: ValueScale | null,
  choice: ScaleChoice,
  min: number,
  max: number,
  least = 0.45,
): ValueScale {
  const wanted = scaleFor(choice, min, max);
  const { kind } = wanted;
  if (!before || before.kind !== kind) return wanted;
  if (wanted.low < before.low || wanted.high > before.high) {
    return { kind, low: Math.min(wanted.low, before.low), high: Math.max(wanted.high, before.high) };
  }
  const height = (s: ValueScale) => (kind === 'log' ? Math.log10(s.high / s.low) : s.high - s.low);
  return height(wanted) < least * height(before) ? wanted : before;
}

/** Ticks with as many labels as the height has room for. */
export function valueTicks(scale: ValueScale, height: number, unit: string): readonly Tick[] {
  return scale.kind === 'log' ? decadeTicks(scale, height, unit) : linearTicks(scale, height, unit);
}

function linearTicks(scale: ValueScale, height: number, unit: string): Tick[] {
  const span = scale.high - scale.low;
  const raw = span / Math.max(1, height / 34);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((m) => m * power >= raw * 0.999)! * power;
  const { factor, prefix } = siPrefix(Math.max(Math.abs(scale.low), Math.abs(scale.high)));
  const decimals = decimalsOf(step * factor);
  const ticks: Tick[] = [];
  for (let i = Math.ceil(scale.low / step - 1e-9); i * step <= scale.high + step * 1e-9; i++)
    ticks.push({ at: i * step, label: `${minus(i * step * factor, decimals)} ${prefix}${unit}` });
  return ticks;
}

function decadeTicks(scale: ValueScale, height: number, unit: string): Tick[] {
  const first = Math.round(Math.log10(scale.low));
  const last = Math.round(Math.log10(scale.high));
  const every = Math.max(1, Math.ceil(((last - first) * 26) / Math.max(1, height)));
  const ticks: Tick[] = [];
  for (let p = first; p <= last; p += every) {
    const at = 10 ** p;
    const { factor, prefix } = siPrefix(at * 1.0001);
    ticks.push({ at, label: `${Math.round(at * factor)} ${prefix}${unit}` });
  }
  return ticks;
}

const PREFIXES: readonly (readonly [number, string])[] = [
  [1, ''],
  [1e-3, 'm'],
  [1e-6, 'µ'],
  [1e-9, 'n'],
];

export function siPrefix(value: number): { readonly factor: number; readonly prefix: string } {
  const a = Math.abs(value);
  const [size, prefix] = PREFIXES.find(([s]) => a >= s * 0.9999999) ?? (a === 0 ? [1e-6, 'µ'] : [1e-9, 'n']);
  return { factor: 1 / size, prefix };
}

/** A value in its own prefix with so many significant digits: `4.21 mA`. */
export function siText(value: number, unit: string, digits = 3): string {
  if (Number.isNaN(value)) return '—';
  if (value === 0) return `0 ${unit}`;
  const { factor, prefix } = siPrefix(Number(value.toPrecision(digits)));
  const scaled = value * factor;
  const whole = Math.max(1, Math.floor(Math.log10(Math.abs(Number(scaled.toPrecision(digits))))) + 1);
  return `${minus(scaled, Math.max(0, digits - whole))} ${prefix}${unit}`;
}

function minus(value: number, decimals: number): string {
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}
