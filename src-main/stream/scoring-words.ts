import type { StreamScores, WordScoreDto as WordScore } from '../contract/index.ts';
import { holds, lengthWithin, overlaps, union, type Span } from './spans.ts';

export interface TrueWord extends Span {
  readonly label: string;
}

export interface HeardWord {
  readonly label: string;
  /** Stream time at which the answer was out. */
  readonly atUs: number;
}

export interface WordRule {
  /** A detection counts for a word from its start until so long after its end. */
  readonly toleranceUs: number;
  /** Of false detections of one label within so long after a counted one none counts again. */
  readonly mergeUs: number;
}

/**
 * MLPerf Tiny's streaming wake word rule: a detection counts for a word if it falls in [start, end + 1 s]; repeated
 * detections within 1 s are one.
 */
export const sww01Rule: WordRule = { toleranceUs: 1_000_000, mergeUs: 1_000_000 };
export const SWW01_WORDS = 50;
export const SWW01_MOST_FALSE = 8;

export interface ScoredStream {
  /** Stream time that was streamed in all, gaps included. */
  readonly durationUs: number;
  /** Where no complete window was seen: gaps and the time until a window is full again. */
  readonly excluded: readonly Span[];
}

type WordOutcome = WordScore['words'][number];

interface LabelScore {
  readonly words: WordOutcome[];
  readonly falseAlarms: HeardWord[];
  readonly excludedDetections: number;
}

/**
 * Each word in order takes every detection of its label that is left in [start, end + tolerance]. What is left over in
 * the end is a false alarm; a counted one swallows those of the same label within `mergeUs` after it. Words whose
 * interval touches an excluded span, or the end of the stream, are neither found nor missed, and detections in such an
 * interval or in an excluded span are not counted.
 */
export function scoreWords(
  truth: readonly TrueWord[],
  heard: readonly HeardWord[],
  stream: ScoredStream,
  rule: WordRule = sww01Rule,
): WordScore {
  const excluded = union([...stream.excluded, { startUs: stream.durationUs, endUs: Infinity }]);
  const streamed = truth.filter((w) => w.startUs < stream.durationUs);
  const labels = [...new Set([...streamed, ...heard].map((x) => x.label))].sort();
  const scores = labels.map((label) =>
    scoreLabel(
      streamed.filter((w) => w.label === label),
      heard.filter((d) => d.label === label),
      excluded,
      rule,
    ),
  );
  const words = scores.flatMap((s) => s.words).sort((a, b) => a.startUs - b.startUs);
  const falseAlarms = scores.flatMap((s) => s.falseAlarms).sort((a, b) => a.atUs - b.atUs);
  const count = (outcome: WordOutcome['outcome']) => words.filter((w) => w.outcome === outcome).length;
  const excludedUs = lengthWithin(excluded, stream.durationUs);
  const scoredUs = stream.durationUs - excludedUs;
  const perHour = (n: number) => (scoredUs > 0 ? (n * 3.6e9) / scoredUs : null);
  return {
    rule,
    truePositives: count('found'),
    falseNegatives: count('missed'),
    falsePositives: falseAlarms.length,
    scoredUs,
    excludedUs,
    excludedWords: count('excluded'),
    excludedDetections: scores.reduce((n, s) => n + s.excludedDetections, 0),
    truePositivesPerHour: perHour(count('found')),
    falsePositivesPerHour: perHour(falseAlarms.length),
    words,
    falseAlarms,
    labels: labels.map((label, i) => ({
      label,
      words: scores[i]!.words.filter((w) => w.outcome !== 'excluded').length,
      found: scores[i]!.words.filter((w) => w.outcome === 'found').length,
      falseAlarms: scores[i]!.falseAlarms.length,
    })),
  };
}

function scoreLabel(
  truth: readonly TrueWord[],
  heard: readonly HeardWord[],
  excluded: readonly Span[],
  { toleranceUs, mergeUs }: WordRule,
): LabelScore {
  let left = [...heard].sort((a, b) => a.atUs - b.atUs);
  let excludedDetections = 0;
  const words = [...truth]
    .sort((a, b) => a.startUs - b.startUs)
    .map((word): WordOutcome => {
      const lastUs = word.endUs + toleranceUs;
      const own = left.filter((d) => d.atUs >= word.startUs && d.atUs <= lastUs);
      left = left.filter((d) => !own.includes(d));
      if (overlaps(excluded, word.startUs, lastUs)) {
        excludedDetections += own.length;
        return { ...word, outcome: 'excluded', detectedAtUs: null, delayUs: null };
      }
      const at = own[0]?.atUs ?? null;
      return {
        ...word,
        outcome: at === null ? 'missed' : 'found',
        detectedAtUs: at,
        delayUs: at === null ? null : at - word.endUs,
      };
    });
  const falseAlarms: HeardWord[] = [];
  for (const d of left) {
    if (holds(excluded, d.atUs)) excludedDetections++;
    else if (d.atUs > (falseAlarms.at(-1)?.atUs ?? -Infinity) + mergeUs) falseAlarms.push(d);
  }
  return { words, falseAlarms, excludedDetections };
}

/** FP ≤ 8 and FN ≤ 8 over 50 words of one label, none of them excluded. */
export function sww01Verdict(score: WordScore): NonNullable<StreamScores['sww01']> {
  const { truePositives, falseNegatives, falsePositives, excludedWords } = score;
  const words = truePositives + falseNegatives;
  const spoken = score.labels.filter((l) => l.words > 0).length;
  if (spoken > 1) return { passes: null, reason: `${spoken} different words were spoken; the rule has one` };
  if (excludedWords > 0) return { passes: null, reason: `${excludedWords} words are excluded` };
  if (words !== SWW01_WORDS) return { passes: null, reason: `${words} words, not ${SWW01_WORDS}` };
  const passes = falsePositives <= SWW01_MOST_FALSE && falseNegatives <= SWW01_MOST_FALSE;
  return {
    passes,
    reason: `${falsePositives} false positives and ${falseNegatives} false negatives of at most ${SWW01_MOST_FALSE} each`,
  };
}
