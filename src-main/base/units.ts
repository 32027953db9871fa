import { BugError } from './errors.ts';

/**
 * Plain numbers as text, for progress and lists. Measured quantities are printed by contract/format-quantity.ts,
 * which knows their uncertainty.
 */

const prefixes = [
  { factor: 1e9, prefix: 'G' },
  { factor: 1e6, prefix: 'M' },
  { factor: 1e3, prefix: 'k' },
  { factor: 1, prefix: '' },
  { factor: 1e-3, prefix: 'm' },
  { factor: 1e-6, prefix: 'µ' },
  { factor: 1e-9, prefix: 'n' },
  { factor: 1e-12, prefix: 'p' },
] as const;

/** `formatSi(0.0124, 'A')` → `12.4 mA`; `digits` significant ones, trailing zeros dropped. */
export function formatSi(value: number, unit: string, digits = 3): string {
  if (!Number.isFinite(value)) throw new BugError(`formatSi(${value})`);
  // round first: 999.7 m is 1.00 after rounding, not 1000 m
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  const scale = size === 0 ? prefixes[3] : (prefixes.find((p) => size >= p.factor) ?? prefixes.at(-1)!);
  return `${Number((rounded / scale.factor).toPrecision(digits))} ${scale.prefix}${unit}`;
}

/** `1536` → `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 0) throw new BugError(`formatBytes(${bytes})`);
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  let v = bytes;
  while (v >= 1024 && i < units.length - 1) {
    v /= 1024;
    i++;
  }
  // 1023.96 KiB must not print as 1024 KiB
  if (i < units.length - 1 && Number(v.toFixed(1)) >= 1024) {
    v /= 1024;
    i++;
  }
  return `${i === 0 ? v : Number(v.toFixed(1))} ${units[i]}`;
}

/** A whole number in groups of three, apart by narrow spaces: a comma is a decimal point to half of its readers. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en').replaceAll(',', '\u202f');
}

/** Time left or taken: `9 s`, `1 min 30 s`, `2 h 5 min`. Below ten seconds one decimal. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) throw new BugError(`formatDuration(${seconds})`);
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return s % 60 === 0 ? `${s / 60} min` : `${Math.floor(s / 60)} min ${s % 60} s`;
  const minutes = Math.round(s / 60);
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}
