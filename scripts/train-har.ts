/**
 * `node scripts/train-har.ts [--seed N] [--epochs N] [--write]`: generates SYN-IMU, trains the classifier of activities
 * and prints its int8 accuracy on streams of people it has not seen. `--write` replaces models/har-syn.tflite and its
 * card. A few minutes with the native backend (npm run setup:tfjs).
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sha256Hex } from '../src-main/base/crc.ts';
import { orThrow } from '../src-main/base/errors.ts';
import { harFeatures } from '../src-main/core/stream-card.ts';
import { ACTIVITIES, SYN_IMU_VERSION } from '../src-main/dataset/syn-imu/activities.ts';
import { imuStream } from '../src-main/dataset/syn-imu/imu-stream.ts';
import { openFeatureStream } from '../src-main/engine/feature-stream.ts';
import { streamSetup } from '../src-main/engine/stream-setup.ts';
import { openTfjs } from '../src-main/engine/tfjs.ts';
import { DPS_PER_COUNT, G_PER_COUNT } from '../src-main/stream/source.ts';
import { dsCnnMacs } from '../src-main/train/ds-cnn.ts';
import { accuracyOf, int8TopOnes } from '../src-main/train/kws-accuracy.ts';
import {
  harInput,
  harRecipe,
  trainHar,
  windowsOf,
  type LabelledStretch,
} from '../src-main/train/train-har.ts';

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    epochs: { type: 'string', default: `${harRecipe.epochs}` },
    write: { type: 'boolean', default: false },
  },
});
const seed = Number(options.seed);
const recipe = { ...harRecipe, epochs: Number(options.epochs) };
if (!Number.isInteger(seed) || !Number.isInteger(recipe.epochs)) throw new Error('--seed 1 --epochs 8');

/** Streams of one person each, with a mounting and a sensor of their own. `gen:imu` has small seeds. */
const splits = {
  train: { firstSeed: 1_000_001, streams: 160 },
  test: { firstSeed: 2_000_001, streams: 40 },
} as const;
const EPISODES = 10;
const HOP_ROWS = 50;
const classes: readonly string[] = ACTIVITIES;

/** How the card says it, and `microjoule stream` reads it. */
const imu = {
  sampleRateHz: 50,
  units: { accelerometerG: 4, gyroscopeDps: 500 },
  removeMean: true,
  filters: [],
};

function* stretches({ firstSeed, streams }: (typeof splits)['train' | 'test']): Generator<LabelledStretch> {
  for (let s = firstSeed; s < firstSeed + streams; s++) {
    const episodes = imuStream({
      seed: s,
      sampleRateHz: imu.sampleRateHz,
      gPerCount: G_PER_COUNT,
      dpsPerCount: DPS_PER_COUNT,
    });
    let count = 0;
    for (const { samples, spans } of episodes) {
      if (count++ === EPISODES) break;
      for (const { label, start, end } of spans)
        yield { label: classes.indexOf(label), samples: samples.subarray(start * 6, end * 6) };
    }
  }
}

const setup = streamSetup({
  features: harFeatures(imu),
  window: { rows: recipe.shape.frames, hopRows: HOP_ROWS },
  model: { inputScale: harInput.scale, inputZeroPoint: harInput.zeroPoint },
  encoding: 'int16',
  blockBytes: 600,
  detection: null,
  ...{ sendFeatures: false, silenceUs: 0, dropBacklogBytes: 0 },
});
const features = orThrow(await openFeatureStream(orThrow(setup)));
const train = windowsOf(features, stretches(splits.train));
const test = windowsOf(features, stretches(splits.test));
const tfjs = orThrow(await openTfjs('training'));
console.log(`${tfjs.description}; ${train.labels.length} windows to train on, ${test.labels.length} to test`);
const model = await trainHar(tfjs, train, recipe, seed, (epoch, loss) =>
  console.log(`  epoch ${epoch + 1} of ${recipe.epochs}: loss ${loss.toFixed(4)}`),
);
const top = orThrow(await int8TopOnes(model, test.int8, features.windowBytes));
const accuracy = accuracyOf(top, test.labels);
console.log(`int8 on ${test.labels.length} windows of other people: ${(100 * accuracy.value).toFixed(1)} %`);
for (const [c, name] of ACTIVITIES.entries()) {
  const row = ACTIVITIES.map((_, p) => top.filter((t, i) => t === p && test.labels[i] === c).length);
  console.log(`  ${name.padEnd(8)} ${row.map((n) => `${n}`.padStart(5)).join('')}`);
}
if (options.write) {
  const card = {
    name: 'har-syn',
    file: 'har-syn.tflite',
    sha256: sha256Hex(model),
    bytes: model.length,
    macs: dsCnnMacs(recipe.shape),
    classes: [...ACTIVITIES],
    imu,
    dataset: {
      name: 'SYN-IMU',
      synthetic: true,
      generatorVersion: SYN_IMU_VERSION,
      windows: { train: train.labels.length, test: test.labels.length },
    },
    training: { backend: tfjs.description, recipe, seed },
    accuracy: { int8: { test: accuracy } },
  };
  writeFileSync(join(import.meta.dirname, '../models/har-syn.tflite'), model);
  writeFileSync(join(import.meta.dirname, '../models/har-syn.json'), `${JSON.stringify(card, null, 2)}\n`);
  console.log('wrote models/har-syn.tflite and its card');
}
