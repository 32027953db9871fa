import type * as TensorFlow from '@tensorflow/tfjs';
import { Rng } from '../base/rng.ts';

export interface LabelledFeatures {
  /** [item][features], already in the model's input units. */
  readonly x: Float32Array;
  readonly labels: Uint8Array;
  /** Features an item. */
  readonly width: number;
}

export interface FitOptions {
  readonly epochs: number;
  readonly batch: number;
  readonly peakLearningRate: number;
  readonly labelSmoothing: number;
  readonly seed: number;
  /** Shape of one item as the model takes it. */
  readonly inputShape: readonly number[];
  readonly classes: number;
  /** Changes a batch in place before it is used: augmentation. */
  readonly augment?: (batch: Float32Array, items: number, rng: Rng) => void;
  readonly onEpoch?: (epoch: number, loss: number) => void;
}

type Tf = typeof TensorFlow;

/** One cycle: a short linear rise, then a cosine down to a hundredth. */
function learningRateAt(step: number, steps: number, peak: number): number {
  const rise = 0.05 * steps;
  if (step < rise) return (peak * (step + 1)) / rise;
  return peak * (0.01 + 0.99 * 0.5 * (1 + Math.cos((Math.PI * (step - rise)) / (steps - rise))));
}

function shuffled(count: number, rng: Rng): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = rng.int(0, i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Adam with a one-cycle learning rate on softmax cross-entropy; batches in an order drawn from the seed. */
export async function fit(
  tf: Tf,
  model: TensorFlow.LayersModel,
  set: LabelledFeatures,
  options: FitOptions,
): Promise<void> {
  const { batch, classes, width } = { ...options, width: set.width };
  const rng = new Rng(options.seed);
  const optimizer = tf.train.adam(options.peakLearningRate);
  const perEpoch = Math.floor(set.labels.length / batch);
  const steps = perEpoch * options.epochs;
  const x = new Float32Array(batch * width);
  const labels = new Int32Array(batch);
  const variables = model.trainableWeights.map((w) => w.read() as TensorFlow.Variable);
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const order = shuffled(set.labels.length, rng);
    let lossSum = 0;
    for (let b = 0; b < perEpoch; b++) {
      for (let i = 0; i < batch; i++) {
        const item = order[b * batch + i]!;
        x.set(set.x.subarray(item * width, (item + 1) * width), i * width);
        labels[i] = set.labels[item]!;
      }
      options.augment?.(x, batch, rng);
      const rate = learningRateAt(epoch * perEpoch + b, steps, options.peakLearningRate);
      // tfjs declares it protected; every scheduler sets it this way
      (optimizer as unknown as { learningRate: number }).learningRate = rate;
      lossSum += step(tf, model, optimizer, variables, x, labels, classes, options);
    }
    options.onEpoch?.(epoch, lossSum / perEpoch);
    // lets signals and timers through
    await new Promise((resolve) => setImmediate(resolve));
  }
  optimizer.dispose();
}

function step(
  tf: Tf,
  model: TensorFlow.LayersModel,
  optimizer: TensorFlow.Optimizer,
  variables: TensorFlow.Variable[],
  x: Float32Array,
  labels: Int32Array,
  classes: number,
  options: FitOptions,
): number {
  return tf.tidy(() => {
    const input = tf.tensor(x, [labels.length, ...options.inputShape]);
    const wanted = tf.oneHot(tf.tensor1d(labels, 'int32'), classes);
    const loss = optimizer.minimize(
      () => {
        const logits = model.apply(input, { training: true }) as TensorFlow.Tensor;
        return tf.losses.softmaxCrossEntropy(wanted, logits, undefined, options.labelSmoothing);
      },
      true,
      variables,
    );
    return loss!.dataSync()[0]!;
  });
}

/** Logits of every item, [item][class]. */
export function predictLogits(
  tf: Tf,
  model: TensorFlow.LayersModel,
  set: Omit<LabelledFeatures, 'labels'>,
  inputShape: readonly number[],
): Float32Array {
  const batch = 200;
  const items = set.x.length / set.width;
  const parts: Float32Array[] = [];
  for (let at = 0; at < items; at += batch) {
    const count = Math.min(batch, items - at);
    // nothing is returned from tidy: it would walk through every element in search of tensors
    tf.tidy(() => {
      const x = tf.tensor(set.x.slice(at * set.width, (at + count) * set.width), [count, ...inputShape]);
      parts.push((model.predict(x) as TensorFlow.Tensor).dataSync() as Float32Array);
    });
  }
  const out = new Float32Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

/** Position of the largest score in each row; the first of equals. */
export function topOnes(scores: ArrayLike<number>, classes: number): Uint8Array {
  const out = new Uint8Array(scores.length / classes);
  for (let i = 0; i < out.length; i++) {
    let best = 0;
    for (let c = 1; c < classes; c++) if (scores[i * classes + c]! > scores[i * classes + best]!) best = c;
    out[i] = best;
  }
  return out;
}

export function correctCount(predicted: Uint8Array, labels: Uint8Array): number {
  let n = 0;
  for (let i = 0; i < labels.length; i++) if (predicted[i] === labels[i]) n++;
  return n;
}
