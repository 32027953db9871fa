import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { pico } from '../../src-main/board/pico.ts';
import { compile } from '../../src-main/compile/compile.ts';
import { openTwin } from '../../src-main/engine/twin.ts';
import { readModel } from '../../src-main/model/reader.ts';
import { root } from '../needs.ts';
import { unpackGolden, type GoldenCase } from './golden-file.ts';
import { goldenSpecs } from './specs.ts';

const files = Object.keys(goldenSpecs);

function goldenFile(name: string) {
  return unpackGolden(readFileSync(join(root, `test/golden/${name}.bin`)));
}

/** Sets whose output differs from TFLM's. */
async function differingSets(golden: GoldenCase): Promise<number[]> {
  const program = orThrow(compile(orThrow(readModel(golden.model, golden.name)), pico));
  await using twin = orThrow(await openTwin(program.bytes));
  return golden.sets.flatMap((set, i) => {
    const outputs = orThrow(twin.inferNext(set.inputs));
    const equal = outputs.every((bytes, o) => Buffer.compare(bytes, set.outputs[o]!) === 0);
    return equal && outputs.length === set.outputs.length ? [] : [i];
  });
}

describe('golden vectors: the host twin equals TensorFlow Lite Micro bit for bit', () => {
  it.each(files)('%s', async (name) => {
    const { cases } = goldenFile(name);
    const differing: string[] = [];
    for (const golden of cases) {
      const sets = await differingSets(golden);
      if (sets.length > 0) differing.push(`${golden.name}: sets ${sets.join(', ')}`);
    }
    expect(differing).toEqual([]);
  });

  it('covers every operator with more than 200 graphs of one TFLM version', () => {
    const all = files.map(goldenFile);
    expect(all.reduce((n, file) => n + file.cases.length, 0)).toBeGreaterThanOrEqual(200);
    expect(new Set(all.map((file) => file.tflmVersion)).size).toBe(1);
    expect(all.map((file) => file.cases.length)).toEqual(
      Object.values(goldenSpecs).map((specs) => specs.length),
    );
  });

  it('holds vectors that are not constant: most inputs of several values give several', () => {
    const sets = files.flatMap((name) => goldenFile(name).cases.flatMap((c) => c.sets));
    const several = (tensors: readonly Uint8Array[]) => new Set(tensors.flatMap((t) => [...t])).size > 2;
    const asked = sets.filter((set) => several(set.inputs));
    expect(asked.filter((set) => several(set.outputs)).length / asked.length).toBeGreaterThan(0.7);
  });

  it('holds whole graphs whose outputs follow their inputs', () => {
    const distinct = goldenFile('graphs').cases.map(
      (c) => new Set(c.sets.map((set) => set.outputs.map((o) => Buffer.from(o).toString('hex')).join())).size,
    );
    expect(distinct.every((n) => n >= 5)).toBe(true);
  });
});
