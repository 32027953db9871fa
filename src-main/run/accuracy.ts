import { mean, rocAuc, wilson } from '../base/statistics.ts';
import type {
  AccuracyItem,
  Comparison,
  Interval,
  OutputCheck,
  Scoring,
  WindowResult,
} from '../contract/index.ts';

/** First index of the largest value, as numpy.argmax; −1 for none. */
export function argmax(values: ArrayLike<number>): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) if (best < 0 || values[i]! > values[best]!) best = i;
  return best;
}

/** Mean over an item's windows, score by score (ad01: the mean of 196 window scores). */
export function meanScores(rows: readonly (readonly number[])[]): number[] {
  if (rows.length === 1) return [...rows[0]!];
  return rows[0]!.map((_, c) => mean(rows.map((r) => r[c]!)));
}

export interface Score {
  readonly value: number | null;
  readonly correct: number | null;
  readonly interval: Interval;
}

const noInterval: Interval = { method: 'none', confidence: null, low: null, high: null };

/**
 * Top-1 with Wilson's interval, or AUC: of one score an item (a distance: larger = anomalous = class ≠ 0), or of two
 * class scores (the second). AUC carries no interval here.
 */
export function score(items: readonly AccuracyItem[], scoring: Scoring): Score {
  if (items.length === 0) return { value: null, correct: null, interval: noInterval };
  if (scoring === 'auc') {
    const scores = items.map((i) => i.scores.at(-1)!);
    return {
      value: rocAuc(
        scores,
        items.map((i) => i.label),
      ),
      correct: null,
      interval: noInterval,
    };
  }
  const correct = items.filter((i) => i.predicted === i.label).length;
  const w = wilson(correct, items.length);
  return {
    value: w.value,
    correct,
    interval: { method: 'wilson', confidence: 0.95, low: w.low, high: w.high },
  };
}

/** Raw bytes where the device gives them, else the printed digits. Half a digit, and a hair for decimal → binary. */
export function checkOutput(
  got: { readonly raw: Uint8Array | null; readonly scores: readonly number[]; readonly printStep: number },
  expected: { readonly raw: Uint8Array; readonly printed: readonly number[] },
): OutputCheck {
  if (got.raw) return equalBytes(got.raw, expected.raw) ? 'equal' : 'different';
  if (got.scores.length !== expected.printed.length) return 'different';
  const slack = got.printStep * 0.5 + 1e-9 + got.printStep * 1e-6;
  const same = got.scores.every((s, i) => Math.abs(s - expected.printed[i]!) <= slack);
  return same ? 'equal-in-print' : 'different';
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Device against host twin over all finished windows and items. */
export function comparison(windows: readonly WindowResult[], items: readonly AccuracyItem[]): Comparison {
  const checks = [...windows.filter((w) => w.status === 'finished'), ...items]
    .map((x) => x.outputCheck)
    .filter((c) => c !== 'not-compared');
  const compared = checks.length;
  const exact = checks.filter((c) => c === 'equal').length;
  const inPrint = checks.filter((c) => c === 'equal-in-print').length;
  const equal = exact + inPrint;
  if (compared === 0) return { method: 'none', compared, equal, text: 'device = host: not compared' };
  if (inPrint === 0)
    return { method: 'bit-exact', compared, equal, text: `device = host: equal on ${equal} of ${compared}` };
  return {
    method: 'print-precision',
    compared,
    equal,
    text: `device = host: equal within print precision on ${equal} of ${compared}`,
  };
}
