import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { kwsFeatures, type ImuRecipe } from '../../../src-main/engine/feature-recipe.ts';
import { chooseLine } from '../../../src-main/stream/line-choice.ts';

const imu: ImuRecipe = {
  kind: 'imu',
  sampleRateHz: 400,
  channels: 6,
  filters: [],
  removeMean: false,
  unitsPerCount: [1, 1, 1, 1, 1, 1],
};

describe('What goes over the line', () => {
  it.each([
    // 16 kHz take 33 kB/s as int16, 17 kB/s in µ-law, 50 rows of 10 bytes under 2 kB/s
    [921_600, 'int16', 'device'],
    [460_800, 'int16', 'device'],
    [230_400, 'mu-law', 'device'],
    [115_200, 'features', 'host'],
  ] as const)('16 kHz audio at %i baud: %s, front end on the %s', (baud, encoding, frontEnd) => {
    const choice = orThrow(chooseLine({ features: kwsFeatures, baud, frontEnd: 'auto' }));
    expect(choice).toMatchObject({ encoding, frontEnd });
    expect(choice.lineBytesPerS).toBeLessThanOrEqual(0.8 * (baud / 10));
    expect(choice.reason).toContain(`${baud} baud`);
  });

  it('says why the better encodings were not taken', () => {
    const { reason } = orThrow(chooseLine({ features: kwsFeatures, baud: 115_200, frontEnd: 'auto' }));
    expect(reason).toMatch(/int16 would take 28\d %; mu-law would take 14\d %/);
  });

  it('a line that carries nothing of it is an error with its options', () => {
    expect(chooseLine({ features: kwsFeatures, baud: 9600, frontEnd: 'device' })).toMatchObject({
      ok: false,
      id: 'stream.line-too-slow',
      facts: { baud: 9600 },
    });
    expect(chooseLine({ features: imu, baud: null, frontEnd: 'device', encoding: 'mu-law' })).toMatchObject({
      ok: false,
    });
  });

  it('without a rate (USB, TCP) samples go as they are', () => {
    expect(orThrow(chooseLine({ features: kwsFeatures, baud: null, frontEnd: 'auto' })).encoding).toBe(
      'int16',
    );
  });

  it('six axes at 400 Hz fit 115200 baud in blocks of 20 ms', () => {
    expect(orThrow(chooseLine({ features: imu, baud: 115_200, frontEnd: 'auto' }))).toMatchObject({
      encoding: 'int16',
      blockFrames: 8,
      blockBytes: 96,
    });
  });
});
