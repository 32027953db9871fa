/** The streaming front ends against NumPy and SciPy in float64: test/oracle/feature-reference.py. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { formantVoice } from '../../src-main/dataset/syn-kws/formant-voice.ts';
import {
  anomalyFeatures,
  wakeWordFeatures,
  type AudioRecipe,
  type FeatureRecipe,
  type ImuRecipe,
} from '../../src-main/engine/feature-recipe.ts';
import { openFeatureStream } from '../../src-main/engine/feature-stream.ts';
import { streamSetup } from '../../src-main/engine/stream-setup.ts';
import { openGenerator } from '../../src-main/stream/generated-source.ts';
import { describeWith, needs, python, root } from '../needs.ts';
import { imuRecipe } from '../stream-rig.ts';

interface Reference {
  readonly rows: readonly (readonly number[])[];
  /** Of each band: its energy over that of a tone of the frame's peak level. */
  readonly depth: readonly (readonly number[])[];
}

function references(cases: readonly { recipe: FeatureRecipe; samples: Int16Array }[]): Reference[] {
  const base64 = (x: Int16Array) => Buffer.from(x.buffer, x.byteOffset, x.byteLength).toString('base64');
  const run = spawnSync(python!, [join(root, 'test/oracle/feature-reference.py')], {
    input: JSON.stringify(cases.map((c) => ({ recipe: c.recipe, samples: base64(c.samples) }))),
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) throw new Error(run.stderr.toString());
  return JSON.parse(run.stdout.toString()) as Reference[];
}

/** Rows as the device quantises them: real = scale · (q − zeroPoint), saturating at int8. */
async function quantisedRows(features: FeatureRecipe, samples: Int16Array, scale: number, zeroPoint: number) {
  const setup = streamSetup({
    features,
    window: { rows: 1, hopRows: 1 },
    model: { inputScale: scale, inputZeroPoint: zeroPoint },
    encoding: 'int16',
    blockBytes: 640,
    detection: null,
    sendFeatures: false,
    silenceUs: 0,
    dropBacklogBytes: 0,
  });
  const stream = orThrow(await openFeatureStream(orThrow(setup)));
  const rows: Int8Array[] = [];
  stream.push(samples, (row) => rows.push(row.slice()));
  return rows;
}

async function generated(name: string, sampleRateHz: number, durationS: number): Promise<Int16Array> {
  const options = { seed: 5, durationS, sampleRateHz, synthesiser: formantVoice };
  await using source = orThrow(await openGenerator(name, options));
  const parts: Int16Array[] = [];
  for (;;) {
    const block = orThrow(await source.next());
    if (!block) break;
    if (block.type === 'samples') parts.push(block.samples);
  }
  return Int16Array.from(parts.flatMap((p) => [...p]));
}

const RATE = 16000;
const rng = new Rng(1);
const second = (at: (i: number) => number) => Int16Array.from({ length: RATE }, (_, i) => Math.round(at(i)));
const extremes: readonly (readonly [string, Int16Array])[] = [
  ['silence', second(() => 0)],
  ['a full-scale square', second((i) => (Math.floor(i / 23) % 2 ? 32767 : -32768))],
  ['DC at −32768', second(() => -32768)],
  ['full-scale noise', second(() => rng.int(-32768, 32767))],
  ['two LSB of noise', second(() => rng.int(-2, 2))],
  ['a full-scale tone', second((i) => 32767 * Math.sin(i * 0.3))],
];

interface Unsaturated {
  readonly fixed: number;
  readonly exact: number;
  readonly depth: number;
}

/** The values of all rows that int8 can show, over zero points that together show (nearly) all of them. */
async function* shown(
  features: FeatureRecipe,
  samples: Int16Array,
  reference: Reference,
  scale: number,
): AsyncGenerator<Unsaturated> {
  const sorted = reference.rows.flat().sort((a, b) => a - b);
  for (let quantile = 0.05; quantile < 1; quantile += 0.1) {
    const zeroPoint = -Math.round(sorted[Math.floor(quantile * sorted.length)]! / scale);
    const rows = await quantisedRows(features, samples, scale, zeroPoint);
    for (const [r, row] of rows.entries())
      for (const [c, q] of row.entries())
        if (Math.abs(q) < 127)
          yield {
            fixed: scale * (q - zeroPoint),
            exact: reference.rows[r]![c]!,
            depth: reference.depth[r]![c]!,
          };
  }
}

/** Natural logarithm of the energy. */
const lnOf = (recipe: AudioRecipe, value: number) =>
  recipe.unit === 'decibel' ? (value * Math.LN10) / 10 : value;

describeWith([needs.python], 'streaming front ends against NumPy and SciPy', () => {
  it.each([
    ['40 log-mel energies', wakeWordFeatures, 0.02],
    ['128 log-mel energies', anomalyFeatures, 0.1],
  ] as const)(
    '%s: within 1 % of themselves and 90 dB below a tone of the frame’s peak, beside half a step',
    async (_, recipe, scale) => {
      const clips = [...extremes, ['speech', await generated('kws', RATE, 3)] as const];
      const exact = references(clips.map(([, samples]) => ({ recipe, samples })));
      for (const [i, [clip, samples]] of clips.entries()) {
        let count = 0;
        for await (const { fixed, exact: real, depth } of shown(recipe, samples, exact[i]!, scale)) {
          count++;
          const halfStep = lnOf(recipe, scale) / 2;
          const ratio = Math.exp(lnOf(recipe, fixed - real));
          // relative to itself; an absolute error of 1e-9 tones is 1e-9 / depth of itself
          const allowed = 0.01 + 1e-9 / depth + 1.01 * halfStep * Math.max(1, ratio);
          if (Math.abs(ratio - 1) > allowed)
            expect.fail(`${clip}: ${fixed} instead of ${real}, band at ${depth} of the tone`);
        }
        if (clip !== 'DC at −32768') expect(count, clip).toBeGreaterThan(100);
      }
    },
  );

  it.each([50, 400])('six axes at %i Hz, high-pass at 0.3 Hz: within 0.7 counts', async (rateHz) => {
    const recipe: ImuRecipe = { ...imuRecipe(rateHz), removeMean: false };
    const motion = await generated('imu', rateHz, 20);
    const square = Int16Array.from(motion, (_, i) => (Math.floor(i / 6 / 37) % 2 ? 32767 : -32768));
    const dc = new Int16Array(motion.length).fill(12345);
    const clips = [motion, square, dc];
    const exact = references(clips.map((samples) => ({ recipe, samples })));
    const scale = 4 / 32768;
    for (const [i, samples] of clips.entries()) {
      let count = 0;
      let worst = 0;
      for await (const { fixed, exact: real } of shown(recipe, samples, exact[i]!, scale)) {
        // what a count cannot show saturates, as int16 does
        if (Math.abs(real / scale) > 32767) continue;
        count++;
        worst = Math.max(worst, Math.abs(fixed - real) / scale);
      }
      expect(worst).toBeLessThan(0.7);
      expect(count).toBeGreaterThan(200);
    }
  });
});
