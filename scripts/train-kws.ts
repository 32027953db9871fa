/**
 * `npm run train:kws [-- --seeds 1,2,3] [--epochs N] [--write] [--check]
 * [--json FILE]`: generates SYN-KWS, trains the keyword
 * spotter once a seed, prints float and int8 accuracy beside the baselines. `--write` replaces models/kws-syn.* by
 * the seed with the best validation accuracy; `--check` fails when the seeds' mean is more than a point away from
 * the committed card. About 10 minutes a seed on two cores with the native backend (npm run setup:tfjs).
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sha256Hex } from '../src-main/base/crc.ts';
import { orThrow } from '../src-main/base/errors.ts';
import { mean } from '../src-main/base/statistics.ts';
import { writeMlperfLayout } from '../src-main/dataset/mlperf-writer.ts';
import { openEspeak } from '../src-main/dataset/syn-kws/espeak.ts';
import { CLASSES, GENERATOR_VERSION, SPLITS, type Split } from '../src-main/dataset/syn-kws/recipe.ts';
import { openTfjs } from '../src-main/engine/tfjs.ts';
import { logisticRegression, nearestNeighbour } from '../src-main/train/baselines.ts';
import { dsCnnMacs } from '../src-main/train/ds-cnn.ts';
import { kwsCardSchema, type KwsCard } from '../src-main/train/kws-card.ts';
import { accuracyOf, int8TopOnes } from '../src-main/train/kws-accuracy.ts';
import {
  FEATURES_PER_CLIP,
  loadFeatures,
  PROBE_CLIPS,
  type FeatureSet,
} from '../src-main/train/kws-features.ts';
import {
  inputRange,
  kwsRecipe,
  labelledFeatures,
  quantiseInputs,
  trainKws,
  type KwsInputs,
  type TrainedKws,
} from '../src-main/train/train-kws.ts';

const DATA_SEED = 1;
const SAMPLE_ITEMS = 300;
const root = join(import.meta.dirname, '..');
const cardPath = join(root, 'models/kws-syn.json');

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    epochs: { type: 'string', default: `${kwsRecipe.epochs}` },
    write: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const seeds = options.seeds.split(',').map(Number);
const recipe = { ...kwsRecipe, epochs: Number(options.epochs) };
if (!seeds.every(Number.isInteger) || !Number.isInteger(recipe.epochs))
  throw new Error('--seeds 1,2,3 --epochs 12');

process.env.OMP_NUM_THREADS ??= `${availableParallelism()}`;
process.env.TF_NUM_INTRAOP_THREADS ??= process.env.OMP_NUM_THREADS;
const tfjs = orThrow(await openTfjs('training'));
const synthesiser = orThrow(await openEspeak());
console.log(`${tfjs.description}; espeak-ng ${synthesiser.version}; seeds ${seeds.join(', ')}`);

async function split(name: Split): Promise<FeatureSet> {
  const onProgress = (_: Split, done: number, total: number) => {
    if (done % 1200 === 0 || done === total) console.log(`  ${name}: ${done} of ${total} clips`);
  };
  const set = await loadFeatures(name, {
    seed: DATA_SEED,
    synthesiser,
    cacheDir: join(root, '.cache/syn-kws'),
    onProgress,
  });
  return orThrow(set);
}

const sets = {} as Record<Split, FeatureSet>;
for (const name of SPLITS) sets[name] = await split(name);
const range = inputRange(sets.train);
const inputs = {} as Record<Split, KwsInputs>;
for (const name of SPLITS) inputs[name] = await quantiseInputs(sets[name], range);

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

async function int8Accuracy(trained: TrainedKws, name: Split) {
  const top = orThrow(await int8TopOnes(trained.model, inputs[name].int8, FEATURES_PER_CLIP));
  return accuracyOf(top, inputs[name].labels);
}

interface SeedResult {
  readonly seed: number;
  readonly trained: TrainedKws;
  readonly validationInt8: number;
  readonly accuracy: KwsCard['accuracy'];
}

async function oneSeed(seed: number): Promise<SeedResult> {
  const began = performance.now();
  const trained = await trainKws(tfjs, inputs.train, range, recipe, seed, (epoch, loss) =>
    console.log(
      `  seed ${seed} epoch ${epoch + 1} of ${recipe.epochs}: loss ${loss.toFixed(4)}, ${Math.round((performance.now() - began) / 1000)} s`,
    ),
  );
  const float = (name: Split) => accuracyOf(trained.floatTopOnes(inputs[name]), inputs[name].labels);
  const accuracy = {
    float: { test: float('test'), shifted: float('shifted') },
    int8: { test: await int8Accuracy(trained, 'test'), shifted: await int8Accuracy(trained, 'shifted') },
  };
  const validationInt8 = (await int8Accuracy(trained, 'validation')).value;
  console.log(
    `seed ${seed}: test float ${percent(accuracy.float.test.value)}, int8 ${percent(accuracy.int8.test.value)}; ` +
      `shifted int8 ${percent(accuracy.int8.shifted.value)}; validation int8 ${percent(validationInt8)}`,
  );
  return { seed, trained, validationInt8, accuracy };
}

const results: SeedResult[] = [];
for (const seed of seeds) results.push(await oneSeed(seed));
const best = results.reduce((a, b) => (b.validationInt8 > a.validationInt8 ? b : a));
const meanInt8 = mean(results.map((r) => r.accuracy.int8.test.value));

const train = labelledFeatures(inputs.train, range);
const test = labelledFeatures(inputs.test, range);
const baselines = {
  chance: 1 / CLASSES.length,
  logisticRegression: accuracyOf(
    await logisticRegression(tfjs.tf, train, test, CLASSES.length, 1),
    test.labels,
  ),
  nearestNeighbour: accuracyOf(nearestNeighbour(tfjs.tf, train, test), test.labels),
};
console.log(
  `mean of ${seeds.length} seeds, int8 on ${test.labels.length} test clips: ${percent(meanInt8)}; chance ${percent(baselines.chance)}, ` +
    `logistic regression ${percent(baselines.logisticRegression.value)}, nearest neighbour ${percent(baselines.nearestNeighbour.value)}`,
);

function sampleItems() {
  return Array.from({ length: SAMPLE_ITEMS }, (_, i) => {
    const label = inputs.test.labels[i]!;
    const bytes = new Uint8Array(inputs.test.int8.buffer, i * FEATURES_PER_CLIP, FEATURES_PER_CLIP);
    return { file: `tst_${`${i}`.padStart(6, '0')}_${CLASSES[label]}_${label}.bin`, label, bytes };
  });
}

async function card({ trained, seed, accuracy }: SeedResult): Promise<KwsCard> {
  const samples = inputs.test.int8.subarray(0, SAMPLE_ITEMS * FEATURES_PER_CLIP);
  const sampleTop = orThrow(await int8TopOnes(trained.model, samples, FEATURES_PER_CLIP));
  const splitCard = (name: Split) => ({ clips: sets[name].count, sha256: sets[name].sha256 });
  return {
    name: 'kws-syn',
    file: 'kws-syn.tflite',
    sha256: sha256Hex(trained.model),
    bytes: trained.model.length,
    macs: dsCnnMacs(recipe.shape),
    classes: [...CLASSES],
    input: {
      encoding: 'raw',
      shape: [1, recipe.shape.frames, recipe.shape.coefficients, 1],
      ...trained.input,
      frontEnd: 'mj_mfcc_kws: 16 kHz, 30 ms every 20 ms, 40 mel 20-4000 Hz, 10 coefficients',
    },
    dataset: {
      name: 'SYN-KWS',
      synthetic: true,
      generatorVersion: GENERATOR_VERSION,
      seed: DATA_SEED,
      synthesiser: `espeak-ng ${synthesiser.version}`,
      splits: {
        train: splitCard('train'),
        validation: splitCard('validation'),
        test: splitCard('test'),
        shifted: splitCard('shifted'),
      },
      probe: { clips: PROBE_CLIPS, sha256: sets.test.probeSha256 },
    },
    training: {
      backend: tfjs.description,
      recipe: { ...recipe },
      seed,
      seeds: results.map((r) => ({
        seed: r.seed,
        float: r.accuracy.float.test.value,
        int8: r.accuracy.int8.test.value,
        validationInt8: r.validationInt8,
      })),
    },
    accuracy,
    baselines,
    samples: {
      dir: 'kws-syn-samples',
      items: SAMPLE_ITEMS,
      int8: accuracyOf(sampleTop, inputs.test.labels.subarray(0, SAMPLE_ITEMS)),
      sha256: createHash('sha256').update(samples).digest('hex'),
    },
  };
}

if (options.write) {
  const dir = join(root, 'models/kws-syn-samples');
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(join(root, 'models'), { recursive: true });
  writeMlperfLayout(dir, CLASSES.length, sampleItems());
  writeFileSync(join(root, 'models/kws-syn.tflite'), best.trained.model);
  writeFileSync(cardPath, `${JSON.stringify(kwsCardSchema.parse(await card(best)), null, 2)}\n`);
  console.log(`wrote models/kws-syn.tflite of seed ${best.seed}, its card and ${SAMPLE_ITEMS} samples`);
}
if (options.json !== undefined) {
  const perSeed = results.map(({ seed, validationInt8, accuracy }) => ({ seed, validationInt8, accuracy }));
  writeFileSync(
    options.json,
    JSON.stringify({
      backend: tfjs.description,
      meanInt8,
      testItems: test.labels.length,
      perSeed,
      baselines,
    }),
  );
}
if (options.check) {
  const committed = kwsCardSchema.parse(JSON.parse(readFileSync(cardPath, 'utf8'))).accuracy.int8.test.value;
  const away = Math.abs(meanInt8 - committed);
  console.log(`committed model: ${percent(committed)}; ${(100 * away).toFixed(2)} points away (allowed 1)`);
  if (away > 0.01) process.exitCode = 1;
}
