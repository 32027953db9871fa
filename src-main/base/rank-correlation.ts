import { BugError } from './errors.ts';

/**
 * Kendall's τ-b of paired values: +1 where both order the pairs alike, −1 where they order them the other way round; ties
 * are taken out of both scales (Kendall 1945). null where one side has no order at all. O(n²): for hundreds of operators.
 */
export function kendallTau(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  if (x.length !== y.length) throw new BugError('kendallTau: lengths differ');
  let agreeing = 0;
  let tiedX = 0;
  let tiedY = 0;
  let pairs = 0;
  for (let i = 0; i < x.length; i++)
    for (let j = 0; j < i; j++) {
      const dx = Math.sign(x[i]! - x[j]!);
      const dy = Math.sign(y[i]! - y[j]!);
      pairs++;
      agreeing += dx * dy;
      if (dx === 0) tiedX++;
      if (dy === 0) tiedY++;
    }
  const scale = Math.sqrt((pairs - tiedX) * (pairs - tiedY));
  return scale > 0 ? agreeing / scale : null;
}
