import type { Tfjs } from '../engine/tfjs.ts';
import type { FeatureStream } from '../engine/feature-stream.ts';
import { writeModel } from '../model/writer.ts';
import { calibrateRanges } from './calibrate-ranges.ts';
import { buildDsCnn, type DsCnnShape } from './ds-cnn.ts';
import { dsCnnSpec } from './ds-cnn-spec.ts';
import { fit, type LabelledFeatures } from './fit.ts';
import { foldDsCnn } from './fold-batch-norm.ts';
import type { AffineRange } from './quantise.ts';

/** How the classifier of activities is trained; everything but the seed is part of the recipe in the card. */
export interface HarRecipe {
  readonly shape: DsCnnShape;
  readonly epochs: number;
  readonly batch: number;
  readonly peakLearningRate: number;
  readonly labelSmoothing: number;
  readonly calibrationItems: number;
}

export const harRecipe: HarRecipe = {
  shape: { frames: 100, coefficients: 6, channels: 24, blocks: 2, classes: 5 },
  epochs: 8,
  batch: 100,
  peakLearningRate: 3e-3,
  labelSmoothing: 0.05,
  calibrationItems: 500,
};

/** Front-end outputs of ±1 (the card's units of acceleration and turn rate) over int8. */
export const harInput: AffineRange = { scale: 1 / 128, zeroPoint: 0 };

/** Windows as the device's front end makes them, [window][frames × axes]. */
export interface HarWindows {
  readonly int8: Int8Array;
  readonly labels: Uint8Array;
}

export interface LabelledStretch {
  readonly label: number;
  /** Interleaved sample frames of one activity. */
  readonly samples: Int16Array;
}

/** Every window that lies whole in a stretch, a hop apart. */
export function windowsOf(features: FeatureStream, stretches: Iterable<LabelledStretch>): HarWindows {
  const parts: Int8Array[] = [];
  const labels: number[] = [];
  for (const { label, samples } of stretches) {
    features.restart();
    features.push(samples, (window) => {
      parts.push(window.slice());
      labels.push(label);
    });
  }
  const int8 = new Int8Array(parts.length * features.windowBytes);
  parts.forEach((part, i) => int8.set(part, i * features.windowBytes));
  return { int8, labels: Uint8Array.from(labels) };
}

function labelled({ int8, labels }: HarWindows, shape: DsCnnShape): LabelledFeatures {
  const x = Float32Array.from(int8, (q) => harInput.scale * (q - harInput.zeroPoint));
  return { x, labels, width: shape.frames * shape.coefficients };
}

/** Trains, folds batch normalisation, quantises and writes the network: the .tflite. */
export async function trainHar(
  { tf }: Tfjs,
  train: HarWindows,
  recipe: HarRecipe,
  seed: number,
  onEpoch: (epoch: number, loss: number) => void,
): Promise<Uint8Array> {
  const { shape } = recipe;
  const inputShape = [shape.frames, shape.coefficients, 1];
  const model = buildDsCnn(tf, shape, seed);
  const set = labelled(train, shape);
  await fit(tf, model, set, { ...recipe, classes: shape.classes, inputShape, seed, onEpoch });
  const layers = foldDsCnn(model, shape, 1);
  const step = Math.max(1, Math.floor(train.labels.length / recipe.calibrationItems));
  const items = Math.floor(train.labels.length / step);
  const calibration = new Float32Array(items * set.width);
  for (let i = 0; i < items; i++)
    calibration.set(set.x.subarray(i * step * set.width, (i * step + 1) * set.width), i * set.width);
  const ranges = calibrateRanges(tf, model, shape, calibration, harInput);
  model.dispose();
  const description = 'Classifier of activities trained on synthetic motion (SYN-IMU)';
  return writeModel(dsCnnSpec('har-syn', description, shape, layers, ranges));
}
