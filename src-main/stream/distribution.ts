import type { DistributionDto } from '../contract/index.ts';

/** The smallest value with at least `share` of all values at or below it. */
export function nearestRank(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

/** null for no values. */
export function distributionOf(valuesUs: ArrayLike<number>): DistributionDto | null {
  if (valuesUs.length === 0) return null;
  const sorted = Float64Array.from(valuesUs).sort();
  const sum = sorted.reduce((a, b) => a + b, 0);
  return {
    n: sorted.length,
    minUs: sorted[0]!,
    medianUs: nearestRank(sorted, 0.5),
    p90Us: nearestRank(sorted, 0.9),
    p99Us: nearestRank(sorted, 0.99),
    maxUs: sorted[sorted.length - 1]!,
    meanUs: sum / sorted.length,
  };
}
