/** What other settings would have found is what the device would have: this rule against the firmware's own. */
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { kwsFeatures } from '../../../src-main/engine/feature-recipe.ts';
import { openFeatureStream } from '../../../src-main/engine/feature-stream.ts';
import { streamSetup } from '../../../src-main/engine/stream-setup.ts';
import { detect, type OutputWindow } from '../../../src-main/stream/detector.ts';

const HOP = 8000;
const CLASSES = 5;
const SCALE = 1 / 256;

/** Probabilities as a softmax gives them: one class is mostly sure, often an ignored one, for several windows. */
function windowsOf(rng: Rng, count: number): { q: Int8Array; afterGap: boolean }[] {
  let held: number[] = [];
  return Array.from({ length: count }, (_, n) => {
    if (n % 7 === 0) held = Array.from({ length: CLASSES }, () => 4 * rng.normal());
    const weights = held.map((x) => Math.exp(x + rng.normal()));
    const sum = weights.reduce((a, b) => a + b, 0);
    const q = Int8Array.from(weights, (w) => Math.min(127, Math.round((256 * w) / sum) - 128));
    return { q, afterGap: rng.float() < 0.05 };
  });
}

interface Rule {
  readonly smoothingWindows: number;
  readonly threshold: number;
  readonly refractorySamples: number;
  readonly ignoredClasses: readonly number[];
}

async function onDevice(windows: ReturnType<typeof windowsOf>, rule: Rule) {
  const steps = rule.threshold / SCALE - 128;
  const setup = streamSetup({
    features: kwsFeatures,
    window: { rows: 10, hopRows: 1 },
    model: { inputScale: 0.6, inputZeroPoint: 0 },
    encoding: 'int16',
    blockBytes: 640,
    detection: { ...rule, threshold: Math.floor(256 * steps + 1e-6) },
    ...{ sendFeatures: false, silenceUs: 0, dropBacklogBytes: 0 },
  });
  const stream = orThrow(await openFeatureStream(orThrow(setup)));
  stream.resetDetector(CLASSES);
  return windows.flatMap(({ q, afterGap }, n) => {
    if (afterGap) stream.resetDetector(CLASSES);
    const { classIndex, score } = stream.detect(q, n * HOP);
    return classIndex < 0 ? [] : [[classIndex, n * HOP, ((score / 256 + 128) * SCALE).toFixed(4)]];
  });
}

describe('detections from stored outputs', () => {
  for (const threshold of [0.05, 0.2, 0.35, 0.5, 0.6, 0.95])
    for (const smoothingWindows of [1, 3, 5])
      it(`are the device's: threshold ${threshold}, mean of ${smoothingWindows}`, async () => {
        const windows = windowsOf(new Rng(17), 400);
        const rule = { smoothingWindows, threshold, refractorySamples: 20_000, ignoredClasses: [3, 4] };
        const outputs = windows.map(({ q, afterGap }, n): OutputWindow => ({
          lastSample: n * HOP,
          outputs: Float32Array.from(q, (v) => (v + 128) * SCALE),
          afterGap,
        }));
        const found = detect(outputs, rule);
        expect(found.length).toBeGreaterThan(3);
        const device = await onDevice(windows, rule);
        // the device keeps whole 1/256 of a step of the mean
        expect(found.map((d) => [d.classIndex, d.lastSample])).toEqual(device.map(([c, at]) => [c, at]));
        found.forEach((d, i) => expect(Math.abs(d.score - Number(device[i]![2]))).toBeLessThan(2e-4));
      });

  it('are none where every class is ignored', () => {
    const rule = { smoothingWindows: 1, threshold: 0, refractorySamples: 0, ignoredClasses: [0, 1] };
    expect(detect([{ lastSample: 0, outputs: [1, 0] }], rule)).toEqual([]);
  });
});
