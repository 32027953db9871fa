import { formatWithUncertainty } from '../base/statistics.ts';
import type { Quantity, Unit } from './quantity.ts';

export interface QuantityText {
  /** Value and unit to the last digit the uncertainty allows: `12.41 ms`. */
  readonly value: string;
  /** `± 0.06 (95 %, t)`, `deterministic`, or ''. */
  readonly statistical: string;
  /** `± 0.4 systematic`, or ''. */
  readonly systematic: string;
  /** All in one: `12.41 ms ± 0.06 (95 %, t) ± 0.4 systematic`. */
  readonly line: string;
}

interface Scale {
  readonly factor: number;
  readonly unit: string;
}

const fixed: Partial<Record<Unit, Scale>> = {
  'uJ/inf': { factor: 1, unit: 'µJ/inf' },
  uJ: { factor: 1, unit: 'µJ' },
  fraction: { factor: 100, unit: '%' },
  AUC: { factor: 1, unit: 'AUC' },
};

function scaleOf(unit: Unit, value: number): Scale {
  const a = Math.abs(value);
  if (unit === 'us') {
    if (a >= 1e6) return { factor: 1e-6, unit: 's' };
    if (a >= 1e3) return { factor: 1e-3, unit: 'ms' };
    return { factor: 1, unit: 'µs' };
  }
  if (unit === 'A') return a < 1e-3 ? { factor: 1e6, unit: 'µA' } : { factor: 1e3, unit: 'mA' };
  return fixed[unit] ?? { factor: 1, unit };
}

/** Significant digits of a value for which nobody claims an uncertainty. */
const UNCLAIMED_DIGITS = 4;
/** And of one that repeats exactly: integers whole, else what a µs timer over a window resolves. */
const DETERMINISTIC_DIGITS = 7;

/** Where it is a person's name. */
const methodNames: Partial<Record<string, string>> = { wilson: 'Wilson' };

function plain(value: number, digits: number): string {
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(digits)));
}

/** A relative change or residual for people: `+1.0 %`, `−3.4 %`. */
export function formatSignedPercent(share: number, decimals = 1): string {
  return `${share >= 0 ? '+' : '−'}${Math.abs(share * 100).toFixed(decimals)} %`;
}

/** A quantity for people: never finer than its uncertainty, the two kinds of uncertainty apart. */
export function formatQuantity(q: Quantity): QuantityText {
  const { factor, unit } = scaleOf(q.unit, q.value);
  const value = q.value * factor;
  const half =
    q.interval.low !== null && q.interval.high !== null
      ? ((q.interval.high - q.interval.low) / 2) * factor
      : null;
  const bound = q.systematic && q.systematic.plusMinus > 0 ? q.systematic.plusMinus * factor : null;
  const total = Math.hypot(half ?? 0, bound ?? 0);
  const digits = q.interval.method === 'deterministic' ? DETERMINISTIC_DIGITS : UNCLAIMED_DIGITS;
  const [text] =
    total > 0 ? (formatWithUncertainty(value, total).split(' ± ') as [string]) : [plain(value, digits)];
  const percent = q.interval.confidence === null ? '' : `${Math.round(q.interval.confidence * 100)} %, `;
  const statistical =
    q.interval.method === 'deterministic'
      ? 'deterministic'
      : half !== null && half > 0
        ? `± ${formatWithUncertainty(half, half).split(' ± ')[0]!} (${percent}${methodNames[q.interval.method] ?? q.interval.method})`
        : '';
  const systematic =
    bound === null ? '' : `± ${formatWithUncertainty(bound, bound).split(' ± ')[0]!} systematic`;
  const spaced = `${text} ${unit}`;
  return {
    value: spaced,
    statistical,
    systematic,
    line: [spaced, statistical, systematic].filter(Boolean).join(' '),
  };
}
