/**
 * What SYN-KWS is: words, voices, splits and ranges (docs/syn-kws.md). Changing anything here changes the data:
 * raise GENERATOR_VERSION with it.
 */
export const GENERATOR_VERSION = 1;
export const SAMPLE_RATE_HZ = 16000;
export const CLIP_SAMPLES = 16000;

/** Class order of MLPerf Tiny's keyword spotting. */
export const CLASSES = [
  'down',
  'go',
  'left',
  'no',
  'off',
  'on',
  'right',
  'stop',
  'up',
  'yes',
  'silence',
  'unknown',
] as const;
export const KEYWORD_COUNT = 10;
export const SILENCE = 10;
export const UNKNOWN = 11;

/** Spoken in every split under the label `unknown`. */
export const OTHER_WORDS = [
  'backward',
  'bed',
  'bird',
  'cat',
  'dog',
  'eight',
  'five',
  'follow',
  'forward',
  'four',
  'happy',
  'house',
  'learn',
  'marvin',
  'nine',
  'one',
  'seven',
  'sheila',
  'six',
  'three',
  'tree',
  'two',
  'visual',
  'wow',
  'zero',
] as const;
/** Spoken in the test sets only. */
export const NEVER_HEARD_WORDS = [
  'hello',
  'music',
  'open',
  'paper',
  'garden',
  'winter',
  'yellow',
  'nothing',
] as const;

export type Split = 'train' | 'validation' | 'test' | 'shifted';
export const SPLITS: readonly Split[] = ['train', 'validation', 'test', 'shifted'];

const ACCENTS = ['en-us', 'en-gb', 'en-gb-x-rp', 'en-gb-x-gbclan', 'en-gb-x-gbcwmd', 'en-029'] as const;
const HELD_OUT_ACCENTS = ['en-gb-scotland', 'en-us-nyc'] as const;

/**
 * espeak-ng's voice variants are the speakers. Families that sound alike (iven…, klatt…, robosoft…) stay together;
 * `klatt`, `klatt6` (same sound as caleb), `fast` and every mbrola voice are left out.
 */
const TEST_SPEAKERS = [
  'Alicia',
  'Denis',
  'Hugo',
  'Nguyen',
  'adam',
  'belinda',
  'boris',
  'david',
  'f2',
  'f4',
  'grandma',
  'linda',
  'm3',
  'm6',
  'm8',
  'pablo',
  'quincy',
  'shelby',
  'victor',
  'zac',
] as const;
const VALIDATION_SPEAKERS = [
  'Annie',
  'Diogo',
  'Michael',
  'Storm',
  'UniRobot',
  'ed',
  'f5',
  'm2',
  'norbert',
  'sandro',
] as const;
const TRAIN_SPEAKERS = [
  'Alex',
  'Andrea',
  'Andy',
  'AnxiousAndy',
  'Demonic',
  'Gene',
  'Gene2',
  'Henrique',
  'Jacky',
  'Lee',
  'Marco',
  'Mario',
  'Mike',
  'RicishayMax',
  'RicishayMax2',
  'RicishayMax3',
  'Tweaky',
  'anika',
  'anikaRobot',
  'announcer',
  'antonio',
  'aunty',
  'benjamin',
  'caleb',
  'croak',
  'edward',
  'edward2',
  'f1',
  'f3',
  'grandpa',
  'gustave',
  'iven',
  'iven2',
  'iven3',
  'iven4',
  'john',
  'kaukovalta',
  'klatt2',
  'klatt3',
  'klatt4',
  'klatt5',
  'm1',
  'm4',
  'm5',
  'm7',
  'marcelo',
  'max',
  'michel',
  'miguel',
  'paul',
  'pedro',
  'rob',
  'robert',
  'robosoft',
  'robosoft2',
  'robosoft3',
  'robosoft4',
  'robosoft5',
  'robosoft6',
  'robosoft7',
  'robosoft8',
  'steph',
  'steph2',
  'steph3',
  'travis',
  'whisper',
  'whisperf',
] as const;

export interface SplitRecipe {
  readonly clipsPerClass: number;
  /** How often one utterance is heard, each time with another noise, room, level and shift. */
  readonly clipsPerUtterance: number;
  readonly speakers: readonly string[];
  readonly accents: readonly string[];
  readonly otherWords: readonly string[];
}

export const splitRecipes: Readonly<Record<Split, SplitRecipe>> = {
  train: {
    clipsPerClass: 1200,
    clipsPerUtterance: 1,
    speakers: TRAIN_SPEAKERS,
    accents: ACCENTS,
    otherWords: OTHER_WORDS,
  },
  validation: {
    clipsPerClass: 100,
    clipsPerUtterance: 1,
    speakers: VALIDATION_SPEAKERS,
    accents: ACCENTS,
    otherWords: OTHER_WORDS,
  },
  test: {
    clipsPerClass: 200,
    clipsPerUtterance: 1,
    speakers: TEST_SPEAKERS,
    accents: ACCENTS,
    otherWords: [...OTHER_WORDS, ...NEVER_HEARD_WORDS],
  },
  /** Speakers and accents that training never heard. */
  shifted: {
    clipsPerClass: 100,
    clipsPerUtterance: 1,
    speakers: TEST_SPEAKERS,
    accents: HELD_OUT_ACCENTS,
    otherWords: [...OTHER_WORDS, ...NEVER_HEARD_WORDS],
  },
};

/** [low, high], drawn uniformly where nothing else is said, and probabilities. */
export const ranges = {
  /** espeak-ng's -p and -s (words a minute). */
  pitch: [20, 80],
  rate: [110, 210],
  /** Resampling factor: scales formants and pitch, and the duration inversely. */
  formantWarp: [0.9, 1.1],
  shiftMs: [-100, 100],
  /** Drawn as high − (high − low)·u², u uniform: a fifth of the clips are below 5 dB. */
  snrDb: [-5, 20],
  /** RMS of the spoken part, before clipping. */
  levelDbfs: [-36, -14],
  /** RMS of a clip without speech. */
  silenceDbfs: [-70, -25],
  reverbS: [0.1, 0.6],
  highPassHz: [60, 400],
  lowPassHz: [2500, 7500],
  roomProbability: 0.5,
  bandPassProbability: 0.5,
  clippingProbability: 0.08,
} as const;
