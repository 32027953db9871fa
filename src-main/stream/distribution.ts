/** What a set of delays looks like. Percentiles are values that occurred (nearest rank). */
export interface Distribution {
  readonly n: number;
  readonly minUs: number;
  readonly medianUs: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  readonly meanUs: number;
}

/** The smallest value with at least `share` of all values at or below it. */
export function nearestRank(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

/** null for no values. */
export function distributionOf(valuesUs: ArrayLike<number>): Distribution | null {
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
