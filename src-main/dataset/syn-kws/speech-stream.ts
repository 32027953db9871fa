import { Rng } from '../../base/rng.ts';
import { ok, type Result } from '../../base/errors.ts';
import { itemSeed, type Episode } from '../episode.ts';
import type { Synthesiser, Utterance } from './espeak.ts';
import { speak } from './generate.ts';
import { noise } from './noise.ts';
import {
  CLASSES,
  KEYWORD_COUNT,
  OTHER_WORDS,
  ranges,
  SAMPLE_RATE_HZ,
  SILENCE,
  splitRecipes,
  UNKNOWN,
} from './recipe.ts';
import { amplitudeOfDb, mixInto, rms, toInt16 } from './signal.ts';

/** Raise with any change of what a seed gives. */
export const SPEECH_STREAM_VERSION = 1;

/** The classes that are no detection: nobody speaks, or another word. */
export const BACKGROUND_CLASSES: readonly string[] = [CLASSES[SILENCE], CLASSES[UNKNOWN]];

export interface SpeechStreamOptions {
  readonly seed: number;
  readonly synthesiser: Synthesiser;
  /** One label only instead of the ten keywords: a wake word. */
  readonly wakeWord?: string;
}

const settings = {
  /** Quiet before a word, s. */
  pauseS: [1.2, 3.2],
  /** How often the word is none of the keywords. */
  otherWordProbability: 0.2,
  /** Of the word over the noise. */
  snrDb: [8, 25],
  levelDbfs: [-28, -16],
  /** The noise fades from one episode into the next. */
  fadeSamples: 160,
} as const;

const between = (rng: Rng, [low, high]: readonly [number, number]) => low + (high - low) * rng.float();

/** A word of a speaker of the test split, whom no training has heard. */
function drawUtterance(rng: Rng, wakeWord: string | undefined): { utterance: Utterance; label: string } {
  const { speakers, accents } = splitRecipes.test;
  const other = rng.float() < settings.otherWordProbability;
  const word = other ? rng.pick(OTHER_WORDS) : (wakeWord ?? CLASSES[rng.int(0, KEYWORD_COUNT - 1)]!);
  return {
    label: other && word !== wakeWord ? CLASSES[UNKNOWN] : word,
    utterance: {
      word,
      voice: `${rng.pick(accents)}+${rng.pick(speakers)}`,
      pitch: rng.int(...ranges.pitch),
      rate: rng.int(...ranges.rate),
    },
  };
}

/** Pause, word, a little pause; over a noise of its own. The word's span is that of its audible part. */
async function speechEpisode(options: SpeechStreamOptions, index: number): Promise<Result<Episode>> {
  const rng = new Rng(itemSeed(options.seed, 1, index));
  const { utterance, label } = drawUtterance(rng, options.wakeWord);
  const spoken = await speak(options.synthesiser, utterance, between(rng, ranges.formantWarp));
  if (!spoken.ok) return spoken;
  const speech = spoken.value;
  const start = Math.round(between(rng, settings.pauseS) * SAMPLE_RATE_HZ);
  const end = start + speech.length;
  const length = end + Math.round(0.3 * SAMPLE_RATE_HZ);
  const x = noise(rng.float() < 0.3 ? 'hum' : 'pink', length, SAMPLE_RATE_HZ, rng, []);
  const level = amplitudeOfDb(between(rng, settings.levelDbfs));
  const under = level * amplitudeOfDb(-between(rng, settings.snrDb));
  const { fadeSamples } = settings;
  for (let i = 0; i < length; i++)
    x[i]! *= under * Math.min(1, (i + 1) / fadeSamples, (length - i) / fadeSamples);
  mixInto(x, speech, level / (rms(speech) || 1), start);
  return ok({ samples: toInt16(x), spans: [{ label, start, end }] });
}

/** Words ahead that are spoken at the same time. */
const AHEAD = 3;

/**
 * Continuous speech at 16 kHz with known words: the same seed, version and synthesiser give the same samples. Without end;
 * ends only after a failure.
 */
export async function* speechStream(options: SpeechStreamOptions): AsyncGenerator<Result<Episode>> {
  const pending: Promise<Result<Episode>>[] = [];
  for (let next = 0; ;) {
    while (pending.length < AHEAD) pending.push(speechEpisode(options, next++));
    const episode = await pending.shift()!;
    yield episode;
    if (!episode.ok) return;
  }
}
