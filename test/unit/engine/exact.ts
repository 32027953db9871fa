/**
 * Requantisation from its definition, in big integers: x·m/2^31 rounded to nearest (halves up), then divided by a
 * power of two with halves away from zero. Shares nothing with the engine's C.
 */
function floorDivide(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q;
}

export function requantizeExactly(acc: number, multiplier: number, shift: number): number {
  const left = shift > 0 ? BigInt(shift) : 0n;
  const right = shift > 0 ? 0n : BigInt(-shift);
  const x = BigInt.asIntN(32, BigInt(acc) << left);
  const high = floorDivide(x * BigInt(multiplier) + (1n << 30n), 1n << 31n);
  if (right === 0n) return Number(high);
  const half = 1n << (right - 1n);
  const magnitude = ((high < 0n ? -high : high) + half) >> right;
  return Number(high < 0n ? -magnitude : magnitude);
}

export const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));
