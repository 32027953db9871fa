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

describe('speech into the emulated Pico', () => {
  it('forty seconds at virtual real time (ten minutes: npm run bench -- stream): no sample lost, every window and detection the twin’s, every word scored', async () => {
    const durationS = 40;
    const result = await stream({ durationS });
    const { counters, figures, scores, detections, truth, plan } = result;
    const windows = 1 + Math.floor((durationS * 16_000 - 15_840) / 8000);
    expect(plan).toMatchObject({ frontEnd: 'device', encoding: 'int16', windowSamples: 15_840 });
    expect(counters).toMatchObject({
      ...{
        samplesPushed: durationS * 16_000,
        samplesTaken: durationS * 16_000,
        windows,
        windowsEqual: windows,
      },
      ...{ gaps: 0, gapSamples: 0, overruns: 0, underruns: 0, badFramesDevice: 0, badFramesHost: 0 },
      ...{ windowsDifferent: 0, windowsUnknown: 0, windowsLost: 0, windowsDropped: 0 },
    });
    expect(detections.length).toBeGreaterThan(0);
    expect(detections.every((d) => d.twin === 'equal')).toBe(true);
    // front end 7 % and inference 30 % of the time: in real time, with the answer 0.17 s after the sample
    expect(figures!.realTimeFactor).toBeLessThan(0.5);
    expect(figures!.frontEndDuty).toBeGreaterThan(0.02);
    expect(figures!.latency!.maxUs).toBeLessThan(250_000);
    const { words } = scores!;
    const keywords = truth!.spans.filter((w) => w.label !== 'unknown');
    expect(words!.words.map((w) => [w.label, w.startUs])).toEqual(keywords.map((w) => [w.label, w.startUs]));
    expect(words!.truePositives + words!.falseNegatives + words!.excludedWords).toBe(keywords.length);
    // only a word that the end cuts off is not scored
    expect(words!.excludedWords).toBeLessThanOrEqual(1);
    expect(words!.scoredUs).toBe(durationS * 1e6);
    // every detection is one of a word, a false alarm, merged with one, or at the cut-off word
    expect(words!.truePositives + words!.falsePositives).toBeLessThanOrEqual(detections.length);
    // our own voice, where there is no espeak-ng, is not what the model was trained on
    if (plan.source.details.some((d) => d.includes('espeak-ng')))
      expect(words!.truePositives / keywords.length).toBeGreaterThan(0.6);
  }, 300_000);
});

describe('our model of motion', () => {
  it('tells generated activities apart through the device’s own front end', async () => {
    const modelPath = join(root, 'models/har-syn.tflite');
    const { counters, scores } = await stream({
      ...{ modelPath, source: 'gen:imu', durationS: 60, hopMs: null, baud: 115_200 },
    });
    const windows = Math.floor((60 * 50 - 100) / 50) + 1;
    expect(counters).toMatchObject({ windows, windowsEqual: windows, gapSamples: 0 });
    const { segments } = scores!;
    expect(segments!.windows).toBeGreaterThan(windows / 2);
    // chance is a fifth
    expect(segments!.accuracy).toBeGreaterThan(0.9);
    expect(segments!.classes.every((c) => c.windows > 0)).toBe(true);
  }, 60_000);
});

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
