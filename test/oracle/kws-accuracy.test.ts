import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { wilson } from '../../src-main/base/statistics.ts';
import { pico } from '../../src-main/board/pico.ts';
import { compile } from '../../src-main/compile/compile.ts';
import { openTwin } from '../../src-main/engine/twin.ts';
import { readModel } from '../../src-main/model/reader.ts';
import { describeWith, needs, sharedDir } from '../needs.ts';

/** `tst_000003_Up_8.bin` is of class 8. */
const labelOf = (name: string): number => Number(/_(\d+)\.bin$/.exec(name)![1]);

function largest(scores: Int8Array): number {
  return scores.reduce((best, score, i) => (score > scores[best]! ? i : best), 0);
}

describeWith([needs.shared], 'host twin on 500 real keyword inputs', () => {
  it('kws01 scores about 90 % top-1', async () => {
    const model = readFileSync(join(sharedDir!, 'data/models/kws01_int8.tflite'));
    const program = orThrow(compile(orThrow(readModel(model, 'kws01')), pico));
    await using twin = orThrow(await openTwin(program.bytes));
    const folder = join(sharedDir!, 'data/samples/kws01');
    const samples = readdirSync(folder).filter((name) => name.endsWith('.bin'));
    const correct = samples.filter((name) => {
      const [scores] = orThrow(twin.infer([readFileSync(join(folder, name))]));
      return largest(new Int8Array(scores!.buffer)) === labelOf(name);
    });
    const interval = wilson(correct.length, samples.length);
    expect(samples.length).toBe(500);
    expect(interval.low).toBeLessThan(0.9);
    expect(interval.high).toBeGreaterThan(0.9);
    expect(correct.length / samples.length).toBeGreaterThan(0.87);
  });
});
