import { fail, ok, type Result } from '../base/errors.ts';
import { CLASSES } from '../dataset/syn-kws/recipe.ts';
import {
  anomalyFeatures,
  kwsFeatures,
  wakeWordFeatures,
  type FeatureRecipe,
} from '../engine/feature-recipe.ts';
import { rowElements, rowRateHz } from '../engine/stream-setup.ts';
import type { Graph } from '../model/graph.ts';
import type { SampleFormat } from '../stream/sample-block.ts';
import { imuAxes } from '../stream/source.ts';
import { imuFeatures, readStreamCard, type StreamCard } from './stream-card.ts';

/** How samples become the model's input, and what its outputs are called. */
export interface StreamModel {
  readonly features: FeatureRecipe;
  readonly rows: number;
  readonly format: SampleFormat;
  readonly classes: readonly string[];
  /** Classes that are no detection. */
  readonly background: readonly string[];
}

export interface StreamModelOptions {
  /** Of an IMU model; the file does not say it, its data card may. */
  readonly imuRateHz?: number;
  readonly labels?: readonly string[];
  /** Classes that are no detection, where the usual names do not say it. */
  readonly ignored?: readonly string[];
}

const BACKGROUND = /^_?(silence|unknown|background|noise|other|negative)_?$/i;

const elements = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** By the shape of the input: T × 10 MFCCs, T × 40 or 5 × 128 log-mel energies, T samples of six axes. */
function recipeOf(
  shape: readonly number[],
  card: StreamCard,
  imuRateHz: number | undefined,
): Result<FeatureRecipe> | null {
  const inner = shape.slice(1).filter((n) => n > 1);
  const total = elements(shape);
  const width = inner.length > 1 ? inner.at(-1)! : total;
  if (width === 10 || total === 490) return ok(kwsFeatures);
  if (width === 40) return ok(wakeWordFeatures);
  if (width === 128 || total === 640) return ok(anomalyFeatures);
  return width === imuAxes.length ? imuFeatures(card.imu, imuRateHz) : null;
}

export function streamModelOf(
  graph: Graph,
  path: string,
  options: StreamModelOptions = {},
): Result<StreamModel> {
  const input = graph.tensors[graph.inputs[0]!]!;
  const output = graph.tensors[graph.outputs[0]!]!;
  const read = readStreamCard(path);
  if (!read.ok) return read;
  const card = read.value;
  const recipe = recipeOf(input.shape, card, options.imuRateHz);
  if (!recipe)
    return fail(
      'stream.unknown-front-end',
      { model: path, inputShape: input.shape },
      'No front end makes an input of this shape: T × 10 MFCCs, T × 40 or 5 × 128 log-mel energies, or T × 6 samples of an IMU.',
      'Stream into a model with one of these inputs.',
    );
  if (!recipe.ok) return recipe;
  const features = recipe.value;
  const count = elements(output.shape);
  const { labels } = options;
  if (labels && labels.length !== count)
    return fail(
      'stream.wrong-labels',
      { labels: labels.length, outputs: count },
      'There must be one name for each output of the model.',
      'Correct --labels.',
    );
  const mlperf = features === kwsFeatures && count === CLASSES.length ? CLASSES : null;
  const named = card.classes?.length === count ? card.classes : null;
  const classes = labels ?? named ?? mlperf ?? Array.from({ length: count }, (_, i) => `class ${i}`);
  const unknown = options.ignored?.find((c) => !classes.includes(c));
  if (unknown !== undefined)
    return fail(
      'stream.wrong-labels',
      { ignored: unknown, classes },
      'The model has no class of this name.',
      'Correct --ignore.',
    );
  return ok({
    features,
    rows: elements(input.shape) / rowElements(features),
    format:
      features.kind === 'imu'
        ? { kind: 'imu', channels: features.channels, sampleRateHz: features.sampleRateHz }
        : { kind: 'audio', channels: 1, sampleRateHz: features.sampleRateHz },
    classes,
    // an activity holds on: what an IMU model says is scored window by window
    background:
      options.ignored ?? (features.kind === 'imu' ? classes : classes.filter((c) => BACKGROUND.test(c))),
  });
}

const DEFAULT_AUDIO_HOP_MS = 500;

/** Rows from one inference to the next: as asked for, else 0.5 s of audio or half a window of an IMU. */
export function hopRowsOf({ features, rows }: StreamModel, hopMs: number | null): number {
  if (hopMs === null && features.kind === 'imu') return Math.max(1, rows >> 1);
  return Math.max(1, Math.round(((hopMs ?? DEFAULT_AUDIO_HOP_MS) / 1000) * rowRateHz(features)));
}
