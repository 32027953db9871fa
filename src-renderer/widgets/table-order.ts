export type SortValue = string | number | boolean | null;

export interface SortOrder {
  readonly key: string;
  readonly descending: boolean;
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Rows in order of one column, ties as they were; rows without a value are last in both directions. */
export function ordered<Row>(
  rows: readonly Row[],
  valueOf: (row: Row) => SortValue,
  descending: boolean,
): Row[] {
  const sign = descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const x = valueOf(a);
    const y = valueOf(b);
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    const difference =
      typeof x === 'string' || typeof y === 'string'
        ? collator.compare(String(x), String(y))
        : Number(x) - Number(y);
    return sign * difference;
  });
}

/** What a press on a column's head does: first its own direction, then the other, then as it was. */
export function nextOrder(now: SortOrder | null, key: string, firstDescending: boolean): SortOrder | null {
  if (now?.key !== key) return { key, descending: firstDescending };
  return now.descending === firstDescending ? { key, descending: !firstDescending } : null;
}
