import type { EventDetDto } from '../contract/index.ts';
import { detect, type OutputWindow } from './detector.ts';
import { scoreWords, sww01Rule, type ScoredStream, type TrueWord, type WordRule } from './scoring-words.ts';
import type { DetectionRule } from './stream-session.ts';

/** One point of a detection error trade-off of windows: a window is positive when its score is ≥ threshold. */
export interface DetPoint {
  readonly threshold: number;
  /** False positives / negatives. */
  readonly falsePositiveRate: number;
  /** False negatives / positives. */
  readonly falseNegativeRate: number;
}

/** At every score that occurs, from the highest on. null where one of both kinds is missing: no rate exists. */
export function windowDet(scores: ArrayLike<number>, positive: ArrayLike<boolean>): DetPoint[] | null {
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const positives = order.filter((i) => positive[i]).length;
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return null;
  const points: DetPoint[] = [];
  let truePositives = 0;
  let falsePositives = 0;
  for (let k = 0; k < order.length; k++) {
    if (positive[order[k]!]) truePositives++;
    else falsePositives++;
    const threshold = scores[order[k]!]!;
    if (k + 1 < order.length && scores[order[k + 1]!] === threshold) continue;
    points.push({
      threshold,
      falsePositiveRate: falsePositives / negatives,
      falseNegativeRate: (positives - truePositives) / positives,
    });
  }
  return points;
}

export const sweptThresholds: readonly number[] = Array.from({ length: 20 }, (_, i) => (i + 1) / 20);

export interface DetSweep {
  readonly windows: readonly OutputWindow[];
  readonly classes: readonly string[];
  readonly sampleRateHz: number;
  readonly truth: readonly TrueWord[];
  readonly stream: ScoredStream;
  /** Smoothing and refractory time as in the run; its threshold is swept. */
  readonly detection: DetectionRule;
  /** From a window's last sample until its answer is out. */
  readonly delayUs: number;
  readonly thresholds?: readonly number[];
  readonly rule?: WordRule;
}

/** Detects and scores anew at each threshold. */
export function eventDet(sweep: DetSweep): EventDetDto[] {
  const { windows, classes, sampleRateHz, truth, stream, delayUs } = sweep;
  const { thresholds = sweptThresholds, rule = sww01Rule } = sweep;
  return thresholds.map((threshold) => {
    const heard = detect(windows, { ...sweep.detection, threshold }).map((d) => ({
      label: classes[d.classIndex]!,
      atUs: ((d.lastSample + 1) * 1e6) / sampleRateHz + delayUs,
    }));
    const score = scoreWords(truth, heard, stream, rule);
    const words = score.truePositives + score.falseNegatives;
    return {
      threshold,
      falsePositives: score.falsePositives,
      falsePositivesPerHour: score.falsePositivesPerHour,
      falseNegatives: score.falseNegatives,
      missRate: words > 0 ? score.falseNegatives / words : null,
    };
  });
}
