import { beforeAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import {
  anomalyFeatures,
  kwsFeatures,
  wakeWordFeatures,
  type FeatureRecipe,
  type ImuRecipe,
} from '../../../src-main/engine/feature-recipe.ts';
import { openFeatureStream, type FeatureStream } from '../../../src-main/engine/feature-stream.ts';
import { openFrontEnd } from '../../../src-main/engine/frontend.ts';
import {
  streamSetup,
  type SetupDetection,
  type SetupOptions,
} from '../../../src-main/engine/stream-setup.ts';

const imu: ImuRecipe = {
  kind: 'imu',
  sampleRateHz: 400,
  channels: 6,
  filters: [{ b: [0.98, -1.96, 0.98], a: [-1.9599, 0.9605] }],
  removeMean: true,
  unitsPerCount: [1, 1, 1, 1, 1, 1].map((u) => u / 8192),
};

function options(features: FeatureRecipe, rows: number, hopRows: number): SetupOptions {
  return {
    features,
    window: { rows, hopRows },
    model: { inputScale: 0.6, inputZeroPoint: 4 },
    encoding: 'int16',
    blockBytes: 640,
    detection: null,
    sendFeatures: false,
    silenceUs: 0,
    dropBacklogBytes: 0,
  };
}

const open = async (o: SetupOptions) => orThrow(await openFeatureStream(orThrow(streamSetup(o))));

function noise(values: number, seed: number): Int16Array {
  const rng = new Rng(seed);
  return Int16Array.from(
    { length: values },
    (_, i) => Math.round(9000 * Math.sin(i * i * 1e-6)) + rng.int(-900, 900),
  );
}

/** All windows, and the sample each was complete with. */
function windowsOf(stream: FeatureStream, samples: Int16Array, cuts: readonly number[]): [number, string][] {
  const windows: [number, string][] = [];
  let at = 0;
  for (const cut of [...cuts, samples.length / stream.width]) {
    const from = at;
    stream.push(samples.subarray(from * stream.width, cut * stream.width), (w, taken) =>
      windows.push([from + taken - 1, w.join()]),
    );
    at = cut;
  }
  return windows;
}

const frontEnds: readonly (readonly [string, FeatureRecipe, number, number])[] = [
  ['MFCCs', kwsFeatures, 49, 25],
  ['log-mel energies', wakeWordFeatures, 20, 3],
  ['log-mel energies of 1024 points', anomalyFeatures, 5, 1],
  ['six axes', imu, 128, 50],
  ['MFCCs with rows that leave samples out', { ...kwsFeatures, hopSamples: 700 }, 10, 4],
  ['six axes with windows that leave samples out', imu, 20, 75],
];

describe('A streaming front end', () => {
  it.each(frontEnds)(
    'gives the same windows however the samples are cut: %s',
    async (_, recipe, rows, hop) => {
      const width = recipe.kind === 'imu' ? 6 : 1;
      const frames = recipe.kind === 'imu' ? 1500 : 40_000;
      const samples = noise(frames * width, 3);
      const whole = windowsOf(await open(options(recipe, rows, hop)), samples, []);
      expect(whole.length).toBeGreaterThan(3);
      const rng = new Rng(8);
      const cuts = Array.from({ length: 300 }, () => rng.int(0, frames)).sort((a, b) => a - b);
      expect(windowsOf(await open(options(recipe, rows, hop)), samples, cuts)).toEqual(whole);
    },
  );

  it.each(frontEnds)(
    'a window depends on its own samples only, but for the filters’ past: %s',
    async (_, recipe, rows, hop) => {
      const flat = recipe.kind === 'imu' ? { ...recipe, filters: [] } : recipe;
      const width = recipe.kind === 'imu' ? 6 : 1;
      const frames = recipe.kind === 'imu' ? 1500 : 40_000;
      const samples = noise(frames * width, 4);
      const stream = await open(options(flat, rows, hop));
      const windows = windowsOf(stream, samples, []);
      for (const [last, features] of [windows[0]!, windows[3]!, windows.at(-1)!]) {
        stream.restart();
        const first = last + 1 - stream.windowSamples;
        const [only] = windowsOf(stream, samples.subarray(first * width, (last + 1) * width), []);
        expect(only).toEqual([stream.windowSamples - 1, features]);
      }
    },
  );

  it('MFCCs are those of the batch front end, bit for bit', async () => {
    const samples = noise(32_000, 5);
    const windows = windowsOf(await open(options(kwsFeatures, 49, 25)), samples, []);
    const batch = await openFrontEnd();
    for (const [last, features] of windows) {
      const second = samples.slice(last + 1 - 15_840, last + 1);
      expect(batch.mfccInt8(second, { scale: 0.6, zeroPoint: 4 }).join()).toBe(features);
    }
    expect(windows.map(([last]) => last)).toEqual([15_839, 23_839, 31_839]);
  });

  it('after a restart nothing of before is left: windows begin with the samples that follow', async () => {
    const samples = noise(6 * 600, 6);
    const stream = await open(options(imu, 50, 10));
    windowsOf(stream, samples.subarray(0, 6 * 77), []);
    stream.restart();
    const after = windowsOf(stream, samples.subarray(6 * 77), []);
    const fresh = windowsOf(await open(options(imu, 50, 10)), samples.subarray(6 * 77), []);
    expect(after).toEqual(fresh);
  });

  it('the mean of each axis over the window is taken off', async () => {
    const stream = await open({
      ...options({ ...imu, filters: [] }, 4, 4),
      model: { inputScale: 1 / 8192, inputZeroPoint: 0 },
    });
    const axis = [10, 20, 30, 40];
    const samples = Int16Array.from({ length: 24 }, (_, i) => axis[Math.floor(i / 6)]! + 100 * (i % 6));
    const [window] = windowsOf(stream, samples, []);
    // 25 off, and the axis' own offset with it
    expect(window![1]).toBe([-15, -5, 5, 15].flatMap((x) => Array<number>(6).fill(x)).join());
  });

  it.each([
    ['NaN in a filter', { ...imu, filters: [{ b: [NaN, 0, 0], a: [0, 0] }] }],
    ['a filter that is not stable', { ...imu, filters: [{ b: [1, 0, 0], a: [-1.9, 1.01] }] }],
    ['no unit for an axis', { ...imu, unitsPerCount: [1, 1] }],
    ['a unit that is NaN', { ...imu, unitsPerCount: [1, 1, 1, 1, 1, NaN] }],
    ['an FFT shorter than the frame', { ...kwsFeatures, fftPoints: 256 }],
    ['an FFT that is no power of two', { ...kwsFeatures, fftPoints: 500 }],
    ['mel filters beyond half the rate', { ...kwsFeatures, highHz: 9000 }],
    ['no hop', { ...kwsFeatures, hopSamples: 0 }],
    ['a rate that is NaN', { ...kwsFeatures, sampleRateHz: NaN }],
    ['a floor that is NaN', { ...kwsFeatures, floor: NaN }],
  ] as [string, FeatureRecipe][])('refuses %s', (_, recipe) => {
    expect(streamSetup(options(recipe, 10, 1))).toMatchObject({ ok: false, id: 'engine.bad-features' });
  });

  it('refuses a scale that int8 cannot bridge', () => {
    const o = { ...options(kwsFeatures, 10, 1), model: { inputScale: 1e-12, inputZeroPoint: 0 } };
    expect(streamSetup(o)).toMatchObject({ ok: false, id: 'engine.feature-scale' });
  });

  it('a set-up with any one field spoilt is refused or harmless, never a crash', async () => {
    const setup = orThrow(streamSetup(options(anomalyFeatures, 5, 1)));
    const rng = new Rng(2);
    for (let round = 0; round < 400; round++) {
      const spoilt = setup.slice();
      spoilt[rng.int(0, 127)] = rng.int(0, 255);
      const stream = await openFeatureStream(spoilt);
      if (stream.ok && stream.value.width === 1) stream.value.push(noise(3000, round), () => undefined);
    }
  });
});

/** The rule in plain words, on real means: to be compared with the device's integers. */
function detectionsOf(outputs: readonly number[][], hop: number, d: SetupDetection): [number, number][] {
  const found: [number, number][] = [];
  let quietUntil = -Infinity;
  for (let n = d.smoothingWindows - 1; n < outputs.length; n++) {
    const at = n * hop;
    if (at < quietUntil) continue;
    const recent = outputs.slice(n + 1 - d.smoothingWindows, n + 1);
    const means = outputs[0]!.map((_, c) => recent.reduce((sum, o) => sum + o[c]!, 0) / d.smoothingWindows);
    let best = -1;
    means.forEach((m, c) => {
      if (!d.ignoredClasses.includes(c) && (best < 0 || m > means[best]!)) best = c;
    });
    if (best < 0 || means[best]! * 256 < d.threshold) continue;
    found.push([n, best]);
    quietUntil = at + d.refractorySamples;
  }
  return found;
}

describe('The detector', () => {
  let outputs: number[][];
  beforeAll(() => {
    const rng = new Rng(21);
    outputs = Array.from({ length: 500 }, (_, n) =>
      Array.from({ length: 5 }, (_, c) =>
        Math.floor(n / 40) % 5 === c ? rng.int(-20, 127) : rng.int(-128, 40),
      ),
    );
  });

  it.each([
    { smoothingWindows: 1, threshold: 256 * 90, refractorySamples: 0, ignoredClasses: [] },
    { smoothingWindows: 3, threshold: 256 * 50, refractorySamples: 4000, ignoredClasses: [2] },
    { smoothingWindows: 32, threshold: 256 * 20, refractorySamples: 90_000, ignoredClasses: [0, 4] },
    { smoothingWindows: 2, threshold: -256 * 128, refractorySamples: 1, ignoredClasses: [0, 1, 2, 3, 4] },
  ])('smooths, compares and pauses as said: %j', async (detection) => {
    const hop = 1600;
    const stream = await open({ ...options(kwsFeatures, 10, 1), detection });
    stream.resetDetector(5);
    const found: [number, number][] = [];
    outputs.forEach((o, n) => {
      const { classIndex } = stream.detect(Int8Array.from(o), n * hop);
      if (classIndex >= 0) found.push([n, classIndex]);
    });
    expect(found).toEqual(detectionsOf(outputs, hop, detection));
    if (detection.ignoredClasses.length < 5) expect(found.length).toBeGreaterThan(3);
  });

  it('the score is the mean, and a restart forgets it', async () => {
    const detection = { smoothingWindows: 2, threshold: 0, refractorySamples: 0, ignoredClasses: [] };
    const stream = await open({ ...options(kwsFeatures, 10, 1), detection });
    stream.resetDetector(2);
    expect(stream.detect(Int8Array.of(100, 0), 0).classIndex).toBe(-1);
    expect(stream.detect(Int8Array.of(51, 0), 1)).toEqual({ classIndex: 0, score: 75.5 * 256 });
    stream.resetDetector(2);
    expect(stream.detect(Int8Array.of(100, 0), 2).classIndex).toBe(-1);
  });

  it('the pause holds across the wrap of the 32-bit sample index', async () => {
    const detection = { smoothingWindows: 1, threshold: 0, refractorySamples: 1000, ignoredClasses: [] };
    const stream = await open({ ...options(kwsFeatures, 10, 1), detection });
    stream.resetDetector(1);
    const at = (sample: number) => stream.detect(Int8Array.of(100), sample).classIndex;
    expect([at(2 ** 32 - 500), at(2 ** 32 - 1), at(2 ** 32 + 400), at(2 ** 32 + 501)]).toEqual([
      0, -1, -1, 0,
    ]);
  });
});
