/** The committed model of motion is the one its card speaks of. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../../src-main/base/crc.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { imuFeatures, readStreamCard } from '../../../src-main/core/stream-card.ts';
import { ACTIVITIES } from '../../../src-main/dataset/syn-imu/activities.ts';
import { imuStream } from '../../../src-main/dataset/syn-imu/imu-stream.ts';
import { openFeatureStream } from '../../../src-main/engine/feature-stream.ts';
import { streamSetup } from '../../../src-main/engine/stream-setup.ts';
import { DPS_PER_COUNT, G_PER_COUNT } from '../../../src-main/stream/source.ts';
import { accuracyOf, int8TopOnes } from '../../../src-main/train/kws-accuracy.ts';
import { harInput, harRecipe, windowsOf, type LabelledStretch } from '../../../src-main/train/train-har.ts';
import { root } from '../../needs.ts';

const path = join(root, 'models/har-syn.tflite');
const model = readFileSync(path);
const card = JSON.parse(readFileSync(join(root, 'models/har-syn.json'), 'utf8')) as {
  readonly sha256: string;
  readonly bytes: number;
  readonly accuracy: { readonly int8: { readonly test: { readonly value: number } } };
};

/** People that neither training nor the card's test has seen. */
function* strangers(): Generator<LabelledStretch> {
  for (const seed of [5, 6, 7]) {
    const options = { seed, sampleRateHz: 50, gPerCount: G_PER_COUNT, dpsPerCount: DPS_PER_COUNT };
    let count = 0;
    for (const { samples, spans } of imuStream(options)) {
      if (count++ === ACTIVITIES.length) break;
      for (const { label, start, end } of spans)
        yield {
          label: (ACTIVITIES as readonly string[]).indexOf(label),
          samples: samples.subarray(start * 6, end * 6),
        };
    }
  }
}

describe('models/har-syn', () => {
  it('has the hash and size of its card', () => {
    expect(sha256Hex(model)).toBe(card.sha256);
    expect(model.length).toBe(card.bytes);
  });

  it('recognises activities of others about as often as its card says, on the engine of the device', async () => {
    const { imu } = orThrow(readStreamCard(path));
    const setup = streamSetup({
      features: orThrow(imuFeatures(imu, undefined)),
      window: { rows: harRecipe.shape.frames, hopRows: 50 },
      model: { inputScale: harInput.scale, inputZeroPoint: harInput.zeroPoint },
      ...{ encoding: 'int16', blockBytes: 600, detection: null, sendFeatures: false },
      ...{ silenceUs: 0, dropBacklogBytes: 0 },
    });
    const features = orThrow(await openFeatureStream(orThrow(setup)));
    const { int8, labels } = windowsOf(features, strangers());
    expect(labels.length).toBeGreaterThan(50);
    const top = orThrow(await int8TopOnes(model, int8, features.windowBytes));
    const { value } = accuracyOf(top, labels);
    expect(Math.abs(value - card.accuracy.int8.test.value)).toBeLessThan(0.1);
  });
});
