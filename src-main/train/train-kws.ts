import { openFrontEnd } from '../engine/frontend.ts';
import type { Tfjs } from '../engine/tfjs.ts';
import { writeModel } from '../model/writer.ts';
import type { Rng } from '../base/rng.ts';
import { calibrateRanges } from './calibrate-ranges.ts';
import { buildDsCnn, type DsCnnShape } from './ds-cnn.ts';
import { dsCnnSpec } from './ds-cnn-spec.ts';
import { fit, predictLogits, topOnes, type LabelledFeatures } from './fit.ts';
import { foldDsCnn } from './fold-batch-norm.ts';
import { FEATURES_PER_CLIP, type FeatureSet } from './kws-features.ts';
import { affineRange, quantile, type AffineRange } from './quantise.ts';

/** How the keyword spotter is trained; everything but the seed is part of the recipe in the card. */
export interface KwsRecipe {
  readonly shape: DsCnnShape;
  readonly epochs: number;
  readonly batch: number;
  readonly peakLearningRate: number;
  readonly labelSmoothing: number;
  readonly calibrationItems: number;
}

export const kwsRecipe: KwsRecipe = {
  shape: { frames: 49, coefficients: 10, channels: 48, blocks: 4, classes: 12 },
  epochs: 12,
  batch: 100,
  peakLearningRate: 3e-3,
  labelSmoothing: 0.05,
  calibrationItems: 480,
};

/** Training sees features times this, so that they are about 1; folded into the first layer afterwards. */
const INPUT_SCALE = 1 / 16;
/** Share of input values given up at either end for finer steps. */
const INPUT_TAIL = 0.0005;

/** A split in the model's int8 input encoding. */
export interface KwsInputs {
  readonly int8: Int8Array;
  readonly labels: Uint8Array;
}

export interface TrainedKws {
  /** The .tflite. */
  readonly model: Uint8Array;
  readonly input: AffineRange;
  /** Float top-1 classes on a split's int8 inputs dequantised, before the weights were quantised. */
  floatTopOnes(inputs: KwsInputs): Uint8Array;
  dispose(): void;
}

/** The int8 range that all but the outermost training features fit in. */
export function inputRange(train: FeatureSet): AffineRange {
  const values = Float32Array.from(train.mfcc, (q) => q / 256);
  return affineRange(quantile(values, INPUT_TAIL), quantile(values, 1 - INPUT_TAIL));
}

export async function quantiseInputs(set: FeatureSet, range: AffineRange): Promise<KwsInputs> {
  const frontEnd = await openFrontEnd();
  return { int8: frontEnd.quantise(set.mfcc, range), labels: set.labels };
}

/** What training and the float network see: dequantised inputs, scaled. */
export function labelledFeatures({ int8, labels }: KwsInputs, range: AffineRange): LabelledFeatures {
  const x = Float32Array.from(int8, (q) => range.scale * (q - range.zeroPoint) * INPUT_SCALE);
  return { x, labels, width: FEATURES_PER_CLIP };
}

/**
 * Trains, folds batch normalisation, quantises and writes the network. Same seed and backend give the same model
 * up to the order of floating-point sums across threads.
 */
export async function trainKws(
  { tf }: Tfjs,
  train: KwsInputs,
  input: AffineRange,
  recipe: KwsRecipe,
  seed: number,
  onEpoch: (epoch: number, loss: number) => void,
): Promise<TrainedKws> {
  const { shape } = recipe;
  const inputShape = [shape.frames, shape.coefficients, 1];
  const model = buildDsCnn(tf, shape, seed);
  const features = labelledFeatures(train, input);
  const augment = (batch: Float32Array, items: number, rng: Rng) => shiftInTime(batch, items, shape, rng);
  await fit(tf, model, features, { ...recipe, classes: shape.classes, inputShape, seed, augment, onEpoch });
  const layers = foldDsCnn(model, shape, INPUT_SCALE);
  const calibration = features.x.subarray(0, recipe.calibrationItems * FEATURES_PER_CLIP);
  const ranges = calibrateRanges(tf, model, shape, calibration, input);
  const spec = dsCnnSpec(
    'kws-syn',
    'Keyword spotter trained on synthetic speech (SYN-KWS)',
    shape,
    layers,
    ranges,
  );
  return {
    model: writeModel(spec),
    input,
    floatTopOnes: (inputs) =>
      topOnes(predictLogits(tf, model, labelledFeatures(inputs, input), inputShape), shape.classes),
    dispose: () => void model.dispose(),
  };
}

/** Frames by which a training item may move; the edge frame fills the gap. */
const MOST_FRAMES = 2;

function shiftInTime(batch: Float32Array, items: number, shape: DsCnnShape, rng: Rng): void {
  const { frames, coefficients } = shape;
  const size = frames * coefficients;
  for (let i = 0; i < items; i++) {
    const by = rng.int(-MOST_FRAMES, MOST_FRAMES);
    const item = batch.subarray(i * size, (i + 1) * size);
    const from = Float32Array.from(item);
    for (let f = 0; f < frames; f++) {
      const source = Math.max(0, Math.min(frames - 1, f + by)) * coefficients;
      item.set(from.subarray(source, source + coefficients), f * coefficients);
    }
  }
}
