/** A clock's rate as an exact fraction of Hz: dividers and PLLs never round. Null elsewhere means stopped. */
export interface Frequency {
  readonly n: bigint;
  readonly d: bigint;
}

function gcd(a: bigint, b: bigint): bigint {
  while (b) [a, b] = [b, a % b];
  return a;
}

export function frequency(n: bigint | number, d: bigint | number = 1n): Frequency {
  const [bn, bd] = [BigInt(n), BigInt(d)];
  const g = gcd(bn, bd);
  return { n: bn / g, d: bd / g };
}

export function scaled(f: Frequency, multiply: number, divide: number): Frequency {
  return frequency(f.n * BigInt(multiply), f.d * BigInt(divide));
}

export function hertz(f: Frequency): number {
  return Number(f.n) / Number(f.d);
}

export function sameFrequency(a: Frequency | null, b: Frequency | null): boolean {
  return a === b || (a !== null && b !== null && a.n === b.n && a.d === b.d);
}

/** a ÷ b as a reduced fraction of doubles (exact below 2^53, which every sensible clock tree is). */
export function ratio(a: Frequency, b: Frequency): { readonly n: number; readonly d: number } {
  const r = frequency(a.n * b.d, a.d * b.n);
  return { n: Number(r.n), d: Number(r.d) };
}
