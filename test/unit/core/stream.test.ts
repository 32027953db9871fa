/** Stream runs composed: source, emulated Pico, twin, scores, energy, database. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import type { StreamResult } from '../../../src-main/contract/index.ts';
import { createCore } from '../../../src-main/core.ts';
import { rescore } from '../../../src-main/core/stream-score.ts';
import type { StreamRequest } from '../../../src-main/core/stream.ts';
import { root } from '../../needs.ts';
import { imuModel } from '../../stream-rig.ts';

const dir = mkdtempSync(join(tmpdir(), 'mj-core-stream-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const dbPath = join(dir, 'streams.db');

const request = (extra: Partial<StreamRequest>): StreamRequest => ({
  modelPath: join(root, 'models/kws-syn.tflite'),
  targetId: 'pico-emulated',
  source: 'gen:kws',
  durationS: 3,
  seed: 1,
  frontEnd: 'auto',
  hopMs: 500,
  smoothingWindows: 1,
  threshold: 0.6,
  refractoryMs: 1000,
  baud: 921_600,
  recordDir: null,
  truthPath: null,
  monitor: false,
  supplyV: 3.3,
  ...extra,
});

async function stream(extra: Partial<StreamRequest>): Promise<StreamResult> {
  await using core = orThrow(await createCore({ dbPath, tracesDir: join(dir, 'traces') }));
  const result = orThrow(await core.stream(request(extra)));
  expect(orThrow(core.store.streams.result(result.streamId))).toEqual(result);
  return result;
}

describe('six axes into the emulated Pico', () => {
  it.each([
    [50, 115_200],
    [400, 921_600],
  ])(
    'at %i Hz every window is the twin’s, and each whole one stands in the confusion matrix',
    async (rateHz, baud) => {
      const modelPath = join(dir, `imu-${rateHz}.tflite`);
      writeFileSync(modelPath, imuModel(64));
      const labels = ['still', 'walking', 'running', 'stairs', 'shaking'];
      const recordDir = join(dir, `imu-${rateHz}`);
      const durationS = rateHz === 50 ? 24 : 8;
      const result = await stream({
        modelPath,
        source: 'gen:imu',
        durationS,
        hopMs: null,
        rateHz,
        baud,
        labels,
        recordDir,
      });
      const { counters, scores, plan } = result;
      // a window of 64 samples every 32
      const windows = Math.floor((durationS * rateHz - 64) / 32) + 1;
      expect(counters).toMatchObject({ windows, windowsEqual: windows, gapSamples: 0, windowsDropped: 0 });
      expect(plan).toMatchObject({ windowSamples: 64, hopSamples: 32, sampleKind: 'imu', channels: 6 });
      const { segments } = scores!;
      expect(segments!.windows + segments!.mixedWindows).toBe(windows);
      expect(segments!.windows).toBeGreaterThan(windows / 3);
      expect(segments!.confusion.flat().reduce((a, b) => a + b, 0)).toBe(segments!.windows);
      expect(segments!.labels).toEqual(labels);
      expect(result.detections).toEqual([]);
      const settings = { threshold: null, smoothingWindows: null, refractoryMs: null, truthPath: null };
      expect(orThrow(rescore({ kind: 'recording', dir: recordDir }, settings))).toEqual(scores);
    },
    60_000,
  );
});

describe('the energy of a stream', () => {
  it('is split by the pins into front end, inference and rest, in agreement with the device’s own times', async () => {
    const { energy, figures, durationUs } = await stream({ monitor: true });
    const { frontEndUj, inferenceUj, restUj, energyUj, frontEndShare, coverage } = energy!;
    expect(frontEndUj + inferenceUj + restUj).toBeCloseTo(energyUj, 6);
    expect(coverage).toBe(1);
    // the recording begins before the first sample and ends after the last answer
    expect(energy!.durationUs).toBeGreaterThanOrEqual(durationUs);
    expect(energy!.durationUs).toBeLessThan(durationUs + 1e6);
    expect(energy!.meanPowerMw).toBeCloseTo((energyUj / energy!.durationUs) * 1e3, 9);
    expect(frontEndShare).toBeCloseTo(frontEndUj / (frontEndUj + inferenceUj), 12);
    // the emulated core draws much the same in both, so that shares of energy and time are close
    const ofTime = figures!.frontEndDuty / (figures!.frontEndDuty + figures!.inferenceDuty);
    expect(Math.abs(frontEndShare! / ofTime - 1)).toBeLessThan(0.25);
  }, 60_000);

  it('is refused where the supply would break the board', async () => {
    await using core = orThrow(await createCore({ dbPath: ':memory:', tracesDir: dir }));
    expect(await core.stream(request({ monitor: true, supplyV: 12 }))).toMatchObject({
      ok: false,
      id: 'run.bad-supply',
    });
  });
});
