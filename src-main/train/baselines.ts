import type * as TensorFlow from '@tensorflow/tfjs';
import type { LabelledFeatures } from './fit.ts';
import { fit, predictLogits, topOnes } from './fit.ts';

/** What a task yields without a network: said next to every accuracy on synthetic data. */

type Tf = typeof TensorFlow;

/** Mean and inverse standard deviation of every feature on the training set. */
function standardiser(train: LabelledFeatures): (x: Float32Array) => Float32Array {
  const { width } = train;
  const items = train.labels.length;
  const mean = new Float64Array(width);
  const square = new Float64Array(width);
  train.x.forEach((v, i) => (mean[i % width]! += v / items));
  train.x.forEach((v, i) => (square[i % width]! += (v - mean[i % width]!) ** 2 / items));
  return (x) => Float32Array.from(x, (v, i) => (v - mean[i % width]!) / Math.sqrt(square[i % width]! + 1e-9));
}

/** Multinomial logistic regression on standardised features by Adam. Predicted class per test item. */
export async function logisticRegression(
  tf: Tf,
  train: LabelledFeatures,
  test: LabelledFeatures,
  classes: number,
  seed: number,
): Promise<Uint8Array> {
  const standardise = standardiser(train);
  const model = tf.sequential({
    layers: [
      tf.layers.dense({
        inputShape: [train.width],
        units: classes,
        kernelInitializer: 'zeros',
      }),
    ],
  });
  const set = { ...train, x: standardise(train.x) };
  await fit(tf, model, set, {
    epochs: 30,
    batch: 200,
    peakLearningRate: 3e-3,
    labelSmoothing: 0,
    seed,
    inputShape: [train.width],
    classes,
  });
  const logits = predictLogits(tf, model, { x: standardise(test.x), width: test.width }, [test.width]);
  model.dispose();
  return topOnes(logits, classes);
}

/** Label of the nearest training item by Euclidean distance on standardised features. */
export function nearestNeighbour(tf: Tf, train: LabelledFeatures, test: LabelledFeatures): Uint8Array {
  const standardise = standardiser(train);
  const { width } = train;
  const out = new Uint8Array(test.labels.length);
  const batch = 200;
  const known = tf.tensor2d(standardise(train.x), [train.labels.length, width]);
  // |a − b|² = |a|² − 2ab + |b|², and |a|² is the same for all b
  const norms = tf.tidy(() => known.square().sum(1));
  const tests = standardise(test.x);
  for (let at = 0; at < out.length; at += batch) {
    const count = Math.min(batch, out.length - at);
    const nearest = tf.tidy(() => {
      const a = tf.tensor2d(tests.slice(at * width, (at + count) * width), [count, width]);
      return norms
        .sub(a.matMul(known, false, true).mul(2))
        .argMin(1)
        .dataSync();
    });
    for (let i = 0; i < count; i++) out[at + i] = train.labels[nearest[i]!]!;
  }
  tf.dispose([known, norms]);
  return out;
}
