export interface OperatorPair<T> {
  readonly a: T | null;
  readonly b: T | null;
}

/**
 * Operators of two plans side by side: the longest sequence of operators that are alike (`key`) is matched in order, what
 * one of them has alone stands alone. O(n·m); plans have at most thousands of operators.
 */
export function pairOperators<T>(
  a: readonly T[],
  b: readonly T[],
  key: (operator: T) => string,
): OperatorPair<T>[] {
  const keysA = a.map(key);
  const keysB = b.map(key);
  const longest = commonLengths(keysA, keysB);
  const pairs: OperatorPair<T>[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && keysA[i] === keysB[j]) pairs.push({ a: a[i++]!, b: b[j++]! });
    else if (j === b.length || (i < a.length && longest[i + 1]![j]! >= longest[i]![j + 1]!))
      pairs.push({ a: a[i++]!, b: null });
    else pairs.push({ a: null, b: b[j++]! });
  }
  return pairs;
}

/** Length of the longest common sequence from (i, j) on. */
function commonLengths(a: readonly string[], b: readonly string[]): Uint16Array[] {
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      table[i]![j] =
        a[i] === b[j] ? table[i + 1]![j + 1]! + 1 : Math.max(table[i + 1]![j]!, table[i]![j + 1]!);
  return table;
}
