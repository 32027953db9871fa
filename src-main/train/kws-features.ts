import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '../base/crc.ts';
import { ok, type Result } from '../base/errors.ts';
import type { Synthesiser } from '../dataset/syn-kws/espeak.ts';
import { clipCount, generateClips, type Clip } from '../dataset/syn-kws/generate.ts';
import { GENERATOR_VERSION, ranges, splitRecipes, type Split } from '../dataset/syn-kws/recipe.ts';
import { openFrontEnd, type FrontEnd } from '../engine/frontend.ts';

export const FEATURES_PER_CLIP = 490;
/** Clips of a split's beginning that are hashed apart: two of every class. */
export const PROBE_CLIPS = 24;

/** MFCCs of a split as the device's front end computes them. */
export interface FeatureSet {
  readonly split: Split;
  readonly count: number;
  /** [clip][49][10] in steps of 1/256. */
  readonly mfcc: Int16Array;
  readonly labels: Uint8Array;
  /** Per clip; empty where nobody speaks. */
  readonly words: readonly string[];
  /** Per clip; null where nobody speaks. */
  readonly snrDb: readonly (number | null)[];
  /** Of all samples (int16 LE) and labels, in order: what the data card quotes. */
  readonly sha256: string;
  /** The same of the first PROBE_CLIPS. */
  readonly probeSha256: string;
}

interface Sidecar {
  readonly labels: number[];
  readonly words: string[];
  readonly snrDb: (number | null)[];
  readonly sha256: string;
  readonly probeSha256: string;
}

export interface FeatureSource {
  readonly seed: number;
  readonly synthesiser: Synthesiser;
  /** Where features are kept between runs; they are a pure function of what names the file. */
  readonly cacheDir: string;
  readonly onProgress?: (split: Split, done: number, total: number) => void;
}

/** Reads the split's features from the cache, or generates the clips and computes them. */
export async function loadFeatures(split: Split, source: FeatureSource): Promise<Result<FeatureSet>> {
  const path = await cachePath(split, source);
  const kept = await readCached(path, split);
  if (kept) return ok(kept);
  const made = await generateFeatures(split, source);
  if (!made.ok) return made;
  await writeCached(path, made.value);
  return made;
}

async function cachePath(split: Split, { seed, synthesiser, cacheDir }: FeatureSource): Promise<string> {
  const frontEnd = sha256Hex(await readFile(new URL('../engine/frontend.wasm', import.meta.url)));
  const what = JSON.stringify([
    GENERATOR_VERSION,
    seed,
    split,
    splitRecipes[split],
    ranges,
    synthesiser.version,
    frontEnd,
  ]);
  return join(cacheDir, `${split}-${sha256Hex(Buffer.from(what)).slice(0, 16)}`);
}

async function readCached(path: string, split: Split): Promise<FeatureSet | null> {
  try {
    const { labels, words, snrDb, sha256, probeSha256 } = JSON.parse(
      await readFile(`${path}.json`, 'utf8'),
    ) as Sidecar;
    const bytes = await readFile(`${path}.bin`);
    if (bytes.length !== labels.length * FEATURES_PER_CLIP * 2) return null;
    const mfcc = new Int16Array(new Uint8Array(bytes).buffer);
    return {
      split,
      count: labels.length,
      mfcc,
      labels: Uint8Array.from(labels),
      words,
      snrDb,
      sha256,
      probeSha256,
    };
  } catch {
    return null;
  }
}

async function writeCached(path: string, set: FeatureSet): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  const { sha256, probeSha256 } = set;
  const sidecar: Sidecar = {
    labels: [...set.labels],
    words: [...set.words],
    snrDb: [...set.snrDb],
    sha256,
    probeSha256,
  };
  await writeFile(`${path}.bin`, new Uint8Array(set.mfcc.buffer));
  // the sidecar comes last and whole: a run that was cut short leaves no cache
  await writeFile(`${path}.json.part`, JSON.stringify(sidecar));
  await rename(`${path}.json.part`, `${path}.json`);
}

async function generateFeatures(split: Split, source: FeatureSource): Promise<Result<FeatureSet>> {
  const frontEnd = await openFrontEnd();
  const count = clipCount(split);
  const mfcc = new Int16Array(count * FEATURES_PER_CLIP);
  const labels = new Uint8Array(count);
  const words: string[] = [];
  const snrDb: (number | null)[] = [];
  const hash = createHash('sha256');
  let probeSha256 = '';
  for await (const clip of generateClips(source.seed, split, source.synthesiser)) {
    if (!clip.ok) return clip;
    store(clip.value, words.length, mfcc, labels, frontEnd);
    hash.update(new Uint8Array(clip.value.samples.buffer)).update(Uint8Array.of(clip.value.label));
    words.push(clip.value.utterance?.word ?? '');
    snrDb.push(clip.value.snrDb);
    if (words.length === PROBE_CLIPS) probeSha256 = hash.copy().digest('hex');
    source.onProgress?.(split, words.length, count);
  }
  return ok({ split, count, mfcc, labels, words, snrDb, sha256: hash.digest('hex'), probeSha256 });
}

function store(clip: Clip, at: number, mfcc: Int16Array, labels: Uint8Array, frontEnd: FrontEnd): void {
  mfcc.set(frontEnd.mfcc(clip.samples), at * FEATURES_PER_CLIP);
  labels[at] = clip.label;
}
