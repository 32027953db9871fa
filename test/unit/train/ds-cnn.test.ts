import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { floatReference } from '../../../src-main/engine/float-reference.ts';
import { openTfjs, type Tfjs } from '../../../src-main/engine/tfjs.ts';
import { workOf } from '../../../src-main/model/graph-check.ts';
import { viewOp } from '../../../src-main/model/op-view.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { writeModel } from '../../../src-main/model/writer.ts';
import { logisticRegression, nearestNeighbour } from '../../../src-main/train/baselines.ts';
import { calibrateRanges } from '../../../src-main/train/calibrate-ranges.ts';
import { buildDsCnn, dsCnnMacs } from '../../../src-main/train/ds-cnn.ts';
import { dsCnnSpec } from '../../../src-main/train/ds-cnn-spec.ts';
import {
  correctCount,
  fit,
  predictLogits,
  topOnes,
  type LabelledFeatures,
} from '../../../src-main/train/fit.ts';
import { foldDsCnn } from '../../../src-main/train/fold-batch-norm.ts';
import { affineRange } from '../../../src-main/train/quantise.ts';

const shape = { frames: 9, coefficients: 6, channels: 8, blocks: 2, classes: 3 };
const width = shape.frames * shape.coefficients;
const inputShape = [shape.frames, shape.coefficients, 1];
const options = {
  epochs: 6,
  batch: 30,
  peakLearningRate: 0.01,
  labelSmoothing: 0,
  seed: 1,
  inputShape,
  classes: 3,
};

/** Three classes told apart by where along time a bump sits; noise around it. */
function bumps(items: number, seed: number): LabelledFeatures {
  const rng = new Rng(seed);
  const x = Float32Array.from({ length: items * width }, () => 0.4 * rng.normal());
  const labels = new Uint8Array(items);
  for (let i = 0; i < items; i++) {
    labels[i] = i % 3;
    const frame = (i % 3) * 3 + rng.int(0, 1);
    for (let c = 0; c < shape.coefficients; c++) x[i * width + frame * shape.coefficients + c]! += 1.5;
  }
  return { x, labels, width };
}

const train = bumps(240, 1);
const test = bumps(150, 2);

async function trained(tfjs: Tfjs, epochs = options.epochs) {
  const model = buildDsCnn(tfjs.tf, shape, 3);
  await fit(tfjs.tf, model, train, { ...options, epochs });
  return model;
}

// the CPU backend is always there, and this network is small enough for it
describe('training a small DS-CNN', async () => {
  const tfjs = orThrow(await openTfjs('training', 'cpu'));
  const model = await trained(tfjs);
  const inputScale = 0.5;
  const input = affineRange(-4, 4);
  const quantised = (set: LabelledFeatures) =>
    Int8Array.from(set.x, (v) =>
      Math.max(-128, Math.min(127, Math.round(v / inputScale / input.scale) + input.zeroPoint)),
    );
  const layers = foldDsCnn(model, shape, inputScale);
  const ranges = calibrateRanges(tfjs.tf, model, shape, train.x, input);
  const file = writeModel(dsCnnSpec('bumps', '', shape, layers, ranges));

  it('learns to tell three places in time apart', () => {
    const right = correctCount(topOnes(predictLogits(tfjs.tf, model, test, inputShape), 3), test.labels);
    expect(right / test.labels.length).toBeGreaterThan(0.9);
  });

  it('the written network has the MACs that were announced', () => {
    const graph = orThrow(readModel(file, 'bumps'));
    const macs = graph.ops.reduce((sum, op) => sum + workOf(viewOp(graph, op)).macs, 0);
    expect(macs).toBe(dsCnnMacs(shape));
  });

  it('folded, quantised and written, it decides like the float network on 97 % of new items', async () => {
    const graph = orThrow(readModel(file, 'bumps'));
    await using reference = orThrow(floatReference(graph, tfjs));
    const float = topOnes(predictLogits(tfjs.tf, model, test, inputShape), 3);
    const bytes = new Uint8Array(quantised(test).buffer);
    let agree = 0;
    for (let i = 0; i < 60; i++) {
      const values = orThrow(reference.run([bytes.subarray(i * width, (i + 1) * width)]));
      if (topOnes(values.get(graph.outputs[0]!)!, 3)[0] === float[i]) agree++;
    }
    expect(agree).toBeGreaterThanOrEqual(58);
  });

  it('folding keeps the logits: the float reference of the file equals the trained network up to quantisation', async () => {
    const graph = orThrow(readModel(file, 'bumps'));
    await using reference = orThrow(floatReference(graph, tfjs));
    const exact = predictLogits(tfjs.tf, model, test, inputShape);
    const bytes = new Uint8Array(quantised(test).buffer);
    const logits = graph.ops.at(-1)!.inputs[0]!;
    let worst = 0;
    let largest = 0;
    for (let i = 0; i < 20; i++) {
      const got = orThrow(reference.run([bytes.subarray(i * width, (i + 1) * width)])).get(logits)!;
      for (let c = 0; c < 3; c++) {
        worst = Math.max(worst, Math.abs(got[c]! - exact[3 * i + c]!));
        largest = Math.max(largest, Math.abs(exact[3 * i + c]!));
      }
    }
    // weights of 8 bits leave well under 10 % of the largest logit
    expect(worst / largest).toBeLessThan(0.1);
  });

  it('the same seed gives the same network', async () => {
    const [first, second] = [await trained(tfjs, 1), await trained(tfjs, 1)];
    expect(predictLogits(tfjs.tf, first, test, inputShape)).toEqual(
      predictLogits(tfjs.tf, second, test, inputShape),
    );
    expect(predictLogits(tfjs.tf, first, test, inputShape)).not.toEqual(
      predictLogits(tfjs.tf, model, test, inputShape),
    );
  });

  it('baselines beat chance on an easy task, and the nearest neighbour of a training item is itself', async () => {
    const line = correctCount(await logisticRegression(tfjs.tf, train, test, 3, 1), test.labels);
    expect(line / test.labels.length).toBeGreaterThan(0.6);
    expect(nearestNeighbour(tfjs.tf, train, train)).toEqual(train.labels);
  });
});
