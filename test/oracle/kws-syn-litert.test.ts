import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { openMlperfLayout } from '../../src-main/dataset/mlperf-layout.ts';
import { topOnes } from '../../src-main/train/fit.ts';
import { int8TopOnes } from '../../src-main/train/kws-accuracy.ts';
import { FEATURES_PER_CLIP } from '../../src-main/train/kws-features.ts';
import { describeWith, needs, python, root } from '../needs.ts';

const CLASS_COUNT = 12;
const path = join(root, 'models/kws-syn.tflite');

function samples(): Uint8Array {
  const layout = orThrow(openMlperfLayout(join(root, 'models/kws-syn-samples')));
  const items = layout.entries.map((_, i) => orThrow(layout.read(i, FEATURES_PER_CLIP)).windows[0]!);
  return new Uint8Array(Buffer.concat(items));
}

describeWith([needs.python], 'models/kws-syn.tflite on LiteRT', () => {
  it('has our engine’s top-1 on at least 99 % of the committed inputs, with reference kernels and with XNNPACK', async () => {
    const inputs = samples();
    const run = spawnSync(python!, [join(root, 'test/oracle/litert-top1.py'), path, `${FEATURES_PER_CLIP}`], {
      input: inputs,
      maxBuffer: 1 << 26,
    });
    expect(run.status, run.stderr.toString()).toBe(0);
    const ours = orThrow(await int8TopOnes(new Uint8Array(readFileSync(path)), new Int8Array(inputs.buffer), FEATURES_PER_CLIP));
    expect(run.stdout).toHaveLength(2 * ours.length * CLASS_COUNT);
    for (const variant of [0, 1]) {
      const bytes = run.stdout.subarray(variant * ours.length * CLASS_COUNT, (variant + 1) * ours.length * CLASS_COUNT);
      const theirs = topOnes(Int8Array.from(bytes, (b) => (b << 24) >> 24), CLASS_COUNT);
      const same = theirs.filter((t, i) => t === ours[i]).length;
      expect(same / ours.length).toBeGreaterThanOrEqual(0.99);
    }
  });
});
