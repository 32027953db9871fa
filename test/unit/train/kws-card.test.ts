import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../../src-main/base/crc.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { openMlperfLayout } from '../../../src-main/dataset/mlperf-layout.ts';
import { openEspeak } from '../../../src-main/dataset/syn-kws/espeak.ts';
import { generateClips } from '../../../src-main/dataset/syn-kws/generate.ts';
import {
  CLASSES,
  GENERATOR_VERSION,
  splitRecipes,
  SPLITS,
} from '../../../src-main/dataset/syn-kws/recipe.ts';
import { workOf } from '../../../src-main/model/graph-check.ts';
import { viewOp } from '../../../src-main/model/op-view.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { accuracyOf, int8TopOnes } from '../../../src-main/train/kws-accuracy.ts';
import { kwsCardSchema } from '../../../src-main/train/kws-card.ts';
import { FEATURES_PER_CLIP } from '../../../src-main/train/kws-features.ts';
import { describeWith, needs, root } from '../../needs.ts';

const models = join(root, 'models');
const card = kwsCardSchema.parse(JSON.parse(readFileSync(join(models, 'kws-syn.json'), 'utf8')));
const model = new Uint8Array(readFileSync(join(models, card.file)));
const layout = orThrow(openMlperfLayout(join(models, card.samples.dir)));

function samples(): { readonly bytes: Uint8Array; readonly labels: Uint8Array } {
  const items = layout.entries.map((_, i) => orThrow(layout.read(i, FEATURES_PER_CLIP)));
  const bytes = Buffer.concat(items.map((item) => item.windows[0]!));
  return { bytes: new Uint8Array(bytes), labels: Uint8Array.from(items, (i) => i.label) };
}

describe('models/kws-syn', () => {
  it('the card is of this file', () => {
    expect(sha256Hex(model)).toBe(card.sha256);
    expect(model.length).toBe(card.bytes);
  });

  it('input, classes and MACs are what the card says', () => {
    const graph = orThrow(readModel(model, 'kws-syn'));
    const input = graph.tensors[graph.inputs[0]!]!;
    expect(input.shape).toEqual(card.input.shape);
    expect(input.quantization).toMatchObject({
      scales: [card.input.scale],
      zeroPoints: [card.input.zeroPoint],
    });
    expect(graph.tensors[graph.outputs[0]!]!.quantization).toMatchObject({
      scales: [1 / 256],
      zeroPoints: [-128],
    });
    expect(card.classes).toEqual([...CLASSES]);
    expect(graph.ops.reduce((sum, op) => sum + workOf(viewOp(graph, op)).macs, 0)).toBe(card.macs);
  });

  it('was trained on the data set as the sources describe it', () => {
    expect(card.dataset.generatorVersion).toBe(GENERATOR_VERSION);
    for (const split of SPLITS)
      expect(card.dataset.splits[split].clips).toBe(splitRecipes[split].clipsPerClass * CLASSES.length);
    expect(card.dataset.splits.test.clips).toBeGreaterThanOrEqual(2000);
    expect(card.training.seeds).toHaveLength(3);
  });

  it('the accuracies are proportions of whole test sets, and the task is not one for a line', () => {
    for (const precision of ['float', 'int8'] as const)
      for (const split of ['test', 'shifted'] as const) {
        const a = card.accuracy[precision][split];
        expect(a.n).toBe(card.dataset.splits[split].clips);
        expect(a.low < a.value && a.value < a.high).toBe(true);
      }
    expect(card.accuracy.float.test.value - card.accuracy.int8.test.value).toBeLessThan(0.02);
    expect(card.baselines.logisticRegression.value).toBeLessThan(0.7);
    expect(card.baselines.logisticRegression.value).toBeGreaterThan(card.baselines.chance);
  });

  it('the samples are those of the card, balanced, in the MLPerf layout', () => {
    const { bytes, labels } = samples();
    expect(labels).toHaveLength(card.samples.items);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(card.samples.sha256);
    CLASSES.forEach((_, label) =>
      expect(labels.filter((l) => l === label)).toHaveLength(card.samples.items / CLASSES.length),
    );
  });

  it('the host twin scores on the samples what the card says', async () => {
    const { bytes, labels } = samples();
    const predicted = orThrow(await int8TopOnes(model, new Int8Array(bytes.buffer), FEATURES_PER_CLIP));
    expect(accuracyOf(predicted, labels)).toEqual(card.samples.int8);
  });
});

describeWith([needs.espeak], 'SYN-KWS spoken here', () => {
  it('its first clips have the card’s hash when espeak-ng is the card’s version', async () => {
    const synthesiser = orThrow(await openEspeak());
    const hash = createHash('sha256');
    for await (const clip of generateClips(
      card.dataset.seed,
      'test',
      synthesiser,
      card.dataset.probe.clips,
    )) {
      const { samples: audio, label } = orThrow(clip);
      hash.update(new Uint8Array(audio.buffer)).update(Uint8Array.of(label));
    }
    const same = hash.digest('hex') === card.dataset.probe.sha256;
    // another version speaks differently: then the card's data cannot be made here, which is what the card says
    expect(same || `espeak-ng ${synthesiser.version}` !== card.dataset.synthesiser).toBe(true);
  });
});
