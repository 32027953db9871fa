import { Rng } from '../../base/rng.ts';
import { ok, type Result } from '../../base/errors.ts';
import type { Synthesiser, Utterance } from './espeak.ts';
import { NOISE_KINDS, noise, type NoiseKind } from './noise.ts';
import {
  CLASSES,
  CLIP_SAMPLES,
  KEYWORD_COUNT,
  OTHER_WORDS,
  ranges,
  SAMPLE_RATE_HZ,
  SILENCE,
  splitRecipes,
  SPLITS,
  type Split,
  type SplitRecipe,
} from './recipe.ts';
import { inRoom } from './room.ts';
import { amplitudeOfDb, biquad, mixInto, resample, rms, toInt16, trim } from './signal.ts';

/** One second of 16 kHz mono audio with its label and how it came about. */
export interface Clip {
  readonly samples: Int16Array;
  /** Index into CLASSES. */
  readonly label: number;
  /** Null where nobody speaks. */
  readonly utterance: Utterance | null;
  readonly noise: NoiseKind;
  /** Null where nobody speaks. */
  readonly snrDb: number | null;
}

/** Utterances that babble is made of, per split. */
const CROWD_SIZE = 60;
/** espeak-ng processes at once. */
const AHEAD = 4;

/** Seeds of different purposes never meet: a stream each, then the item's index. */
function stream(seed: number, split: Split, purpose: number, index: number): Rng {
  const mixed = [SPLITS.indexOf(split), purpose, index].reduce(
    (h, v) => Math.imul(h ^ (v + 0x9e3779b9), 0x01000193),
    seed,
  );
  return new Rng(mixed ^ (mixed >>> 15));
}

const between = (rng: Rng, [low, high]: readonly [number, number]) => low + (high - low) * rng.float();

function drawSnr(rng: Rng): number {
  const [low, high] = ranges.snrDb;
  return high - (high - low) * rng.float() ** 2;
}

function drawUtterance(recipe: SplitRecipe, words: readonly string[], rng: Rng): Utterance {
  return {
    word: rng.pick(words),
    voice: `${rng.pick(recipe.accents)}+${rng.pick(recipe.speakers)}`,
    pitch: rng.int(...ranges.pitch),
    rate: rng.int(...ranges.rate),
  };
}

/** The words of a split's item: labels go round, so every prefix is balanced. */
function labelOf(index: number): number {
  return index % CLASSES.length;
}

function wordsOf(label: number, recipe: SplitRecipe): readonly string[] {
  return label < KEYWORD_COUNT ? [CLASSES[label]!] : recipe.otherWords;
}

/** Spoken at 16 kHz with its formants warped, without silence around. */
export async function speak(
  synthesiser: Synthesiser,
  utterance: Utterance,
  warp: number,
): Promise<Result<Float64Array>> {
  const said = await synthesiser.say(utterance);
  if (!said.ok) return said;
  const raw = Float64Array.from(said.value, (v) => v / 32768);
  return ok(trim(resample(raw, SAMPLE_RATE_HZ / synthesiser.sampleRateHz / warp), 0.02, 160));
}

async function crowdOf(
  seed: number,
  split: Split,
  synthesiser: Synthesiser,
): Promise<Result<Float64Array[]>> {
  const crowd: Float64Array[] = [];
  for (let i = 0; i < CROWD_SIZE; i++) {
    const rng = stream(seed, split, 0, i);
    const spoken = await speak(
      synthesiser,
      drawUtterance(splitRecipes[split], OTHER_WORDS, rng),
      between(rng, ranges.formantWarp),
    );
    if (!spoken.ok) return spoken;
    crowd.push(spoken.value);
  }
  return ok(crowd);
}

/** Speech at its place in the second, at its level, in its room. */
function placeSpeech(speech: Float64Array, rng: Rng): Float64Array {
  const out = new Float64Array(CLIP_SAMPLES);
  const heard =
    rng.float() < ranges.roomProbability
      ? inRoom(speech, between(rng, ranges.reverbS), SAMPLE_RATE_HZ, rng)
      : speech;
  const level = rms(speech) || 1;
  const shift = Math.round((between(rng, ranges.shiftMs) / 1000) * SAMPLE_RATE_HZ);
  mixInto(out, heard, 1 / level, Math.round((CLIP_SAMPLES - speech.length) / 2) + shift);
  return out;
}

function colour(x: Float64Array, rng: Rng): void {
  if (rng.float() >= ranges.bandPassProbability) return;
  biquad('high-pass', x, between(rng, ranges.highPassHz), SAMPLE_RATE_HZ);
  biquad('low-pass', x, between(rng, ranges.lowPassHz), SAMPLE_RATE_HZ);
}

function withNoise(
  speech: Float64Array,
  kind: NoiseKind,
  snrDb: number,
  rng: Rng,
  crowd: readonly Float64Array[],
): Int16Array {
  const x = placeSpeech(speech, rng);
  mixInto(x, noise(kind, CLIP_SAMPLES, SAMPLE_RATE_HZ, rng, crowd), amplitudeOfDb(-snrDb), 0);
  colour(x, rng);
  const overdrive = rng.float() < ranges.clippingProbability ? between(rng, [3, 10]) : 1;
  const gain = amplitudeOfDb(between(rng, ranges.levelDbfs)) * overdrive;
  return toInt16(x.map((v) => v * gain));
}

function withoutSpeech(kind: NoiseKind, rng: Rng, crowd: readonly Float64Array[]): Int16Array {
  const x = noise(kind, CLIP_SAMPLES, SAMPLE_RATE_HZ, rng, crowd);
  colour(x, rng);
  const gain = amplitudeOfDb(between(rng, ranges.silenceDbfs));
  return toInt16(x.map((v) => v * gain));
}

/** A room full of voices is not silence: where nobody speaks there is no babble. */
const SILENT_KINDS = NOISE_KINDS.filter((k) => k !== 'babble');

async function makeClip(
  seed: number,
  split: Split,
  index: number,
  synthesiser: Synthesiser,
  crowd: readonly Float64Array[],
): Promise<Result<Clip>> {
  const recipe = splitRecipes[split];
  const label = labelOf(index);
  const rng = stream(seed, split, 2, index);
  if (label === SILENCE) {
    const kind = rng.pick(SILENT_KINDS);
    return ok({ samples: withoutSpeech(kind, rng, crowd), label, utterance: null, noise: kind, snrDb: null });
  }
  const round = Math.floor(index / CLASSES.length / recipe.clipsPerUtterance);
  const voiceRng = stream(seed, split, 1, round * CLASSES.length + label);
  const utterance = drawUtterance(recipe, wordsOf(label, recipe), voiceRng);
  const speech = await speak(synthesiser, utterance, between(voiceRng, ranges.formantWarp));
  if (!speech.ok) return speech;
  const kind = rng.pick(NOISE_KINDS);
  const snrDb = drawSnr(rng);
  return ok({
    samples: withNoise(speech.value, kind, snrDb, rng, crowd),
    label,
    utterance,
    noise: kind,
    snrDb,
  });
}

/** Number of clips in a split. */
export function clipCount(split: Split): number {
  return splitRecipes[split].clipsPerClass * CLASSES.length;
}

/**
 * The clips of a split in order; the same seed, generator version and espeak-ng version give the same bytes.
 * Ends after the first failure. `count` takes a balanced prefix.
 */
export async function* generateClips(
  seed: number,
  split: Split,
  synthesiser: Synthesiser,
  count = clipCount(split),
): AsyncGenerator<Result<Clip>> {
  const crowd = await crowdOf(seed, split, synthesiser);
  if (!crowd.ok) {
    yield crowd;
    return;
  }
  const pending: Promise<Result<Clip>>[] = [];
  let next = 0;
  while (next < count || pending.length > 0) {
    while (next < count && pending.length < AHEAD)
      pending.push(makeClip(seed, split, next++, synthesiser, crowd.value));
    const clip = await pending.shift()!;
    yield clip;
    if (!clip.ok) return;
  }
}
