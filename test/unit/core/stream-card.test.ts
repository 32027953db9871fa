import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { streamModelOf, type StreamModelOptions } from '../../../src-main/core/stream-model.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { root } from '../../needs.ts';
import { imuModel } from '../../stream-rig.ts';

const dir = mkdtempSync(join(tmpdir(), 'mj-card-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const path = join(dir, 'motion.tflite');
const model = imuModel(64);

function streamModel(card: string | object | null, options: StreamModelOptions = {}) {
  const beside = join(dir, 'motion.json');
  if (card === null) rmSync(beside, { force: true });
  else writeFileSync(beside, typeof card === 'string' ? card : JSON.stringify(card));
  return streamModelOf(orThrow(readModel(model, 'motion')), path, options);
}

describe('the data card beside a model of motion', () => {
  it('says rate, units, mean and filters of the samples, and the classes', () => {
    const filters = [{ b: [0.9, -1.8, 0.9], a: [-1.8, 0.82] }];
    const units = { accelerometerG: 4, gyroscopeDps: 500 };
    const classes = ['a', 'b', 'c', 'd', 'e'];
    const read = streamModel({ classes, imu: { sampleRateHz: 100, units, removeMean: true, filters } });
    const { features, format, classes: named } = orThrow(read);
    expect(format).toEqual({ kind: 'imu', channels: 6, sampleRateHz: 100 });
    expect(named).toEqual(classes);
    if (features.kind !== 'imu') throw new Error(features.kind);
    expect(features).toMatchObject({ removeMean: true, filters });
    // full scale of ±4 g and ±2000 °/s: 1 and 4 of the model's units
    expect(features.unitsPerCount.map((u) => u * 32768)).toEqual([1, 1, 1, 4, 4, 4]);
  });

  it('may be missing, or a file of another kind: then g and °/s as they are, 50 Hz or as the user says', () => {
    for (const card of [null, '[1, 2]', { something: 'else' }]) {
      const { features, format } = orThrow(streamModel(card, { imuRateHz: 400 }));
      expect(format.sampleRateHz).toBe(400);
      if (features.kind !== 'imu') throw new Error(features.kind);
      expect(features).toMatchObject({ removeMean: false, filters: [] });
      expect(features.unitsPerCount.map((u) => u * 32768)).toEqual([4, 4, 4, 2000, 2000, 2000]);
    }
    expect(orThrow(streamModel(null)).format.sampleRateHz).toBe(50);
  });

  it.each([
    ['{', /JSON/],
    [{ imu: { sampleRateHz: 0 } }, /imu\.sampleRateHz/],
    [{ imu: { units: { accelerometerG: 4 } } }, /imu\.units\.gyroscopeDps/],
    [{ imu: { filters: [{ b: [1, 2], a: [1, 2] }] } }, /imu\.filters\.0\.b/],
    [{ imu: { filters: Array.from({ length: 5 }, () => ({ b: [1, 0, 0], a: [0, 0] })) } }, /imu\.filters/],
    [{ classes: 'yes,no' }, /classes/],
  ] as const)('is refused where it is wrong: %j', (card, problem) => {
    const read = streamModel(card);
    expect(read).toMatchObject({ ok: false, id: 'stream.bad-card' });
    if (!read.ok) expect(String(read.facts.problem)).toMatch(problem);
  });

  it('and --rate contradict each other: nothing is guessed', () => {
    const card = { imu: { sampleRateHz: 100 } };
    expect(streamModel(card, { imuRateHz: 50 })).toMatchObject({ ok: false, id: 'stream.card-rate' });
    expect(streamModel(card, { imuRateHz: 100 }).ok).toBe(true);
  });

  it('of our own model of motion says what it was trained with', () => {
    const own = join(root, 'models/har-syn.tflite');
    const { features, rows, classes } = orThrow(
      streamModelOf(orThrow(readModel(readFileSync(own), 'har-syn')), own),
    );
    expect(rows).toBe(100);
    expect(classes).toEqual(['still', 'walking', 'running', 'stairs', 'shaking']);
    expect(features).toMatchObject({ kind: 'imu', sampleRateHz: 50, removeMean: true });
  });
});
