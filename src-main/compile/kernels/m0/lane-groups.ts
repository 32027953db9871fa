/**
 * Two products in one 32-bit multiplication: (w₀ + w₁·2¹⁶) · x = w₀·x + (w₁·x)·2¹⁶. Sums of such products can be taken
 * apart again as long as both lanes stay inside 16 bits. x is an int8, so what a lane can reach is known from the weights.
 */

/** Can Σ w·x over all int8 x leave an int16? `positive` and `negative` are the sums of positive weights and of −negative ones. */
export function laneFits(positive: number, negative: number): boolean {
  return 127 * positive + 128 * negative <= 32767 && 128 * positive + 127 * negative <= 32768;
}

/**
 * Lengths of groups of taps whose lanes cannot overflow, each a multiple of `step` and at most `most`; `weights[c][k]`.
 * Null when one step alone is too much (never for int8 weights and steps of two).
 */
export function laneGroups(weights: readonly Int8Array[], step: number, most: number): number[] | null {
  const taps = weights[0]!.length;
  const groups: number[] = [];
  let from = 0;
  while (from < taps) {
    const length = groupFrom(weights, from, step, Math.min(most, taps - from));
    if (length === 0) return null;
    groups.push(length);
    from += length;
  }
  return groups;
}

function groupFrom(weights: readonly Int8Array[], from: number, step: number, most: number): number {
  const positive = new Int32Array(weights.length);
  const negative = new Int32Array(weights.length);
  let length = 0;
  while (length + step <= most) {
    const fits = weights.every((w, c) => {
      for (let k = from + length; k < from + length + step; k++) {
        if (w[k]! > 0) positive[c]! += w[k]!;
        else negative[c]! -= w[k]!;
      }
      return laneFits(positive[c]!, negative[c]!);
    });
    if (!fits) break;
    length += step;
  }
  return length;
}

/** Both lanes in one word, as the multiplication wants them: the upper one borrows from a negative lower one. */
export function laneWord(low: number, high: number): number {
  return (low + high * 0x1_0000) | 0;
}
