const PREFIXES: readonly (readonly [number, string])[] = [
  [1, ''],
  [1e-3, 'm'],
  [1e-6, 'µ'],
  [1e-9, 'n'],
];

function scaled(value: number, unit: string, digits: number): string {
  const size = Math.abs(value);
  const [factor, prefix] = PREFIXES.find(([f]) => size >= f) ?? PREFIXES.at(-1)!;
  return `${size === 0 ? '0' : Number((value / factor).toPrecision(digits))} ${size === 0 ? '' : prefix}${unit}`;
}

export function amperes(value: number, digits = 5): string {
  return scaled(value, 'A', digits);
}

export function joules(value: number, digits = 5): string {
  return scaled(value, 'J', digits);
}

export function watts(value: number, digits = 5): string {
  return scaled(value, 'W', digits);
}

export function seconds(value: number): string {
  if (value < 120) return scaled(value, 's', 7);
  const h = Math.floor(value / 3600);
  const m = Math.floor((value % 3600) / 60);
  const s = (value % 60).toFixed(3);
  return h > 0 ? `${h} h ${m} min ${s} s` : `${m} min ${s} s`;
}

export function inUnit(value: number, unit: 'A' | 'W' | 's' | 'J', digits = 5): string {
  return unit === 's' ? seconds(value) : scaled(value, unit, digits);
}
